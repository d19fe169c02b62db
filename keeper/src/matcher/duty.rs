//! One pass over the markets.

use super::chore::Round;
use super::clear_away::ClearAway;
use super::reclass::Reclass;
use super::solve::{Apart, follow, is_idle, moves};
use crate::book::Books;
use crate::config::MatcherConfig;
use crate::context::Context;
use crate::follow::seconds;
use crate::observe;
use crate::outbox::{Lane, Outbox, OutboxError};
use crate::reconcile::Reconciler;
use crate::rendezvous::{Queue, place};
use anyhow::Context as _;
use caplet_api::auction::{MarketResponse, QueryMsg};
use caplet_api::event::EpochCleared;
use caplet_api::registry::{GatewaysResponse, QueryMsg as AskRegistry};
use caplet_api::reputation::{AvoidedResponse, QueryMsg as AskReputation};
use caplet_chain::{ChainExt as _, Head, Msg, TxResult};
use caplet_clearing::{Book, Following};
use caplet_protocol::MarketId;
use futures::future::join_all;
use std::collections::BTreeMap;

/// Clearings of one epoch that the contract may refuse before the keeper lets it lapse: the book is
/// read anew after each.
const MAX_ATTEMPTS: u32 = 3;
/// Orders scanned in one transaction; a larger book is scanned in several.
pub const PART: u32 = 8_000;
/// Pairs to be kept apart that are read, about: it is a preference, and no reason to be late.
const MOST_APART: usize = 5_000;
/// Blocks after which the list of keepers is read again.
const KEEPERS_FOR: u64 = 100;

/// Clears what may be cleared.
pub(super) struct Matcher {
    context: Context,
    books: Books,
    policy: MatcherConfig,
    queue: Queue,
    clear_away: ClearAway,
    reclass: Reclass,
    /// Maps a market to its last book and what the solver knows of it.
    following: BTreeMap<MarketId, Following>,
    /// Addresses of all gateways, and the height at which they were read.
    keepers: (u64, Vec<String>),
    /// Maps a market to the epoch dealt with last, and refused attempts at it.
    done: BTreeMap<MarketId, (u32, u32)>,
}

impl Reconciler for Matcher {
    const NAME: &'static str = "matcher";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let head = *self.context.chain.watch().borrow();
        if self.books.head().height < head.height {
            // The books follow in a moment and wake this again.
            return Ok(());
        }
        let clearable = self.books.clearable(seconds(head));
        self.queue.retain(|work| clearable.iter().any(|(m, e)| work == key(*m, *e)));
        self.meet(head.height).await?;
        let mut ready = Vec::new();
        for (market, epoch) in clearable {
            if self.is_turn(market, epoch, head) {
                ready.extend(self.prepare(market, epoch).await?);
            }
        }
        let submitted = ready.into_iter().map(|(market, epoch, msgs)| {
            let outbox = &self.context.outbox;
            async move { (market, epoch, one_by_one(outbox, msgs).await) }
        });
        for (market, epoch, result) in join_all(submitted).await {
            self.conclude(market, epoch, result).await?;
        }
        let round = Round { keepers: &self.keepers.1, patience: self.policy.patience_blocks, head };
        self.clear_away.pass(&self.context, &self.books, round).await?;
        self.reclass.pass(&self.context, &self.books, round).await
    }
}

impl Matcher {
    pub(super) fn new(context: Context, books: Books, policy: MatcherConfig) -> Self {
        let (keepers, done) = ((0, Vec::new()), BTreeMap::new());
        let (queue, clear_away, reclass) = (Queue::new(), ClearAway::new(), Reclass::new());
        let following = BTreeMap::new();
        Self { context, books, policy, queue, clear_away, reclass, following, keepers, done }
    }

    /// Reads which keepers there are, now and then.
    async fn meet(&mut self, height: u64) -> anyhow::Result<()> {
        let (read_at, known) = &self.keepers;
        if !known.is_empty() && height.saturating_sub(*read_at) < KEEPERS_FOR {
            return Ok(());
        }
        let registry = &self.context.deployment.contracts.registry;
        let (mut keepers, mut start_after) = (Vec::new(), None);
        loop {
            let query =
                AskRegistry::Gateways { start_after, limit: Some(caplet_api::common::MAX_LIMIT) };
            let answer: GatewaysResponse = self.context.chain.query(registry, &query).await?;
            let Some(last) = answer.gateways.last() else { break };
            start_after = Some(last.account.account);
            keepers.extend(answer.gateways.into_iter().map(|gateway| gateway.account.address));
        }
        self.keepers = (height, keepers);
        Ok(())
    }

    fn is_turn(&mut self, market: MarketId, epoch: u32, head: Head) -> bool {
        let dealt_with = match self.done.get(&market) {
            Some((done, _)) if *done > epoch => true,
            Some((done, attempts)) => *done == epoch && *attempts >= MAX_ATTEMPTS,
            None => false,
        };
        let work = key(market, epoch);
        let me = self.context.signer.address();
        let place = place(&work, me, self.keepers.1.iter().map(String::as_str));
        !dealt_with && self.queue.is_due(&work, head.height, place, self.policy.patience_blocks)
    }

