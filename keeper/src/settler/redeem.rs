//! Redeeming vouchers in packed batches.

use super::due::{Due, select};
use super::turn::Turns;
use super::value::{Claim, claim, worth};
use super::wanted::Wanted;
use super::{Duty, closings, vouchers};
use crate::config::SettleConfig;
use crate::follow::seconds;
use crate::leases::Lease;
use crate::observe;
use crate::outbox::{Lane, OutboxError};
use crate::reconcile::Reconciler;
use caplet_api::escrow::{ExecuteMsg, ItemResult};
use caplet_api::event::Settled;
use caplet_api::packed::VoucherItem;
use caplet_chain::{Msg, TxResult};
use caplet_protocol::LeaseId;
use std::collections::BTreeSet;

/// Seconds of chain time that settling waits after a refusal; doubles up to [`LONGEST_HOLD`].
const FIRST_HOLD: u64 = 15;
const LONGEST_HOLD: u64 = 240;

/// Redeems what is due.
pub(super) struct Redeem {
    duty: Duty,
    wanted: Wanted,
    turns: Turns,
    /// Chain time before which nothing is submitted, after a refusal, and the wait after the next one.
    hold: (u64, u64),
    /// Vouchers in the next transaction, at most: fewer after one that failed, for somewhere in it is
    /// what the chain does not take.
    most: usize,
}

impl Reconciler for Redeem {
    const NAME: &'static str = "settler/redeem";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let now = seconds(self.duty.head());
        let ending: BTreeSet<LeaseId> =
            closings::pending(&self.duty.context.store)?.into_iter().map(|c| c.lease).collect();
        let claims = self.mine(claims(&self.duty)?).await?;
        let claims = claims
            .into_iter()
            .map(|(lease, claim)| Due::new(lease, claim, &ending, now, &self.duty.policy));
        let policy =
            SettleConfig { batch: self.duty.policy.batch.min(self.most), ..self.duty.policy };
        let due = select(claims.collect(), &policy);
        let batch = self.wanted.hold_back(due, now, policy.consolidate_secs);
        if batch.is_empty() || now < self.hold.0 {
            return Ok(());
        }
        let items: Vec<VoucherItem> = batch.iter().map(|claim| claim.kept.item).collect();
        let settle = ExecuteMsg::Settle { vouchers: VoucherItem::pack(&items).into() };
        let msg = Msg::execute(self.duty.escrow(), &settle)?;
        let worth = worth(&batch, &self.duty.policy);
        let outbox = &self.duty.context.outbox;
        match outbox.submit_worth(Lane::Settle, vec![msg], Some(worth)).await {
            Ok(result) => {
                (self.hold, self.most) = ((0, FIRST_HOLD), usize::MAX);
                self.judge(&items, &result, now)
            }
            Err(OutboxError::Uneconomic { .. }) => {
                self.put_off(now);
                Ok(())
            }
            Err(OutboxError::Failed { .. }) => {
                self.most = items.len().div_ceil(2);
                self.put_off(now);
                Ok(())
            }
            // Said by the outbox already; what is due then is computed anew.
            Err(_) => Ok(()),
        }
    }
}

impl Redeem {
    pub(super) const fn new(duty: Duty, wanted: Wanted) -> Self {
        let turns = Turns::new("redeem");
        Self { duty, wanted, turns, hold: (0, FIRST_HOLD), most: usize::MAX }
    }

    /// Those that no other gateway of the same device is to redeem first.
    async fn mine(&mut self, claims: Vec<(Lease, Claim)>) -> anyhow::Result<Vec<(Lease, Claim)>> {
        let height = self.duty.head().height;
        let due: BTreeSet<LeaseId> = claims.iter().map(|(lease, _)| lease.id).collect();
        self.turns.retain_ids(&due);
        let mut mine = Vec::with_capacity(claims.len());
        for (lease, claim) in claims {
            if self.turns.is_mine_to_redeem(&self.duty.context, &lease, height).await? {
                mine.push((lease, claim));
            }
        }
        Ok(mine)
    }

    fn put_off(&mut self, now: u64) {
        let (_, wait) = self.hold;
        self.hold = (now.saturating_add(wait), wait.saturating_mul(2).min(LONGEST_HOLD));
    }

    /// Records what the contract made of each item, from its event.
    fn judge(&self, items: &[VoucherItem], result: &TxResult, now: u64) -> anyhow::Result<()> {
        let settled = result.events.iter().find_map(|event| Settled::try_from(event).ok());
        let Some(settled) = settled else { return Ok(()) };
        let outcomes = settled.results.iter().zip(&settled.paid);
        for (item, (result, paid)) in items.iter().zip(outcomes) {
            let verdict = u8::try_from(*result).ok().and_then(ItemResult::from_u8);
            let verdict = verdict.unwrap_or(ItemResult::Malformed);
            vouchers::judged(&self.duty.context.store, item, verdict, now)?;
            match verdict {
                ItemResult::Paid | ItemResult::Clamped => {
                    observe::voucher_paid(item.voucher.lease, *paid);
                }
                // Evidence without money, or a race with ourselves: nobody lost anything.
                ItemResult::Stale => {}
                other => observe::voucher_unpaid(item.voucher.lease, other),
            }
        }
        Ok(())
    }
}

/// Whether a lease has money or evidence that is not on the chain yet.
pub(super) fn has_claims(duty: &Duty, lease: &Lease) -> anyhow::Result<bool> {
    for lane in &lease.lanes {
        let kept = vouchers::best(&duty.context.store, lease.id, lane.lane)?;
        if kept.is_some_and(|kept| claim(lease, &kept).is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Everything that could be redeemed, with its lease.
fn claims(duty: &Duty) -> anyhow::Result<Vec<(Lease, Claim)>> {
    let kept = vouchers::all(&duty.context.store)?;
    let claims = kept.into_iter().filter_map(|kept| {
        let lease = duty.leases.get(kept.item.voucher.lease)?;
        let claim = claim(&lease, &kept)?;
        Some((lease, claim))
    });
    Ok(claims.collect())
}
