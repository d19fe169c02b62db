//! One pass over the markets.

use super::chore::Round;
use super::clear_away::ClearAway;
use super::pairing::{Pairs, Preferences};
use super::reclass::Reclass;
use super::side_by_side::{processors, side_by_side};
use super::solve::{Solution, SolveError, follow, is_idle, moves};
use crate::book::Books;
use crate::config::MatcherConfig;
use crate::context::Context;
use crate::follow::seconds;
use crate::observe;
use crate::outbox::{Lane, Outbox, OutboxError};
use crate::owners::Register;
use crate::reconcile::Reconciler;
use crate::rendezvous::{Queue, place};
use caplet_api::auction::{MarketResponse, QueryMsg};
use caplet_api::event::EpochCleared;
use caplet_api::registry::{GatewaysResponse, QueryMsg as AskRegistry};
use caplet_api::reputation::{AvoidedResponse, QueryMsg as AskReputation};
use caplet_chain::{ChainExt as _, Head, Msg, TxResult};
use caplet_clearing::{Book, Following};
use caplet_protocol::MarketId;
use futures::future::join_all;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinError;

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
    owners: Register,
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
        let turns = clearable.into_iter().filter(|(m, e)| self.is_turn(*m, *e, head)).collect();
        let (ready, mut done) = self.prepare(turns).await;
        let submitted = ready.into_iter().map(|(turn, msgs)| {
            let outbox = &self.context.outbox;
            async move { (turn, one_by_one(outbox, msgs).await) }
        });
        for (turn, result) in join_all(submitted).await {
            done = done.and(self.conclude(turn, result).await);
        }
        let round = Round { keepers: &self.keepers.1, patience: self.policy.patience_blocks, head };
        self.clear_away.pass(&self.context, &self.books, round).await?;
        self.reclass.pass(&self.context, &self.books, round).await?;
        done
    }
}

