//! The price index of a market: a median of recent trades that no single owner can move
//! (`MECHANISMS.md` 5).
//!
//! Each trade weighs its lots, but trades that an owner takes part in, on either side, weigh at most a
//! share of all together; what is more is scaled down. With a share under one half the median then
//! lies between prices that others paid, whatever one owner trades with its own other identities'
//! *owner*; many owners cost many fees, which is the limit of every volume-weighted index.

use caplet_protocol::Bps;

/// Lots in weights: trades are scaled down by fractions of a lot.
const LOT: u128 = 1 << 32;
/// Rounds of scaling down; each shrinks what is above the cap by at least the cap's own share.
const ROUNDS: usize = 24;
/// Part of the total by which rounding may leave an owner above the cap: a millionth.
const SLACK: u128 = 1_000_000;

/// A trade between two owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Base units a lot.
    pub price: u64,
    /// Lots; a trade of none weighs nothing.
    pub lots: u32,
    /// The paying owner.
    pub payer: u32,
    /// The owner that is paid.
    pub payee: u32,
}

/// What makes a median worth something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexRules {
    /// Most of all weight that one owner's trades may have; below 5,000 no owner moves the median
    /// beyond what others paid.
    pub cap: Bps,
    /// Least number of owners on each side.
    pub owners: u32,
}

impl IndexRules {
    /// The lower weighted median; `None` when too few owners trade, or when no scaling meets the cap:
    /// the caller then has its stated fallback.
    #[must_use]
    pub fn median(self, trades: &[Trade]) -> Option<u64> {
        let strangers = |trade: &&Trade| trade.payer != trade.payee && trade.lots > 0;
        let trades: Vec<Trade> = trades.iter().filter(strangers).copied().collect();
        let payers = distinct(trades.iter().map(|trade| trade.payer));
        let payees = distinct(trades.iter().map(|trade| trade.payee));
        let least = usize::try_from(self.owners.max(1)).ok()?;
        if payers.len() < least || payees.len() < least {
            return None;
        }
        let mut owners = payers;
        owners.extend(payees);
        let owners = distinct(owners.into_iter());
        let weights = self.capped(&trades, &owners)?;
        lower_median(&trades, &weights)
    }

    fn capped(self, trades: &[Trade], owners: &[u32]) -> Option<Vec<u128>> {
        let mut weights: Vec<u128> =
            trades.iter().map(|trade| LOT.saturating_mul(trade.lots.into())).collect();
        for _ in 0..ROUNDS {
            let mut scaled = false;
            for owner in owners {
                let cap = self.of(sum(&weights));
                let has = weight_of(*owner, trades, &weights);
                if has > cap {
                    scale(*owner, trades, &mut weights, cap, has);
                    scaled = true;
                }
            }
            if !scaled {
                break;
            }
        }
        let total = sum(&weights);
        let most = self.of(total).saturating_add(total / SLACK);
        let fair = owners.iter().all(|owner| weight_of(*owner, trades, &weights) <= most);
        (fair && total > 0).then_some(weights)
    }

    fn of(self, total: u128) -> u128 {
        total.saturating_mul(self.cap.0.min(10_000).into()) / 10_000
    }
}

fn distinct(owners: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut owners: Vec<u32> = owners.collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

fn sum(weights: &[u128]) -> u128 {
    weights.iter().fold(0, |sum, weight| sum.saturating_add(*weight))
}

fn weight_of(owner: u32, trades: &[Trade], weights: &[u128]) -> u128 {
    let own = |(trade, _): &(&Trade, &u128)| trade.payer == owner || trade.payee == owner;
    let own = trades.iter().zip(weights).filter(own);
    own.fold(0, |sum, (_, weight)| sum.saturating_add(*weight))
}

/// Scales an owner's trades from `has` to `to` together. Lots are 32 bits, so products fit 128.
fn scale(owner: u32, trades: &[Trade], weights: &mut [u128], to: u128, has: u128) {
    for (trade, weight) in trades.iter().zip(weights) {
        if trade.payer == owner || trade.payee == owner {
            let ratio = (to << 32).checked_div(has).unwrap_or_default();
            *weight = weight.saturating_mul(ratio) >> 32;
        }
    }
}

fn lower_median(trades: &[Trade], weights: &[u128]) -> Option<u64> {
    let mut by_price: Vec<(u64, u128)> =
        trades.iter().map(|trade| trade.price).zip(weights.iter().copied()).collect();
    by_price.sort_unstable();
    let total = sum(weights);
    let mut below = 0u128;
    by_price.into_iter().find_map(|(price, weight)| {
        below = below.saturating_add(weight);
        (below.saturating_mul(2) >= total).then_some(price)
    })
}
