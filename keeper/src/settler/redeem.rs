//! Redeeming vouchers in packed batches.

use super::value::{Claim, claim, worth};
use super::{Duty, closings, vouchers};
use crate::config::SettleConfig;
use crate::follow::seconds;
use crate::leases::Lease;
use crate::observe;
use crate::outbox::{Lane, OutboxError};
use crate::reconcile::Reconciler;
use caplet_api::escrow::{ExecuteMsg, ItemResult, LeaseState};
use caplet_api::event::Settled;
use caplet_api::packed::VoucherItem;
use caplet_chain::{Msg, TxResult};
use caplet_protocol::{AssetId, LeaseId};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds of chain time that a settlement waits after one like it was not worth its gas.
const HOLD_SECS: u64 = 60;

/// Redeems what is due.
pub(super) struct Redeem {
    duty: Duty,
    /// Chain time before which nothing is submitted, after a refusal.
    hold_until: u64,
}

impl Reconciler for Redeem {
    const NAME: &'static str = "settler/redeem";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let now = seconds(self.duty.head());
        let claims = claims(&self.duty)?;
        let ending: BTreeSet<LeaseId> =
            closings::pending(&self.duty.context.store)?.into_iter().map(|c| c.lease).collect();
        let batch = select(claims, &ending, now, &self.duty.policy);
        if batch.is_empty() || now < self.hold_until {
            return Ok(());
        }
        let items: Vec<VoucherItem> = batch.iter().map(|claim| claim.kept.item).collect();
        let settle = ExecuteMsg::Settle { vouchers: VoucherItem::pack(&items).into() };
        let msg = Msg::execute(self.duty.escrow(), &settle)?;
        let worth = worth(&batch, &self.duty.policy);
        let outbox = &self.duty.context.outbox;
        match outbox.submit_worth(Lane::Settle, vec![msg], Some(worth)).await {
            Ok(result) => self.judge(&items, &result),
            Err(OutboxError::Uneconomic { .. } | OutboxError::Failed { .. }) => {
                self.hold_until = now.saturating_add(HOLD_SECS);
                Ok(())
            }
            // Said by the outbox already; what is due then is computed anew.
            Err(_) => Ok(()),
        }
    }
}

impl Redeem {
    pub(super) const fn new(duty: Duty) -> Self {
        Self { duty, hold_until: 0 }
    }

    /// Records what the contract made of each item, from its event.
    fn judge(&self, items: &[VoucherItem], result: &TxResult) -> anyhow::Result<()> {
        let settled = result.events.iter().find_map(|event| Settled::try_from(event).ok());
        let Some(settled) = settled else { return Ok(()) };
        let outcomes = settled.results.iter().zip(&settled.paid);
        for (item, (result, paid)) in items.iter().zip(outcomes) {
            let verdict = u8::try_from(*result).ok().and_then(ItemResult::from_u8);
            let verdict = verdict.unwrap_or(ItemResult::Malformed);
            vouchers::judged(&self.duty.context.store, item, verdict)?;
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

/// What to redeem now: nothing, unless value, age or the end of a lease asks for it; then whatever
/// fits a batch, the urgent first, since one more voucher costs little.
fn select(
    claims: Vec<(Lease, Claim)>,
    ending: &BTreeSet<LeaseId>,
    now: u64,
    policy: &SettleConfig,
) -> Vec<Claim> {
    let mut by_asset: BTreeMap<AssetId, u64> = BTreeMap::new();
    for (lease, claim) in &claims {
        let sum = by_asset.entry(lease.terms.asset).or_default();
        *sum = sum.saturating_add(claim.gain);
    }
    let much = by_asset.values().any(|sum| *sum >= policy.min_value);
    let urgent = |lease: &Lease, claim: &Claim| {
        let soon = now.saturating_add(policy.before_end_secs) >= lease.terms.end.u64();
        let old = now.saturating_sub(claim.kept.since) >= policy.max_age_secs;
        soon || old
            || claim.is_last
            || lease.state == LeaseState::Closing
            || ending.contains(&lease.id)
    };
    let mut ranked: Vec<(bool, u64, Claim)> = claims
        .into_iter()
        .map(|(lease, claim)| (!urgent(&lease, &claim), claim.kept.since, claim))
        .collect();
    if !much && ranked.iter().all(|(calm, ..)| *calm) {
        return Vec::new();
    }
    ranked.sort_by_key(|(calm, since, claim)| (*calm, *since, claim.kept.item.voucher.lease));
    ranked.into_iter().take(policy.batch).map(|(_, _, claim)| claim).collect()
}

#[cfg(test)]
mod tests {
    use super::super::value::tests::{kept, lease};
    use super::*;

    fn policy() -> SettleConfig {
        SettleConfig {
            min_value: 500,
            max_age_secs: 100,
            before_end_secs: 30,
            batch: 2,
            ..SettleConfig::default()
        }
    }

    fn offered(id: u64, amount: u128, since: u64) -> (Lease, Claim) {
        let mut kept = kept(amount, since);
        kept.item.voucher.lease = LeaseId(id);
        let lease = Lease { id: LeaseId(id), ..lease(0) };
        let claim = claim(&lease, &kept).unwrap();
        (lease, claim)
    }

    fn selected(claims: Vec<(Lease, Claim)>, ending: &[u64], now: u64) -> Vec<u64> {
        let ending = ending.iter().map(|id| LeaseId(*id)).collect();
        let selected = select(claims, &ending, now, &policy());
        selected.iter().map(|claim| claim.kept.item.voucher.lease.0).collect()
    }

    #[test]
    fn little_and_young_money_waits() {
        assert_eq!(selected(vec![offered(1, 100, 10), offered(2, 100, 10)], &[], 20), [0; 0]);
    }

    #[test]
    fn value_age_the_end_and_a_closing_each_ask_for_a_settlement() {
        assert_eq!(selected(vec![offered(1, 300, 10), offered(2, 200, 10)], &[], 20), [1, 2]);
        assert_eq!(selected(vec![offered(1, 100, 10)], &[], 110), [1]);
        assert_eq!(selected(vec![offered(1, 100, 469)], &[], 470), [1]);
        assert_eq!(selected(vec![offered(1, 100, 10)], &[1], 20), [1]);
        let (mut closing, claim) = offered(1, 100, 10);
        closing.state = LeaseState::Closing;
        assert_eq!(selected(vec![(closing, claim)], &[], 20), [1]);
    }

    #[test]
    fn the_urgent_go_first_and_the_rest_fill_the_batch() {
        let claims = vec![offered(1, 100, 5), offered(2, 100, 10), offered(3, 100, 1)];
        assert_eq!(selected(claims, &[2], 20), [2, 3]);
    }
}