impl Matcher {
    pub(super) fn new(context: Context, books: Books, policy: MatcherConfig) -> Self {
        let (keepers, done) = ((0, Vec::new()), BTreeMap::new());
        let (queue, clear_away, reclass) = (Queue::new(), ClearAway::new(), Reclass::new());
        let (following, owners) = (BTreeMap::new(), Register::default());
        Self {
            context,
            books,
            policy,
            queue,
            clear_away,
            reclass,
            following,
            owners,
            keepers,
            done,
        }
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

    /// Solves the books of epochs side by side: what clears them, by market. What went wrong with one is told when
    /// the others are done.
    async fn prepare(&mut self, turns: Vec<Turn>) -> (Vec<(Turn, Vec<Msg>)>, anyhow::Result<()>) {
        let (mut books, mut ready, mut done) = (Vec::new(), Vec::new(), Ok(()));
        for turn in turns {
            match self.book(turn).await {
                Ok(book) => books.extend(book.map(|book| (turn, book))),
                Err(error) => done = done.and(Err(error)),
            }
        }
        if books.is_empty() {
            return (ready, done);
        }
        let preferences = match self.preferences(&books).await {
            Ok(preferences) => preferences,
            Err(error) => return (ready, done.and(Err(error))),
        };
        let jobs = books.into_iter().map(|(turn, book)| (turn, self.job(turn, book, &preferences)));
        let jobs = jobs.collect();
        for (turn, solved) in side_by_side(jobs, processors(), Job::solve).await {
            match self.messages(turn, solved).await {
                Ok(msgs) => ready.extend(msgs.map(|msgs| (turn, msgs))),
                Err(error) => done = done.and(Err(error)),
            }
        }
        (ready, done)
    }

    /// The book of an epoch, if there is something to solve in it.
    async fn book(&mut self, turn: Turn) -> anyhow::Result<Option<Book>> {
        let (market, epoch) = turn;
        let Some(book) = self.books.frozen(market, epoch) else { return Ok(None) };
        // offers that wait for their new class are worth a clearing of nothing
        if is_idle(&book) && !self.reclass.waits_for(market) && !self.moves(market, &book).await? {
            self.finish(turn);
            return Ok(None);
        }
        Ok(Some(book))
    }

    /// What the solver needs. In a market that reduces trade nobody changes partners: whom it leaves out is the
    /// contract's to say.
    fn job(&mut self, (market, epoch): Turn, book: Book, all: &Preferences) -> Job {
        let following = self.following.remove(&market).unwrap_or_default();
        let preferences = match self.books.config(market) {
            Some(config) if !config.trade_reduction => {
                let together = self.books.partners(market, epoch);
                Preferences { together, ..all.clone() }
            }
            _ => Preferences::default(),
        };
        Job { book, following, preferences }
    }

    /// What clears a book that was solved; `None` if there is nothing to clear or somebody was faster.
    async fn messages(
        &mut self,
        turn: Turn,
        solved: Result<Solved, JoinError>,
    ) -> anyhow::Result<Option<Vec<Msg>>> {
        let (market, epoch) = turn;
        let Solved { following, result, offers, demands } = match solved {
            Ok(solved) => solved,
            Err(error) => {
                self.refused(turn, &format!("the solver stopped: {error}"));
                return Ok(None);
            }
        };
        self.following.insert(market, following);
        let solution = match result {
            Ok((solution, 0)) => solution,
            Ok((solution, left)) => {
                observe::pairs_kept(market, left);
                solution
            }
            Err(error) => {
                self.refused(turn, &error.to_string());
                return Ok(None);
            }
        };
        let unmatched = solution.clearing.fills.is_empty();
        if unmatched && !self.policy.clear_unmatched && !self.reclass.waits_for(market) {
            self.finish(turn);
            return Ok(None);
        }
        if !self.may_clear(turn).await? {
            self.finish(turn);
            observe::race_lost(market, epoch);
            return Ok(None);
        }
        observe::epoch_solved(market, epoch, offers, demands, solution.clearing.fills.len());
        let auction = &self.context.deployment.contracts.auction;
        let msgs = solution.messages(market, epoch, offers.saturating_add(demands), PART);
        let msgs = msgs.iter().map(|msg| Msg::execute(auction, msg)).collect::<Result<_, _>>()?;
        Ok(Some(msgs))
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

    /// Who is not to be paired with whom, whatever the market.
    async fn preferences(&mut self, books: &[(Turn, Book)]) -> anyhow::Result<Preferences> {
        let apart = Arc::new(self.apart().await?);
        let offering = books.iter().flat_map(|(_, book)| book.offers.iter().map(|o| o.device));
        let demanding = books.iter().flat_map(|(_, book)| book.demands.iter().map(|d| d.device));
        let pages = self.owners.unknown(offering.chain(demanding));
        let registry = &self.context.deployment.contracts.registry;
        let owners = self.owners.read(&*self.context.chain, registry, &pages).await?;
        Ok(Preferences { apart, owners, ..Preferences::default() })
    }

    /// Pairs that are not to meet now, because the provider failed the consumer lately.
    async fn apart(&self) -> anyhow::Result<Pairs> {
        let mut apart = Pairs::new();
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
    async fn may_clear(&self, (market, epoch): Turn) -> anyhow::Result<bool> {
        let auction = &self.context.deployment.contracts.auction;
        let query = QueryMsg::Market { market };
        let answer: MarketResponse = self.context.chain.query(auction, &query).await?;
        Ok(answer.epoch.clearing == Some(epoch))
    }

    async fn conclude(
        &mut self,
        turn: Turn,
        result: Result<TxResult, OutboxError>,
    ) -> anyhow::Result<()> {
        match result {
            Ok(result) => {
                let cleared = result.events.iter().find_map(|e| EpochCleared::try_from(e).ok());
                if let Some(cleared) = cleared {
                    observe::epoch_cleared(&cleared);
                }
                self.finish(turn);
            }
            Err(OutboxError::Failed { log }) => {
                if self.may_clear(turn).await? {
                    self.refused(turn, &log);
                } else {
                    observe::race_lost(turn.0, turn.1);
                    self.finish(turn);
                }
            }
            // Said by the outbox already; the epoch is tried again while it lasts.
            Err(_) => {}
        }
        Ok(())
    }

    fn finish(&mut self, (market, epoch): Turn) {
        self.done.insert(market, (epoch, MAX_ATTEMPTS));
    }

    /// Keeper and contract see different books: the keeper's is read anew.
    fn refused(&mut self, (market, epoch): Turn, log: &str) {
        observe::clearing_refused(market, epoch, log);
        let entry = self.done.entry(market).or_insert((epoch, 0));
        let before = if entry.0 == epoch { entry.1 } else { 0 };
        *entry = (epoch, before.saturating_add(1));
        self.books.doubt();
    }
}

/// A market and the epoch of it that is cleared.
type Turn = (MarketId, u32);

/// A book to be solved.
struct Job {
    book: Book,
    following: Following,
    preferences: Preferences,
}

/// What came of it.
struct Solved {
    following: Following,
    /// With the lots of pairs to be kept apart that are left.
    result: Result<(Solution, u64), SolveError>,
    offers: usize,
    demands: usize,
}

impl Job {
    fn solve(self) -> Solved {
        let Self { book, mut following, preferences } = self;
        let result = follow(&mut following, &book, &preferences);
        Solved { following, result, offers: book.offers.len(), demands: book.demands.len() }
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
