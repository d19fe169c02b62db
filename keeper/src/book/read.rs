//! Reading a market from the chain.

use super::market::MarketBook;
use super::order::Order;
use super::page::open_orders;
use super::partners::Partners;
use super::side::SideBook;
use super::tables::{Latencies, Tables};
use anyhow::Context as _;
use caplet_api::auction::{
    LatencyResponse, MarketResponse, MarketsResponse, OrderResponse, OrdersResponse, QueryMsg,
    TablesResponse,
};
use caplet_api::common::MAX_LIMIT;
use caplet_api::layout::{order_page_key, order_state_key};
use caplet_chain::{Chain, ChainError, ChainExt as _};
use caplet_protocol::{MarketId, OrderId, layout::Side};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Questions to one auction contract.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) chain: Arc<dyn Chain>,
    pub(super) auction: String,
}

impl Reader {
    async fn ask<R: serde::de::DeserializeOwned>(&self, query: &QueryMsg) -> Result<R, ChainError> {
        self.chain.query(&self.auction, query).await
    }

    /// Every market, as it stands.
    pub(super) async fn markets(&self) -> Result<Vec<MarketResponse>, ChainError> {
        let (mut all, mut start_after) = (Vec::new(), None);
        loop {
            let query = QueryMsg::Markets { start_after, limit: Some(MAX_LIMIT) };
            let MarketsResponse { markets } = self.ask(&query).await?;
            let Some(last) = markets.last() else { return Ok(all) };
            start_after = Some(last.market);
            all.extend(markets);
        }
    }

    pub(super) async fn market(&self, market: MarketId) -> Result<MarketResponse, ChainError> {
        self.ask(&QueryMsg::Market { market }).await
    }

    pub(super) async fn tables(&self, market: MarketId) -> Result<TablesResponse, ChainError> {
        self.ask(&QueryMsg::Tables { market }).await
    }

    pub(super) async fn latencies(&self) -> Result<Latencies, ChainError> {
        let answer: LatencyResponse = self.ask(&QueryMsg::Latency {}).await?;
        Ok(Latencies::new(&answer))
    }

    /// Open orders of a page; none once all of it is done.
    pub(super) async fn page(
        &self,
        market: MarketId,
        side: Side,
        page: u32,
    ) -> anyhow::Result<BTreeMap<u8, Order>> {
        let (key, state) =
            (order_page_key(market, side, page), order_state_key(market, side, page));
        let Some(bytes) = self.chain.raw(&self.auction, key.to_vec()).await? else {
            return Ok(BTreeMap::new());
        };
        let state = self.chain.raw(&self.auction, state.to_vec()).await?.unwrap_or_default();
        open_orders(side, &bytes, &state)
            .with_context(|| format!("market {market}, {side:?} page {page}"))
    }

    /// A cancelled order that the frozen book may still fill; `None` if it is none.
    pub(super) async fn cancelled(
        &self,
        market: MarketId,
        side: Side,
        order: OrderId,
    ) -> Result<Option<OrderResponse>, ChainError> {
        let query = QueryMsg::Order { market, side, order: order.to_u64().into() };
        match self.ask::<OrderResponse>(&query).await {
            Ok(answer) => Ok(Some(answer).filter(|answer| answer.open)),
            // The contract has forgotten it: it was filled meanwhile, or its money has returned.
            Err(ChainError::Query { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A whole market: its open pages, and what the frozen book has beside them.
    pub(super) async fn whole(
        &self,
        answer: MarketResponse,
        latencies: Arc<Latencies>,
    ) -> anyhow::Result<MarketBook> {
        let market = answer.market;
        let tables = Tables::new(&self.tables(market).await?, latencies);
        let (offers, demands) = (SideBook::default(), SideBook::default());
        let partners = Partners::default();
        let mut book = MarketBook { answer, tables, offers, demands, partners };
        for side in [Side::Offer, Side::Demand] {
            self.pages(&mut book, side).await?;
        }
        let counted = book.offers.len().saturating_add(book.demands.len());
        // The contract counts cancelled orders of the frozen book too; pages do not hold them.
        if u64::try_from(counted)? < u64::from(book.answer.open_orders) {
            for side in [Side::Offer, Side::Demand] {
                self.pending(&mut book, side).await?;
            }
        }
        Ok(book)
    }

    /// Every page from the first that may hold an open order up to one that was never written. The
    /// contract does not say how many there are; `open_orders` says when all were found.
    async fn pages(&self, book: &mut MarketBook, side: Side) -> anyhow::Result<()> {
        let epoch = &book.answer.epoch;
        let (first, frozen) = match side {
            Side::Offer => (epoch.first_offer_page, epoch.offer_pages),
            Side::Demand => (epoch.first_demand_page, epoch.demand_pages),
        };
        let market = book.answer.market;
        for page in first..frozen {
            let orders = self.page(market, side, page).await?;
            book.side(side).put_page(page, orders);
        }
        let mut start_after = OrderId { page: frozen.max(first), slot: 0 }.to_u64().checked_sub(1);
        // Pages placed since the freeze: their numbers are those of the orders in them.
        loop {
            let answer = self.orders(market, side, start_after).await?;
            let ids = answer.iter().filter_map(|o| OrderId::from_u64(o.order.u64()));
            let Some(last) = ids.clone().next_back() else { return Ok(()) };
            let mut pages: Vec<u32> = ids.map(|id| id.page).collect();
            pages.dedup();
            for page in pages {
                let orders = self.page(market, side, page).await?;
                book.side(side).put_page(page, orders);
            }
            start_after = Some(OrderId { page: last.page, slot: u8::MAX }.to_u64());
        }
    }

    /// Cancelled orders that the frozen book may still fill.
    async fn pending(&self, book: &mut MarketBook, side: Side) -> anyhow::Result<()> {
        let Some(epoch) = book.answer.epoch.clearing else { return Ok(()) };
        let (market, tick) = (book.answer.market, book.config().tick_size.u64());
        let open: Vec<OrderId> = match side {
            Side::Offer => book.offers.open().map(|(id, _)| id).collect(),
            Side::Demand => book.demands.open().map(|(id, _)| id).collect(),
        };
        let mut start_after = None;
        loop {
            let answer = self.orders(market, side, start_after).await?;
            let Some(last) = answer.last() else { return Ok(()) };
            start_after = Some(last.order.u64());
            for order in &answer {
                let id = OrderId::from_u64(order.order.u64()).filter(|id| !open.contains(id));
                if let Some((id, order)) = id.zip(Order::answered(order, tick)) {
                    book.side(side).put_cancelled(id, epoch, order);
                }
            }
        }
    }

    async fn orders(
        &self,
        market: MarketId,
        side: Side,
        start_after: Option<u64>,
    ) -> Result<Vec<OrderResponse>, ChainError> {
        let start_after = start_after.map(Into::into);
        let query = QueryMsg::Orders { market, side, start_after, limit: Some(MAX_LIMIT) };
        let OrdersResponse { orders } = self.ask(&query).await?;
        Ok(orders)
    }
}
