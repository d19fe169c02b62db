//! Markets, and one pass over them.

use super::desk::Desk;
use anyhow::{anyhow, ensure};
use caplet::matcher::{Owners, PART, Preferences, Solution, follow, proven};
use caplet_chain::{Msg, SignedTx};
use caplet_clearing::{Book, Following};
use caplet_protocol::{AccountId, MarketId};
use caplet_simulation::Random;
use caplet_simulation::books::{MARKET, book, change_a_hundredth};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The epoch that messages name.
const EPOCH: u32 = 7;

/// A market with its book, what the solver knows of it, and the source of its changes.
pub(super) struct Market {
    id: MarketId,
    book: Book,
    following: Following,
    preferences: Preferences,
    random: Random,
}

/// What the parts took, waiting included.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parts {
    pub(super) solve: Duration,
    pub(super) verify: Duration,
    pub(super) pack: Duration,
    pub(super) sign: Duration,
}

/// A market that was cleared.
pub(super) struct Done {
    pub(super) welfare: i128,
    pub(super) fills: usize,
    pub(super) signed: Vec<SignedTx>,
    pub(super) parts: Parts,
}

impl Market {
    /// The market of this number, counted from 1; its book is that of `packages/clearing`'s benchmark.
    pub(super) fn new(number: u32, preferences: Preferences) -> Self {
        let seed = u64::from(number.saturating_sub(1));
        Self {
            id: MarketId(number),
            book: book(MARKET, seed),
            following: Following::default(),
            preferences,
            random: Random::new(seed),
        }
    }

    pub(super) const fn orders(&self) -> usize {
        self.book.offers.len().saturating_add(self.book.demands.len())
    }

    /// The solver begins anew.
    pub(super) fn forget(&mut self) {
        self.following = Following::default();
    }

    /// A hundredth of the orders changes.
    pub(super) fn change(&mut self) {
        change_a_hundredth(&mut self.book, MARKET.ticks, &mut self.random);
    }

    /// Whether the matcher, which solves and verifies in one go, comes to the same as the parts.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let (one, other) = (&mut Following::default(), &mut Following::default());
        let (whole, _) = follow(one, &self.book, &self.preferences)?;
        let parts = solved(other, &self.book, &self.preferences, &mut Parts::default())?;
        ensure!(whole == parts, "market {}: what is timed is not what the matcher does", self.id);
        Ok(())
    }

    fn clear(&mut self, desk: &Desk) -> anyhow::Result<Done> {
        let mut parts = Parts::default();
        let solution = solved(&mut self.following, &self.book, &self.preferences, &mut parts)?;
        let since = Instant::now();
        let messages = solution.messages(self.id, EPOCH, self.orders(), PART);
        let messages = messages.iter().map(|message| Msg::execute(desk.auction(), message));
        let messages = messages.collect::<Result<Vec<_>, _>>()?;
        parts.pack = since.elapsed();
        let since = Instant::now();
        let signed = messages.into_iter().map(|message| desk.sign(message));
        let signed = signed.collect::<Result<Vec<_>, _>>()?;
        parts.sign = since.elapsed();
        let fills = solution.clearing.fills.len();
        Ok(Done { welfare: solution.clearing.welfare, fills, signed, parts })
    }
}

/// Every device of these markets with an owner of its own: who is to be kept apart has to be looked for, and nobody is.
pub(super) fn strangers() -> Preferences {
    let book = book(MARKET, 0);
    let offering = book.offers.iter().map(|offer| offer.device);
    let devices = offering.chain(book.demands.iter().map(|demand| demand.device));
    let mut owners = Owners::default();
    owners.extend(devices.zip((1..).map(AccountId)));
    Preferences { owners: owners.into(), ..Preferences::default() }
}

/// Solved, paired and verified as by [`follow`].
fn solved(
    following: &mut Following,
    book: &Book,
    preferences: &Preferences,
    parts: &mut Parts,
) -> anyhow::Result<Solution> {
    let since = Instant::now();
    let mut clearing = following.clear(book.clone())?;
    preferences.pair(book, &mut clearing.fills);
    parts.solve = since.elapsed();
    let since = Instant::now();
    let solution = proven(book, clearing)?;
    parts.verify = since.elapsed();
    Ok(solution)
}

/// Clears all markets side by side, each as soon as a thread is free.
pub(super) fn pass(
    markets: &mut [Market],
    threads: usize,
    desk: &Desk,
) -> anyhow::Result<Vec<Done>> {
    let waiting = Mutex::new(markets.iter_mut());
    let work = || -> anyhow::Result<Vec<Done>> {
        let mut done = Vec::new();
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(market) = next else { return Ok(done) };
            done.push(market.clear(desk)?);
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work()?;
        for other in others {
            done.extend(other.join().map_err(|_| anyhow!("a thread stopped in mid-clearing"))??);
        }
        Ok(done)
    })
}
