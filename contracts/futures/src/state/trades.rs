//! Trades that a market's index is made of, the latest of each owner.

use caplet_mechanism::index::Trade;
use caplet_protocol::MarketId;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;

/// Trades a market keeps.
const MOST: usize = 64;
/// Trades it keeps of one owner, on either side: nobody pushes the others out alone.
const OF_ONE: usize = 16;

/// A lease that the auction opened.
#[cw_serde]
pub(crate) struct Seen {
    /// The lease.
    pub(crate) lease: u64,
    /// Base units a lot.
    pub(crate) price: u64,
    /// Lots.
    pub(crate) lots: u16,
    /// The paying account.
    pub(crate) payer: u32,
    /// The account that is paid.
    pub(crate) payee: u32,
    /// Unix seconds of its start.
    pub(crate) at: u32,
}

/// Maps a market to its trades, in no order.
const TRADES: Map<u32, Vec<Seen>> = Map::new("trades");

impl Seen {
    /// As the index counts it.
    pub(crate) fn trade(&self) -> Trade {
        let Self { price, lots, payer, payee, .. } = *self;
        Trade { price, lots: lots.into(), payer, payee }
    }

    fn of(&self, owner: u32) -> bool {
        self.payer == owner || self.payee == owner
    }
}

/// A market's trades.
pub(crate) fn load(storage: &dyn Storage, market: MarketId) -> StdResult<Vec<Seen>> {
    Ok(TRADES.may_load(storage, market.0)?.unwrap_or_default())
}

/// Stores a market's trades.
pub(crate) fn save(storage: &mut dyn Storage, market: MarketId, all: &Vec<Seen>) -> StdResult<()> {
    TRADES.save(storage, market.0, all)
}

/// Adds a trade if it is not there and is later than what would have to give way for it; whether it was added.
pub(crate) fn add(all: &mut Vec<Seen>, seen: Seen) -> bool {
    if seen.payer == seen.payee || all.iter().any(|one| one.lease == seen.lease) {
        return false;
    }
    let mut kept = all.clone();
    for owner in [seen.payer, seen.payee] {
        if kept.iter().filter(|one| one.of(owner)).count() >= OF_ONE
            && !give_way(&mut kept, &seen, |one| one.of(owner))
        {
            return false;
        }
    }
    if kept.len() >= MOST && !give_way(&mut kept, &seen, |_| true) {
        return false;
    }
    kept.push(seen);
    *all = kept;
    true
}

/// Drops the oldest of those that match, if it is older.
fn give_way(all: &mut Vec<Seen>, seen: &Seen, matches: impl Fn(&Seen) -> bool) -> bool {
    let age = |one: &Seen| (one.at, one.lease);
    let oldest = all.iter().filter(|one| matches(one)).map(age).min();
    match oldest {
        Some(oldest) if oldest < age(seen) => {
            all.retain(|one| age(one) != oldest);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lease: u64, payer: u32, payee: u32) -> Seen {
        let at = u32::try_from(lease).unwrap();
        Seen { lease, price: 1, lots: 1, payer, payee, at }
    }

    #[test]
    fn an_owner_pushes_out_its_own_trades_only() {
        let mut all = vec![];
        for lease in 1..=10 {
            assert!(add(&mut all, seen(lease, 1, 2)));
        }
        for lease in 100..200 {
            assert!(add(&mut all, seen(lease, 8, 9)));
        }
        assert_eq!(all.iter().filter(|one| one.of(1)).count(), 10);
        assert_eq!(all.len(), 26);
    }

    #[test]
    fn a_trade_counts_once_and_an_old_one_does_not_come_back() {
        let mut all = vec![];
        assert!(add(&mut all, seen(5, 1, 2)));
        assert!(!add(&mut all, seen(5, 1, 2)));
        assert!(!add(&mut all, seen(6, 3, 3)));
        for lease in 10..40 {
            add(&mut all, seen(lease, 1, 2));
        }
        assert!(!add(&mut all, seen(5, 1, 2)));
    }
}