    /// Solves an epoch's book; `None` if there is nothing to clear or somebody was faster.
    async fn prepare(
        &mut self,
        market: MarketId,
        epoch: u32,
    ) -> anyhow::Result<Option<(MarketId, u32, Vec<Msg>)>> {
        let Some(book) = self.books.frozen(market, epoch) else { return Ok(None) };
        let (offers, demands) = (book.offers.len(), book.demands.len());
        // offers that wait for their new class are worth a clearing of nothing
        let waited_for = self.reclass.waits_for(market);
        if is_idle(&book) && !waited_for && !self.moves(market, &book).await? {
            self.finish(market, epoch);
            return Ok(None);
        }
        let apart = self.apart(market).await?;
        let mut following = self.following.remove(&market).unwrap_or_default();
        // Off the async threads: a large book takes a moment.
        let solving = tokio::task::spawn_blocking(move || {
            let solved = follow(&mut following, &book, &apart);
            (following, solved)
        });
        let (following, solved) = solving.await.context("solving")?;
        self.following.insert(market, following);
        let solution = match solved {
            Ok((solution, 0)) => solution,
            Ok((solution, left)) => {
                observe::pairs_kept(market, left);
                solution
            }
            Err(error) => {
                self.refused(market, epoch, &error.to_string());
                return Ok(None);
            }
        };
        let unmatched = solution.clearing.fills.is_empty();
        if unmatched && !self.policy.clear_unmatched && !waited_for {
            self.finish(market, epoch);
            return Ok(None);
        }
        if !self.may_clear(market, epoch).await? {
            self.finish(market, epoch);
            observe::race_lost(market, epoch);
            return Ok(None);
        }
        observe::epoch_solved(market, epoch, offers, demands, solution.clearing.fills.len());
        let auction = &self.context.deployment.contracts.auction;
        let orders = offers.saturating_add(demands);
        let msgs = solution.messages(market, epoch, orders, PART);
        let msgs = msgs.iter().map(|msg| Msg::execute(auction, msg)).collect::<Result<_, _>>()?;
        Ok(Some((market, epoch, msgs)))
    }

    /// Whether a book of which a side is empty is worth a clearing of nothing, for the price that it moves.
    async fn moves(&self, market: MarketId, book: &Book) -> anyhow::Result<bool> {
        if !self.policy.clear_unmatched {
            return Ok(false);
        }
        let auction = &self.context.deployment.contracts.auction;
        let query = QueryMsg::Market { market };
        let answer: MarketResponse = self.context.chain.query(auction, &query).await?;
        Ok(moves(book, answer.base, &answer.config.price))
    }

    /// Pairs that are not to meet now, because the provider failed the consumer lately. None in a market that reduces
    /// trade: whom it leaves out is the contract's to say.
    async fn apart(&self, market: MarketId) -> anyhow::Result<Apart> {
        let mut apart = Apart::new();
        if self.books.config(market).is_none_or(|config| config.trade_reduction) {
            return Ok(apart);
        }
        let reputation = &self.context.deployment.contracts.reputation;
        let (now, mut start_after) = (seconds(self.books.head()), None);
        while apart.len() < MOST_APART {
            let limit = Some(caplet_api::common::MAX_LIMIT);
            let query = AskReputation::Avoided { start_after, limit };
            let answer: AvoidedResponse = self.context.chain.query(reputation, &query).await?;
            let Some(last) = answer.pairs.last() else { break };
            start_after = Some((last.provider, last.consumer));
            let lasting = answer.pairs.iter().filter(|pair| pair.until.u64() > now);
            apart.extend(lasting.map(|pair| (pair.provider, pair.consumer)));
        }
        Ok(apart)
    }

    /// Whether the chain still waits for a clearing of this epoch.
    async fn may_clear(&self, market: MarketId, epoch: u32) -> anyhow::Result<bool> {
        let auction = &self.context.deployment.contracts.auction;
        let query = QueryMsg::Market { market };
        let answer: MarketResponse = self.context.chain.query(auction, &query).await?;
        Ok(answer.epoch.clearing == Some(epoch))
    }

    async fn conclude(
        &mut self,
        market: MarketId,
        epoch: u32,
        result: Result<TxResult, OutboxError>,
    ) -> anyhow::Result<()> {
        match result {
            Ok(result) => {
                let cleared = result.events.iter().find_map(|e| EpochCleared::try_from(e).ok());
                if let Some(cleared) = cleared {
                    observe::epoch_cleared(&cleared);
                }
                self.finish(market, epoch);
            }
            Err(OutboxError::Failed { log }) => {
                if self.may_clear(market, epoch).await? {
                    self.refused(market, epoch, &log);
                } else {
                    observe::race_lost(market, epoch);
                    self.finish(market, epoch);
                }
            }
            // Said by the outbox already; the epoch is tried again while it lasts.
            Err(_) => {}
        }
        Ok(())
    }

    fn finish(&mut self, market: MarketId, epoch: u32) {
        self.done.insert(market, (epoch, MAX_ATTEMPTS));
    }

    /// Keeper and contract see different books: the keeper's is read anew.
    fn refused(&mut self, market: MarketId, epoch: u32, log: &str) {
        observe::clearing_refused(market, epoch, log);
        let entry = self.done.entry(market).or_insert((epoch, 0));
        let before = if entry.0 == epoch { entry.1 } else { 0 };
        *entry = (epoch, before.saturating_add(1));
        self.books.doubt();
    }
}

/// Submits messages each in a transaction of its own, in order, until one fails. What comes back is how the
/// last one submitted went.
async fn one_by_one(outbox: &Outbox, msgs: Vec<Msg>) -> Result<TxResult, OutboxError> {
    let mut msgs = msgs.into_iter();
    let first = msgs.next().map_or_else(Vec::new, |msg| vec![msg]);
    let mut last = outbox.submit(Lane::Clear, first).await?;
    for msg in msgs {
        last = outbox.submit(Lane::Clear, vec![msg]).await?;
    }
    Ok(last)
}

/// The piece of work that keepers order themselves by.
fn key(market: MarketId, epoch: u32) -> [u8; 13] {
    let ([a, b, c, d], [e, f, g, h]) = (market.0.to_be_bytes(), epoch.to_be_bytes());
    [b'c', b'l', b'e', b'a', b'r', a, b, c, d, e, f, g, h]
}
