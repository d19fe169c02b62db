//! Rating leases that are over, with the report where there is one.

use super::batch::Batcher;
use super::turn::Turns;
use super::{Duty, closings, vouchers};
use crate::fabric::measured;
use crate::follow::seconds;
use crate::leases::{self, Lease};
use crate::reconcile::Reconciler;
use caplet_api::escrow::LeaseState;
use caplet_api::reputation::{ConfigResponse, ExecuteMsg, QueryMsg, RateInput, RatingResponse};
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::LeaseId;
use std::collections::BTreeSet;

/// Rates, and forgets what is rated.
pub(super) struct Rate {
    duty: Duty,
    batcher: Batcher,
    turns: Turns,
    /// Leases about which nothing is left to do.
    over: BTreeSet<LeaseId>,
    /// Seconds for which only whoever has the report may rate; read once.
    window: Option<u64>,
}

impl Reconciler for Rate {
    const NAME: &'static str = "settler/rate";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let head = self.duty.head();
        let due = self.due().await?;
        self.turns.retain(&due);
        let mut mine = Vec::new();
        for lease in &due {
            let report = self.report(lease)?;
            let has_report = report.is_some();
            if !has_report && !self.may_rate_bare(lease, seconds(head)).await? {
                continue;
            }
            // Whoever holds the report need not wait for one who may not.
            if has_report || self.turns.is_mine(&self.duty.context, lease, head.height).await? {
                let report = report.map(Into::into);
                mine.push((lease.id, RateInput { lease: lease.id.0.into(), report }));
            }
        }
        let (outbox, reputation) = (&self.duty.context.outbox, self.reputation().to_owned());
        let message = |leases| Msg::execute(&reputation, &ExecuteMsg::Rate { leases });
        self.batcher.send(outbox, head.height, mine, message).await?;
        Ok(())
    }
}

impl Rate {
    pub(super) fn new(duty: Duty) -> Self {
        let (batcher, turns) = (Batcher::new("rate"), Turns::new("rate"));
        Self { duty, batcher, turns, over: BTreeSet::new(), window: None }
    }

    fn reputation(&self) -> &str {
        &self.duty.context.deployment.contracts.reputation
    }

    /// Closed leases that nobody has rated; what was rated is forgotten on the way.
    async fn due(&mut self) -> anyhow::Result<Vec<Lease>> {
        let mut due = Vec::new();
        for lease in self.duty.leases.all() {
            if lease.state != LeaseState::Closed || self.over.contains(&lease.id) {
                continue;
            }
            if leases::is_over(&self.duty.context.store, lease.id)? {
                self.over.insert(lease.id);
            } else if self.is_rated(lease.id).await? {
                self.forget(&lease)?;
            } else {
                due.push(lease);
            }
        }
        Ok(due)
    }

    async fn is_rated(&self, lease: LeaseId) -> anyhow::Result<bool> {
        let query = QueryMsg::Rating { lease: lease.0.into() };
        let answer: RatingResponse =
            self.duty.context.chain.query(self.reputation(), &query).await?;
        Ok(answer.rated)
    }

    fn forget(&mut self, lease: &Lease) -> anyhow::Result<()> {
        let (store, report) = (&self.duty.context.store, self.report(lease)?);
        let lease = lease.id;
        if let Some(report) = report {
            measured::compare(store, lease, &report)?;
        }
        closings::forget(store, lease)?;
        vouchers::forget(store, lease)?;
        leases::over(store, lease)?;
        self.over.insert(lease);
        Ok(())
    }

    /// The report whose digest the lease's last voucher brought to the chain.
    fn report(&self, lease: &Lease) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(evidence) = lease.evidence else { return Ok(None) };
        for lane in &lease.lanes {
            let kept = vouchers::best(&self.duty.context.store, lease.id, lane.lane)?;
            let kept = kept.filter(|kept| kept.item.voucher.evidence == evidence);
            if let Some(report) = kept.and_then(|kept| kept.report) {
                return Ok(Some(report));
            }
        }
        Ok(None)
    }

    /// Whether a lease may be rated without a report: none was signed, or whoever has it let the
    /// window pass.
    async fn may_rate_bare(&mut self, lease: &Lease, now: u64) -> anyhow::Result<bool> {
        if lease.evidence.is_none() {
            return Ok(true);
        }
        let window = match self.window {
            Some(window) => window,
            None => {
                let reputation = self.reputation();
                let query = QueryMsg::Config {};
                let answer: ConfigResponse =
                    self.duty.context.chain.query(reputation, &query).await?;
                *self.window.insert(answer.rules.window_secs.into())
            }
        };
        // At or before its end it closed; counting from the end is late at worst.
        let ended = lease.closing.map_or(lease.terms.end.u64(), |(time, _)| time);
        Ok(now >= ended.max(lease.terms.end.u64()).saturating_add(window))
    }
}
