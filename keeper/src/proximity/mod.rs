//! How far other gateways are: measured over the exchange now and then, and said to the registry.
//!
//! What a gateway says of its own place counts for nothing; cells and latencies come from what others
//! measure (medians over at least three gateways, `docs/contracts/registry.md`). This room is one of those
//! voices. It also has the registry move a gateway to the cell where others find it nearest, and the auction take a
//! median that moved.

mod rtt;

use crate::context::Context;
use crate::exchange::Exchange;
use crate::observe;
use crate::outbox::{Lane, OutboxError};
use caplet_api::auction::{self, CellPair, LatencyResponse};
use caplet_api::registry::{
    self, CellLatencyResponse, GatewayResponse, GatewaysResponse, RttInput, RttsResponse,
};
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::CellId;
use std::collections::BTreeSet;
use std::time::Duration;

/// Gateways measured a round, as many as a message takes.
const AT_ONCE: usize = 64;

/// Measures in a task of the context, `period_secs` between two rounds and before the first.
pub(crate) fn start(context: &Context, exchange: Exchange, period_secs: u64) {
    let (room, stop) =
        (Proximity { context: context.clone(), exchange }, context.tasks.stop_token());
    let period = Duration::from_secs(period_secs);
    context.tasks.spawn("proximity", async move {
        let mut from = 0usize;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(period) => {}
            }
            match room.round(from).await {
                Ok(next) => from = next,
                Err(error) => observe::room_failed("proximity", &error),
            }
        }
    });
}

/// The room.
pub(crate) struct Proximity {
    context: Context,
    exchange: Exchange,
}

impl Proximity {
    /// Measures up to [`AT_ONCE`] gateways from the `from`-th on; where the next round begins.
    async fn round(&self, from: usize) -> anyhow::Result<usize> {
        let gateways = self.gateways().await?;
        let own = gateways.iter().find(|g| g.account.account == self.context.account);
        if let Some(own) = own {
            self.locate(own, &gateways).await?;
        }
        let Some(here) = own.map(|own| own.cell).filter(|cell| *cell != CellId(0)) else {
            return Ok(0); // in no cell: nobody would listen
        };
        let others: Vec<&GatewayResponse> =
            gateways.iter().filter(|g| g.account.account != self.context.account).collect();
        let (mut measured, mut cells) = (Vec::new(), BTreeSet::new());
        for gateway in rtt::turn(&others, from, AT_ONCE) {
            let address = &gateway.account.address;
            match self.exchange.round_trips(gateway).await.map(|times| rtt::milliseconds(&times)) {
                Ok(Some(ms)) => {
                    self.locate(gateway, &gateways).await?;
                    measured.push(RttInput { gateway: gateway.account.account, ms });
                    cells.insert(gateway.cell);
                }
                Ok(None) => {}
                Err(error) => observe::peer_failed(address, &error),
            }
        }
        if !measured.is_empty() {
            let registry = &self.context.deployment.contracts.registry;
            let msg = registry::ExecuteMsg::Measure { entries: measured };
            let msg = Msg::execute(registry, &msg)?;
            self.context.outbox.submit(Lane::Identity, vec![msg]).await?;
            self.refresh(here, cells).await?;
        }
        Ok(from.saturating_add(AT_ONCE).checked_rem(others.len().max(1)).unwrap_or(0))
    }

    /// Has the registry put a gateway where others found it nearest, if that is another cell by now. What it says of
    /// itself is not asked.
    async fn locate(
        &self,
        gateway: &GatewayResponse,
        gateways: &[GatewayResponse],
    ) -> anyhow::Result<()> {
        let registry = &self.context.deployment.contracts.registry;
        let address = gateway.account.address.clone();
        let ask = registry::QueryMsg::Rtts { gateway: gateway.account.account };
        let found: RttsResponse = self.context.chain.query(registry, &ask).await?;
        let reports = found.measured.iter().filter_map(|report| {
            let reporter = gateways.iter().find(|g| g.account.account == report.reporter)?;
            Some((reporter.cell, report.ms))
        });
        let reports: Vec<(CellId, u16)> = reports.collect();
        if rtt::better_cell(&reports, gateway.cell).is_none() {
            return Ok(());
        }
        let msg = registry::ExecuteMsg::Locate { gateway: address };
        let msg = Msg::execute(registry, &msg)?;
        match self.context.outbox.submit(Lane::Identity, vec![msg]).await {
            // somebody was faster, or a report has lapsed meanwhile: both pass
            Ok(_) | Err(OutboxError::Failed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Has the auction take the medians that moved between here and some cells.
    async fn refresh(&self, here: CellId, cells: BTreeSet<CellId>) -> anyhow::Result<()> {
        let contracts = &self.context.deployment.contracts;
        let ask = auction::QueryMsg::Latency {};
        let known: LatencyResponse = self.context.chain.query(&contracts.auction, &ask).await?;
        let mut pairs = Vec::new();
        for cell in cells.into_iter().filter(|cell| *cell != CellId(0)) {
            let ask = registry::QueryMsg::CellLatency { a: here, b: cell };
            let found: CellLatencyResponse =
                self.context.chain.query(&contracts.registry, &ask).await?;
            let pair = CellPair { a: here, b: cell };
            if found.ms.is_some_and(|ms| rtt::has_moved(&known, pair, ms)) {
                pairs.push(pair);
            }
        }
        pairs.truncate(32); // as many as a message takes; the rest in the next round
        if !pairs.is_empty() {
            let msg = auction::ExecuteMsg::RefreshLatency { pairs };
            let msg = Msg::execute(&contracts.auction, &msg)?;
            self.context.outbox.submit(Lane::Identity, vec![msg]).await?;
        }
        Ok(())
    }

    async fn gateways(&self) -> anyhow::Result<Vec<GatewayResponse>> {
        let registry = &self.context.deployment.contracts.registry;
        let (mut gateways, mut start_after) = (Vec::new(), None);
        loop {
            let limit = Some(caplet_api::common::MAX_LIMIT);
            let ask = registry::QueryMsg::Gateways { start_after, limit };
            let answer: GatewaysResponse = self.context.chain.query(registry, &ask).await?;
            let Some(last) = answer.gateways.last() else { return Ok(gateways) };
            start_after = Some(last.account.account);
            gateways.extend(answer.gateways);
        }
    }
}
