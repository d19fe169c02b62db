//! Relaying: rounds of transactions, a message a market.

use super::orders::{self, Body, Kept, State};
use super::round::{Round, sides};
use super::{Placer, demands, market};
use crate::bridge::{Refuse, batch, events};
use crate::outbox::{Lane, OutboxError};
use anyhow::Context as _;
use caplet_api::auction::ExecuteMsg;
use caplet_api::event::OrdersPlaced;
use caplet_api::layout::ORDER_SEQUENCES;
use caplet_chain::{ChainError, Msg, TxResult};
use caplet_protocol::{
    DeviceId, MarketId, OrderId,
    layout::Side,
    wire::{BodyKind, RefusalCode as Code},
};
use futures::future::join_all;

impl Placer {
    /// What an earlier run had sent: the chain's last sequence of a device says whether it arrived.
    pub(super) async fn recover(&self) -> anyhow::Result<()> {
        let store = &self.context.store;
        for kept in orders::in_state(store, State::Sent)? {
            let arrived = self.last_placed(kept.body.device()).await? >= kept.body.sequence();
            let state = if arrived { State::Placed } else { State::New };
            orders::set_state(store, [&kept.body], state)?;
        }
        Ok(())
    }

    async fn last_placed(&self, device: DeviceId) -> anyhow::Result<u32> {
        let (page, place) = ORDER_SEQUENCES.locate(device.0);
        let auction = &self.context.deployment.contracts.auction;
        let page = self.context.chain.raw(auction, ORDER_SEQUENCES.key(&[], page)).await?;
        let page = ORDER_SEQUENCES.records(page.unwrap_or_default());
        Ok(ORDER_SEQUENCES.slice(&page, place).try_into().map_or(0, u32::from_be_bytes))
    }

    /// Sends everything that waits, round by round.
    pub(super) async fn place(&self) -> anyhow::Result<()> {
        let store = &self.context.store;
        loop {
            let mut pending = Vec::new();
            for kept in orders::in_state(store, State::New)? {
                if kept.body.not_after() > self.clock.now() {
                    pending.push(kept);
                } else {
                    self.too_late(&kept).await?;
                }
            }
            let round = Round::of(pending, |kept| self.is_take(kept));
            if round.is_empty() {
                return Ok(());
            }
            orders::set_state(store, round.all().map(|kept| &kept.body), State::Sent)?;
            let relays = round.relays.into_iter().map(|(market, items)| self.relay(market, items));
            let takes = round.takes.into_iter().map(|kept| self.take(kept));
            let (relays, takes) = futures::future::join(join_all(relays), join_all(takes)).await;
            for result in relays.into_iter().chain(takes) {
                result?;
            }
        }
    }

    fn is_take(&self, kept: &Kept) -> bool {
        let Body::Demand(order) = &kept.body else { return false };
        let demand = demands::get(&self.context.store, order.device, kept.reference);
        let Ok(Some(demand)) = demand else { return false };
        let market = market::all(&self.books).into_iter().find(|m| m.id == order.market);
        market.is_some_and(|market| self.is_instant(demand.profile.view(), &market))
    }

    async fn too_late(&self, kept: &Kept) -> anyhow::Result<()> {
        let why = Refuse::new(
            Code::Expired,
            format!("the order ended at {} before it could be placed", kept.body.not_after()),
            "sign one that ends later",
        );
        self.refuse_order(kept, &why, true).await
    }

    async fn relay(&self, market: MarketId, items: Vec<Kept>) -> anyhow::Result<()> {
        let auction = &self.context.deployment.contracts.auction;
        let all: Vec<Body> = items.iter().map(|kept| kept.body).collect();
        let sent = batch::send(&self.context.outbox, Lane::Orders, items, |items| {
            message(auction, market, items)
        })
        .await?;
        let mut undecided = all;
        for (items, result) in &sent.done {
            undecided.retain(|body| items.iter().all(|kept| kept.body != *body));
            self.placed(market, items, result).await?;
        }
        for (kept, log) in &sent.refused {
            undecided.retain(|body| kept.body != *body);
            self.refuse_order(kept, &Refuse::chain(log), false).await?;
        }
        match sent.later {
            Some(error) => self.later(&undecided, error),
            None => Ok(()),
        }
    }

    /// What was not decided waits for the next pass, unless the outbox may still finish it.
    pub(super) fn later(&self, bodies: &[Body], error: OutboxError) -> anyhow::Result<()> {
        if error != OutboxError::Stopped {
            orders::set_state(&self.context.store, bodies, State::New)?;
        }
        Err(error.into())
    }

    async fn placed(
        &self,
        market: MarketId,
        items: &[Kept],
        result: &TxResult,
    ) -> anyhow::Result<()> {
        let auction = &self.context.deployment.contracts.auction;
        let (offers, demands) = sides(items);
        let placed: Vec<OrdersPlaced> = events::of(&result.events, auction).collect();
        for (side, orders) in [(Side::Offer, offers), (Side::Demand, demands)] {
            let mut of_side =
                placed.iter().filter(|p| p.market == market.0 && p.side == side as u8);
            if orders.is_empty() {
                continue;
            }
            let event = of_side.next().context("the auction did not say where it placed orders")?;
            for (kept, slot) in orders.into_iter().zip(0u8..=u8::MAX) {
                self.order_placed(kept, OrderId { page: event.page, slot }).await?;
            }
        }
        Ok(())
    }
}

fn message(auction: &str, market: MarketId, items: &[Kept]) -> Result<Msg, ChainError> {
    let (offers, demands) = sides(items);
    let pack = |orders: Vec<&Kept>| -> Vec<u8> {
        orders
            .into_iter()
            .flat_map(|kept| [kept.body.bytes(), kept.signature.to_vec()])
            .flatten()
            .collect()
    };
    let relay =
        ExecuteMsg::Relay { market, offers: pack(offers).into(), demands: pack(demands).into() };
    Msg::execute(auction, &relay)
}

/// The kind of message that carried an order.
pub(super) const fn kind_of(body: &Body) -> BodyKind {
    match body {
        Body::Offer(_) => BodyKind::OfferOrder,
        Body::Demand(_) => BodyKind::DemandOrder,
    }
}
