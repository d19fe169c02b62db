//! The instant lane: the best posted offer, taken at once.

use super::orders::{self, Body, Kept, State};
use super::propose::taker;
use super::{Placer, demands};
use crate::bridge::{Refuse, events};
use crate::observe;
use crate::outbox::{Lane, OutboxError};
use crate::registrar::device;
use caplet_api::auction::{DemandInput, ExecuteMsg};
use caplet_api::event::LeasesOpened;
use caplet_chain::{Msg, TxResult};
use caplet_protocol::{OrderId, layout::Demand, wire::RefusalCode as Code};

impl Placer {
    /// Takes the best offer for a signed demand. When there is none any more, the demand waits to be
    /// proposed again.
    pub(super) async fn take(&self, kept: Kept) -> anyhow::Result<()> {
        let Body::Demand(order) = kept.body else { return Ok(()) };
        let Some(local) = device(&self.context.store, order.device)? else {
            return orders::set_state(&self.context.store, [&kept.body], State::Over);
        };
        let now = self.clock.now();
        let take = taker(&local, &order, now);
        let Some(choice) = self.choose(order.market, &take).await? else {
            return self.gone(&kept, "no posted offer fits the demand within its limit now").await;
        };
        let take = ExecuteMsg::Take {
            offer: choice.offer.id.to_u64().into(),
            demand: input(&order, &kept.signature),
            market: order.market,
            lease: None,
        };
        let msg = Msg::execute(&self.context.deployment.contracts.auction, &take)?;
        match self.context.outbox.submit(Lane::Orders, vec![msg]).await {
            Ok(result) => self.taken(&kept, choice.offer.id, &result).await,
            Err(OutboxError::Failed { log }) => self.not_taken(&kept, &log).await,
            Err(error) => self.later(&[kept.body], error),
        }
    }

    async fn taken(&self, kept: &Kept, offer: OrderId, result: &TxResult) -> anyhow::Result<()> {
        let (store, body) = (&self.context.store, &kept.body);
        let escrow = &self.context.deployment.contracts.escrow;
        let opened: Vec<LeasesOpened> = events::of(&result.events, escrow).collect();
        let leases: Vec<u64> = opened.into_iter().flat_map(|event| event.leases).collect();
        orders::taken(store, &leases, kept.reference)?;
        orders::set_state(store, [body], State::Placed)?;
        self.proposals.answered(body.device(), body.side() as u8, kept.reference);
        observe::offer_taken(body.device(), body.market(), offer);
        let lease = leases.first().copied().unwrap_or(0);
        self.post.assigned(body.device(), &kept.answer, lease).await;
        Ok(())
    }

    async fn not_taken(&self, kept: &Kept, log: &str) -> anyhow::Result<()> {
        let why = Refuse::chain(log);
        if matches!(why.code, Code::Funds | Code::Suspended) {
            return self.refuse_order(kept, &why, true).await;
        }
        self.gone(kept, &why.what).await
    }

    /// Somebody was faster: nothing is lost, since the demand never entered the book.
    async fn gone(&self, kept: &Kept, what: &str) -> anyhow::Result<()> {
        let store = &self.context.store;
        if demands::get(store, kept.body.device(), kept.reference)?.is_none() {
            let why = Refuse::new(Code::Capacity, what, "ask again, or ask in the batch lane");
            return self.refuse_order(kept, &why, true).await;
        }
        let why = Refuse::new(Code::Capacity, what, "the next posted offer that fits is proposed");
        self.refuse_order(kept, &why, false).await
    }
}

fn input(order: &Demand, signature: &[u8; 64]) -> DemandInput {
    DemandInput {
        device: order.device,
        sequence: order.sequence,
        latency: order.latency,
        throughput: order.throughput,
        accuracy: order.accuracy,
        reliability: order.reliability,
        flags: order.flags,
        tags: order.tags,
        rho: order.rho,
        lambda: order.lambda,
        limit: order.limit.into(),
        lots: order.lots,
        not_after: order.not_after.into(),
        relay_fee: order.relay_fee.into(),
        signature: Some((*signature).into()),
    }
}
