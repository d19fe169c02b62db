//! Keeping the books in step with the chain.

use super::Books;
use super::dirty::{Dirty, gather};
use super::market::MarketBook;
use super::order::Order;
use super::read::Reader;
use super::tables::{Latencies, Tables};
use crate::follow::{Follower, Since};
use crate::observe;
use anyhow::Context as _;
use caplet_api::event::{EventError, LeasesOpened};
use caplet_chain::Event;
use caplet_protocol::{MarketId, layout::Side};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Wait after the chain could not be asked.
const RETRY: Duration = Duration::from_secs(2);
/// Blocks after which markets and latencies are read again: governance changes them without an event.
const REFRESH_BLOCKS: u64 = 100;

/// The task behind [`Books`].
pub(super) struct Sync {
    books: Books,
    reader: Reader,
    /// Says which leases were opened.
    escrow: String,
    follower: Follower,
    refreshed: u64,
}

impl Sync {
    pub(super) fn new(books: Books, reader: Reader, escrow: String) -> Self {
        Self { books, reader, escrow, follower: Follower::default(), refreshed: 0 }
    }

    /// Runs until told to stop.
    pub(super) async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut blocks = self.reader.chain.watch();
        let mut doubts = self.books.inner.doubt.subscribe();
        loop {
            blocks.borrow_and_update();
            if doubts.has_changed()? {
                doubts.borrow_and_update();
                self.follower.lose();
            }
            let retry = match self.step().await {
                Ok(()) => None,
                Err(error) => {
                    observe::book_behind(&format!("{error:#}"));
                    Some(RETRY)
                }
            };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                changed = blocks.changed(), if retry.is_none() => changed?,
                changed = doubts.changed() => changed?,
                () = tokio::time::sleep(retry.unwrap_or_default()), if retry.is_some() => {}
            }
        }
    }

    /// Brings the books to the head.
    pub(super) async fn step(&mut self) -> anyhow::Result<()> {
        let (auction, escrow) = (self.reader.auction.clone(), self.escrow.clone());
        let contracts: [&str; 2] = [&auction, &escrow];
        let head = match self.follower.since(&*self.reader.chain, &contracts).await? {
            Since::Missed(head) => {
                self.reconcile().await?;
                self.refreshed = head.height;
                observe::book_reconciled(self.books.inner.read().len(), head.height);
                head
            }
            Since::Events(head, events) => {
                let dirty = gather(&events).context("reading the auction's events")?;
                let opened = opened(&events).context("reading the escrow's events")?;
                for (market, dirty) in &dirty {
                    self.refresh(*market, dirty).await?;
                }
                for opened in &opened {
                    let market = MarketId(opened.market);
                    self.books.inner.update(market, |book| book.note(opened));
                }
                if head.height.saturating_sub(self.refreshed) >= REFRESH_BLOCKS {
                    self.look_around().await?;
                    self.refreshed = head.height;
                }
                if !dirty.is_empty() {
                    self.books.inner.changed();
                }
                head
            }
        };
        self.follower.reached(head.height);
        self.books.inner.head.send_replace(head);
        Ok(())
    }

    /// Reads everything from state.
    async fn reconcile(&self) -> anyhow::Result<()> {
        let latencies = Arc::new(self.reader.latencies().await?);
        let mut books = BTreeMap::new();
        for answer in self.reader.markets().await? {
            let market = answer.market;
            let mut book = self.reader.whole(answer, Arc::clone(&latencies)).await?;
            if let Some(known) = self.books.inner.read().get(&market) {
                // the chain keeps no list of them by consumer
                book.partners = known.partners.clone();
            }
            books.insert(market, book);
        }
        self.books.inner.replace(books);
        Ok(())
    }

    /// Finds new markets and changed latencies.
    async fn look_around(&self) -> anyhow::Result<()> {
        let latencies = Arc::new(self.reader.latencies().await?);
        for answer in self.reader.markets().await? {
            let market = answer.market;
            if self.books.inner.read().contains_key(&market) {
                self.books.inner.update(market, |book| {
                    book.tables.set_latencies(Arc::clone(&latencies));
                });
            } else {
                let book = self.reader.whole(answer, Arc::clone(&latencies)).await?;
                self.books.inner.put(market, book);
            }
        }
        self.books.inner.changed();
        Ok(())
    }

    /// Reads again what changed of a market. The book is put back whole: readers see it before or
    /// after, never between.
    async fn refresh(&self, market: MarketId, dirty: &Dirty) -> anyhow::Result<()> {
        let latencies: Arc<Latencies> = Arc::new(self.reader.latencies().await?);
        let answer = self.reader.market(market).await?;
        let known = self.books.inner.read().get(&market).cloned();
        let Some(mut book) = known else {
            let book = self.reader.whole(answer, latencies).await?;
            self.books.inner.put(market, book);
            return Ok(());
        };
        book.tables = Tables::new(&self.reader.tables(market).await?, latencies);
        let clearable = answer.epoch.clearing;
        book.answer = answer;
        self.read_pages(&mut book, dirty).await?;
        self.read_cancelled(&mut book, dirty).await?;
        for side in [Side::Offer, Side::Demand] {
            book.side(side).forget_cancelled(clearable);
        }
        self.books.inner.put(market, book);
        Ok(())
    }

    async fn read_pages(&self, book: &mut MarketBook, dirty: &Dirty) -> anyhow::Result<()> {
        let mut pages = dirty.pages.clone();
        if let Some(epoch) = dirty.cleared {
            pages.extend(book.offers.pages_up_to(epoch).into_iter().map(|p| (Side::Offer, p)));
            pages.extend(book.demands.pages_up_to(epoch).into_iter().map(|p| (Side::Demand, p)));
        }
        for (side, page) in pages {
            let orders = self.reader.page(book.answer.market, side, page).await?;
            book.side(side).put_page(page, orders);
        }
        Ok(())
    }

    async fn read_cancelled(&self, book: &mut MarketBook, dirty: &Dirty) -> anyhow::Result<()> {
        let Some(epoch) = book.answer.epoch.clearing else { return Ok(()) };
        let (market, tick) = (book.answer.market, book.config().tick_size.u64());
        for (side, id) in &dirty.cancelled {
            let answer = self.reader.cancelled(market, *side, *id).await?;
            if let Some(order) = answer.and_then(|answer| Order::answered(&answer, tick)) {
                book.side(*side).put_cancelled(*id, epoch, order);
            }
        }
        Ok(())
    }
}

/// Leases that were opened.
fn opened(events: &[Event]) -> Result<Vec<LeasesOpened>, EventError> {
    let named =
        |event: &&Event| event.ty.strip_prefix("wasm-").unwrap_or(&event.ty) == LeasesOpened::NAME;
    events.iter().filter(named).map(LeasesOpened::try_from).collect()
}
