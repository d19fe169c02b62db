//! Series of local devices, and those in which local devices hold lots: called while short, settled when over.

use super::Duty;
use crate::reconcile::Reconciler;
use caplet_api::auction::NO_EPOCH;
use caplet_api::escrow::LeaseState;
use caplet_api::futures::{DeliveryResponse, ExecuteMsg, QueryMsg, SeriesResponse};
use caplet_chain::ChainExt as _;
use caplet_forward::watch::{Act, Margin, due};
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::BTreeSet;

/// Calls, declares, settles, reckons, closes.
pub(super) struct Tidy {
    duty: Duty,
    /// Leases of which no delivery is left to reckon.
    over: BTreeSet<LeaseId>,
}

impl Tidy {
    pub(super) const fn new(duty: Duty) -> Self {
        Self { duty, over: BTreeSet::new() }
    }

    async fn one(&self, series: &SeriesResponse) -> anyhow::Result<()> {
        let number = series.series;
        // what is left of the collateral returns when the series closes: so its backer sees to that too
        let sells = self.duty.owner_here(series.seller)?.is_some()
            || self.duty.backs(series).await?.is_some();
        let holders: Vec<DeviceId> = if series.sold.is_empty() {
            Vec::new()
        } else {
            let found = self.duty.holders(number).await?;
            found.positions.into_iter().map(|position| position.device).collect()
        };
        let mut holds = false;
        for device in &holders {
            holds |= self.duty.owner_here(*device)?.is_some();
        }
        if holds && !sells {
            self.watch(series).await?;
        }
        if (sells || holds) && series.current >= series.slots {
            self.end(series, holders).await?;
        }
        Ok(())
    }

    async fn watch(&self, series: &SeriesResponse) -> anyhow::Result<()> {
        let (collateral, required) = (series.collateral.u64(), series.required.u128());
        let called = series.called.map(|called| called.u64());
        let barred = is_open(series) && self.duty.barred(series.seller).await?;
        let margin = Margin { collateral, required, called, grace_secs: series.grace_secs, barred };
        let series = series.series;
        match due(margin, self.duty.now()) {
            Some(Act::Call) => {
                self.duty.tell("margin_called", &ExecuteMsg::Call { series }).await?;
            }
            Some(Act::Default) => {
                self.duty.tell("default_declared", &ExecuteMsg::Default { series }).await?;
            }
            None => {}
        }
        Ok(())
    }

    async fn end(&self, series: &SeriesResponse, devices: Vec<DeviceId>) -> anyhow::Result<()> {
        let number = series.series;
        if !devices.is_empty() {
            let msg = ExecuteMsg::Settle { series: number, devices };
            self.duty.tell("series_settled", &msg).await?;
        } else if series.delivering.is_zero() {
            self.duty.tell("series_closed", &ExecuteMsg::Close { series: number }).await?;
        }
        Ok(())
    }

    /// Deliveries of local devices whose leases are closed.
    async fn reckon(&mut self) -> anyhow::Result<()> {
        let all = self.duty.leases.all();
        self.over.retain(|lease| all.iter().any(|known| known.id == *lease));
        let mut leases = Vec::new();
        for lease in all {
            let ended = lease.state == LeaseState::Closed && lease.terms.epoch == NO_EPOCH;
            if !ended || self.over.contains(&lease.id) {
                continue;
            }
            let number = cosmwasm_std::Uint64::new(lease.id.0);
            let ask = QueryMsg::Delivery { lease: number };
            let found: Result<DeliveryResponse, _> =
                self.duty.context.chain.query(&self.duty.contract, &ask).await;
            match found {
                Ok(_) => leases.push(number),
                Err(caplet_chain::ChainError::Query { .. }) => {
                    self.over.insert(lease.id);
                }
                Err(error) => return Err(error.into()),
            }
        }
        for group in leases.chunks(caplet_api::futures::MAX_ITEMS) {
            let msg = ExecuteMsg::Reckon { leases: group.to_vec() };
            self.duty.tell("deliveries_reckoned", &msg).await?;
        }
        Ok(())
    }
}

/// Whether a default would settle anything: lots were sold at a price, and some are on sale or can still be delivered.
fn is_open(series: &SeriesResponse) -> bool {
    let horizon = series.defaults.iter().map(|gone| gone.from).min().unwrap_or(series.slots);
    let live = series.sold.iter().any(|run| run.to > series.current && run.from < horizon);
    series.strike.is_some() && (live || !series.unsold.is_empty())
}

impl Reconciler for Tidy {
    const NAME: &'static str = "forward/tidy";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let all = self.duty.series().await?;
        for series in &all {
            self.one(series).await?;
        }
        self.reckon().await
    }
}
