//! The order book of every market, in memory, kept up from block events.
//!
//! Events say what changed; the pages that changed are then read again by raw query of the layouts
//! in `caplet_api::layout`, so a clearing never scans the chain, and reading twice harms nothing.

mod dirty;
mod inner;
mod market;
mod order;
mod page;
mod partners;
mod posted;
mod read;
mod sheet;
mod side;
mod sync;
mod tables;
#[cfg(test)]
mod tests;

use crate::context::Context;
use caplet_api::auction::{MarketConfig, MarketResponse};
use caplet_api::escrow::AssetKind;
use caplet_chain::{Chain, Head};
use caplet_clearing::{
    Book, ClassIndex, Terms, Vector,
    single::{self, Choice, Posted, Wanted},
};
use caplet_protocol::{
    AssetId, DeviceId, MarketId, OrderId, VectorId,
    layout::{OrderFlags, Side},
    wire::MarketSheet,
};
use inner::Inner;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::watch;

/// Books of all markets; clones share them.
#[derive(Clone, Debug)]
pub struct Books {
    inner: Arc<Inner>,
}

/// An open order of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Page and slot.
    pub id: OrderId,
    /// Base units a lot.
    pub price: u64,
    /// Lots left in the batch lane.
    pub batch: u16,
    /// Lots left in the instant lane; 0 for demands.
    pub instant: u16,
    /// Unix seconds.
    pub not_after: u64,
}

/// What a taker of the instant lane wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// The consuming device; nobody takes from itself.
    pub device: DeviceId,
    /// Requirements and weights.
    pub vector: Vector,
    /// Most it bears for a lot, base units.
    pub limit: u64,
    /// Lots, all from one offer.
    pub lots: u16,
    /// Unix seconds of chain time.
    pub now: u64,
}

impl Take {
    /// Whether an offer of somebody else's has the lots, now.
    fn fits(&self, order: &order::Order) -> bool {
        let there = order.instant >= self.lots && !order.is_over(self.now) && self.lots > 0;
        there && order.device != self.device
    }
}

/// An open order as far as its device's standing concerns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its number.
    pub id: OrderId,
    /// Whose.
    pub device: DeviceId,
    /// Reliability tier of the class it is in (offers).
    pub tier: Option<u8>,
    /// Unix seconds.
    pub not_after: u64,
}

#[cfg(test)]
pub(crate) use tests::{books as test_books, config as test_config};

impl Books {
    /// Books that nobody keeps up, for tests and as a start.
    #[must_use]
    pub fn empty() -> Self {
        Self { inner: Arc::default() }
    }

    /// Reads every market and keeps the books up in `context.tasks`.
    ///
    /// # Errors
    /// If the chain cannot be asked or the auction is of another version.
    pub async fn start(context: &Context) -> anyhow::Result<Self> {
        let contracts = &context.deployment.contracts;
        let books = Self::empty();
        books.inner.set_assets(inner::assets(&*context.chain, &contracts.escrow).await?);
        let chain: Arc<dyn Chain> = Arc::clone(&context.chain);
        let reader = read::Reader { chain, auction: contracts.auction.clone() };
        let mut sync = sync::Sync::new(books.clone(), reader, contracts.escrow.clone());
        sync.step().await?;
        context.tasks.spawn("book", sync.run(context.tasks.stop_token()));
        Ok(books)
    }

    /// Every market as last read, by number. Its epoch is that of the last event, not of now.
    #[must_use]
    pub fn markets(&self) -> Vec<MarketResponse> {
        self.inner.read().values().map(|book| book.answer.clone()).collect()
    }

    /// Definition of a market.
    #[must_use]
    pub fn config(&self, market: MarketId) -> Option<MarketConfig> {
        self.inner.read().get(&market).map(|book| book.config().clone())
    }

    /// What an asset of escrow's list is.
    #[must_use]
    pub fn asset(&self, asset: AssetId) -> Option<AssetKind> {
        self.inner.asset(asset)
    }

    /// What devices are told of a market, as of the last block followed.
    #[must_use]
    pub fn sheet(&self, market: MarketId) -> Option<MarketSheet> {
        let now = crate::follow::seconds(self.head());
        let books = self.inner.read();
        let book = books.get(&market)?;
        Some(sheet::sheet(book, self.inner.asset(book.config().asset), now))
    }

    /// Open offers of a device in a market, by number.
    #[must_use]
    pub fn offers_of(&self, market: MarketId, device: DeviceId) -> Vec<OpenOrder> {
        let books = self.inner.read();
        let Some(book) = books.get(&market) else { return Vec::new() };
        book.offers.of_device(device).map(|(id, order)| open_order(book, id, order)).collect()
    }

    /// Open demands of a device in a market, by number.
    #[must_use]
    pub fn demands_of(&self, market: MarketId, device: DeviceId) -> Vec<OpenOrder> {
        let books = self.inner.read();
        let Some(book) = books.get(&market) else { return Vec::new() };
        book.demands.of_device(device).map(|(id, order)| open_order(book, id, order)).collect()
    }

    /// The best posted offer for a taker, premium included.
    #[must_use]
    pub fn best(&self, market: MarketId, take: &Take) -> Option<Choice> {
        self.best_without(market, take, &BTreeSet::new())
    }

