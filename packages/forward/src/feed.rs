//! Which trades a keeper tells a market's index of.

use caplet_protocol::MarketId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Leases of a market that are told at a time, at most: twice what the index keeps of one owner.
pub const MOST: usize = 32;
/// Seconds after its start from which the consumer's side tells a lease too.
pub const LATER_SECS: u64 = 60;

/// A lease that a local device takes part in. Its price is not among what is known of it: what is told never depends
/// on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its number.
    pub lease: u64,
    /// The market.
    pub market: MarketId,
    /// Unix seconds of its start.
    pub start: u64,
    /// Whether the auction opened it, for a payer that is not the payee: nothing else is a trade.
    pub traded: bool,
    /// Whether the providing side is here. It tells at once and the consumer's a minute later, so that seldom both pay
    /// for telling the same.
    pub provides: bool,
}

/// Leases to tell at `now`, Unix seconds, by market: trades of the last `window_secs` in markets that have a series
/// that is not over, which were not told yet. The latest first, since the index keeps the latest of an owner.
#[must_use]
pub fn due(
    now: u64,
    window_secs: u64,
    markets: &BTreeSet<MarketId>,
    leases: &[Opened],
    told: &BTreeSet<u64>,
) -> BTreeMap<MarketId, Vec<u64>> {
    let since = now.saturating_sub(window_secs);
    let turn = |one: &Opened| one.provides || now >= one.start.saturating_add(LATER_SECS);
    let counts = |one: &&Opened| one.traded && one.start >= since && turn(one);
    let new = |one: &&Opened| markets.contains(&one.market) && !told.contains(&one.lease);
    let mut open: Vec<&Opened> = leases.iter().filter(counts).filter(new).collect();
    open.sort_unstable_by_key(|one| Reverse((one.start, one.lease)));
    let mut due: BTreeMap<MarketId, Vec<u64>> = BTreeMap::new();
    for one in open {
        let leases = due.entry(one.market).or_default();
        if leases.len() < MOST {
            leases.push(one.lease);
        }
    }
    due
}
