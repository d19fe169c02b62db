//! Tells the index of the trades of local devices: without anybody who does, every mark is the auction's base price.

use super::{Duty, REST_SECS};
use crate::leases::Lease;
use crate::observe;
use crate::outbox::{Lane, OutboxError};
use crate::reconcile::Reconciler;
use caplet_api::auction::NO_EPOCH;
use caplet_api::futures::ExecuteMsg;
use caplet_chain::Msg;
use caplet_forward::feed::{Opened, due};
use caplet_protocol::MarketId;
use std::collections::BTreeSet;

/// What the contract says when it knows all leases of a message already, or they count no more.
const KNOWN: &str = "nothing to do: none of these leases";

/// Observes.
pub(super) struct Feed {
    duty: Duty,
    /// Leases that the index was told of, from here or by others.
    told: BTreeSet<u64>,
    /// Unix seconds until when nothing is told, after a refusal of another kind.
    rests: u64,
}

impl Feed {
    pub(super) const fn new(duty: Duty) -> Self {
        Self { duty, told: BTreeSet::new(), rests: 0 }
    }

    /// Markets that have a series that is not over: nobody's margin follows the price in others.
    async fn markets(&self) -> anyhow::Result<BTreeSet<MarketId>> {
        let all = self.duty.series().await?;
        let open = all.into_iter().filter(|series| series.current < series.slots);
        Ok(open.map(|series| series.market).collect())
    }

    /// One message a market. What others told before is no failure, so it is not said.
    async fn tell(&mut self, market: MarketId, leases: Vec<u64>) -> anyhow::Result<()> {
        let numbers = leases.iter().copied().map(Into::into).collect();
        let msg = ExecuteMsg::Observe { market, leases: numbers };
        let msg = Msg::execute(&self.duty.contract, &msg)?;
        match self.duty.context.outbox.submit(Lane::Orders, vec![msg]).await {
            Ok(_) => observe::forward_done("trades_observed"),
            Err(OutboxError::Failed { log }) if log.contains(KNOWN) => {}
            Err(error) => {
                if let OutboxError::Failed { .. } = error {
                    observe::forward_refused("trades_observed", &error);
                }
                self.rests = self.duty.now().saturating_add(REST_SECS);
                return Ok(());
            }
        }
        self.told.extend(leases);
        Ok(())
    }
}

fn opened(lease: &Lease) -> Opened {
    let payee = lease.lanes.first().map(|lane| lane.payee);
    let strangers = payee.is_some_and(|payee| payee != lease.payer);
    Opened {
        lease: lease.id.0,
        market: lease.terms.market,
        start: lease.terms.start.u64(),
        traded: strangers && lease.terms.epoch != NO_EPOCH,
        provides: lease.stands_here,
    }
}

impl Reconciler for Feed {
    const NAME: &'static str = "forward/feed";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let all: Vec<Opened> = self.duty.leases.all().iter().map(opened).collect();
        let known: BTreeSet<u64> = all.iter().map(|one| one.lease).collect();
        self.told.retain(|lease| known.contains(lease));
        let now = self.duty.now();
        let new = all.iter().any(|one| one.traded && !self.told.contains(&one.lease));
        if now < self.rests || !new {
            return Ok(());
        }
        let markets = self.markets().await?;
        if markets.is_empty() {
            return Ok(());
        }
        let window = self.duty.rules().await?.rules.index_secs;
        for (market, leases) in due(now, window.into(), &markets, &all, &self.told) {
            self.tell(market, leases).await?;
        }
        Ok(())
    }
}