    /// The same among offers of other devices than these.
    #[must_use]
    pub fn best_without(
        &self,
        market: MarketId,
        take: &Take,
        without: &BTreeSet<DeviceId>,
    ) -> Option<Choice> {
        let books = self.inner.read();
        let book = books.get(&market)?;
        let tables::Arithmetic { market, classes, vectors } =
            book.tables.arithmetic(book.config(), &[take.vector]);
        let terms = Terms { market: &market, classes: &classes, vectors: &vectors };
        let (device, vector, limit) = (take.device, VectorId(0), take.limit);
        let fits = |order: &order::Order| take.fits(order) && !without.contains(&order.device);
        let serving = terms.live().filter(|(class, _)| terms.cost(*class, vector).is_some());
        let posted = serving.flat_map(move |(class, _)| {
            let posted = book.offers.oldest_posted(class.0, fits).map(move |(id, order)| {
                let (device, price) = (order.device, book.posted(order));
                Posted { id, device, class, price, lots: order.instant }
            });
            // a higher ask is never posted for less
            posted.take_while(move |posted| posted.price <= limit)
        });
        single::best(terms, &Wanted { device, vector, limit }, posted)
    }

    /// Devices with a posted offer that a taker could take within its limit.
    #[must_use]
    pub fn posting(&self, market: MarketId, take: &Take) -> BTreeSet<DeviceId> {
        let books = self.inner.read();
        let Some(book) = books.get(&market) else { return BTreeSet::new() };
        let tables::Arithmetic { market, classes, vectors } =
            book.tables.arithmetic(book.config(), &[take.vector]);
        let terms = Terms { market: &market, classes: &classes, vectors: &vectors };
        let serves = |class| terms.cost(ClassIndex(class), VectorId(0)).is_some();
        let posted = book.offers.open().filter(|(_, order)| {
            take.fits(order) && serves(order.group) && book.posted(order) <= take.limit
        });
        posted.map(|(_, order)| order.device).collect()
    }

    /// Markets with an epoch that may be cleared at a moment of chain time, Unix seconds, and that
    /// nobody is known to have cleared.
    #[must_use]
    pub fn clearable(&self, now: u64) -> BTreeMap<MarketId, u32> {
        let books = self.inner.read();
        let clearable = books.iter().map(|(market, book)| Some((*market, book.clearable(now)?)));
        clearable.flatten().collect()
    }

    /// Orders past their end at a moment of chain time, Unix seconds, that no clearing can fill any more,
    /// by market and side; empty lists are left out.
    #[must_use]
    pub fn past_their_end(&self, now: u64) -> Vec<(MarketId, Side, Vec<OrderId>)> {
        let books = self.inner.read();
        let mut due = Vec::new();
        for (market, book) in books.iter() {
            let frozen = book.clearable(now).map(|epoch| (epoch, book.ends(epoch)));
            for (side, orders) in [(Side::Offer, &book.offers), (Side::Demand, &book.demands)] {
                let over = orders.past_their_end(now, frozen);
                if !over.is_empty() {
                    due.push((*market, side, over));
                }
            }
        }
        due
    }

    /// Open orders by market and side, each with its device and, of an offer, the reliability tier of its class.
    #[must_use]
    pub fn standing(&self) -> Vec<(MarketId, Side, Vec<Standing>)> {
        let books = self.inner.read();
        let mut all = Vec::new();
        for (market, book) in books.iter() {
            for (side, orders) in [(Side::Offer, &book.offers), (Side::Demand, &book.demands)] {
                let tier = |group: u16| {
                    let class = book.tables.classes.get(usize::from(group)).copied().flatten();
                    class.filter(|_| side == Side::Offer).map(|class| class.reliability)
                };
                let standing = orders.open().map(|(id, order)| {
                    let (device, not_after) = (order.device, order.not_after);
                    Standing { id, device, tier: tier(order.group), not_after }
                });
                all.push((*market, side, standing.collect()));
            }
        }
        all
    }

    /// The book as it froze when `epoch` ended, exactly as the contract defines it.
    #[must_use]
    pub fn frozen(&self, market: MarketId, epoch: u32) -> Option<Book> {
        self.inner.read().get(&market).map(|book| book.frozen(epoch))
    }

    /// Pairs of provider and consumer that the book which froze when `epoch` ended should bring together again where it
    /// can: the consumer has a standing demand in it, the provider served it last in this market, as far as this keeper
    /// saw.
    #[must_use]
    pub fn partners(&self, market: MarketId, epoch: u32) -> BTreeSet<(DeviceId, DeviceId)> {
        let books = self.inner.read();
        let Some(book) = books.get(&market) else { return BTreeSet::new() };
        let demands = book.demands.frozen(epoch, book.ends(epoch));
        let standing = demands.filter(|(_, order)| order.flags.has(OrderFlags::STANDING));
        let consumers = standing.map(|(_, order)| order.device);
        consumers.flat_map(|one| book.partners.of(one).map(move |other| (other, one))).collect()
    }

    /// The block up to which the books have followed the chain.
    #[must_use]
    pub fn head(&self) -> Head {
        *self.inner.head.borrow()
    }

    /// The same, to wait for.
    #[must_use]
    pub fn heads(&self) -> watch::Receiver<Head> {
        self.inner.head.subscribe()
    }

    /// Rises with every change of any book.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.inner.version.subscribe()
    }

    /// Has everything read again from state: somebody found the books wrong.
    pub fn doubt(&self) {
        self.inner.doubt.send_modify(|doubts| *doubts = doubts.wrapping_add(1));
    }
}

fn open_order(book: &market::MarketBook, id: OrderId, order: &order::Order) -> OpenOrder {
    OpenOrder {
        id,
        price: u64::from(order.tick.0).saturating_mul(book.config().tick_size.u64()),
        batch: order.batch,
        instant: order.instant,
        not_after: order.not_after,
    }
}
