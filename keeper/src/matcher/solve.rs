//! From a frozen book to what a `Clear` carries.

use caplet_api::auction::{ExecuteMsg, PriceConfig};
use caplet_api::packed::FillItem;
use caplet_clearing::{
    Book, BookError, Clearing, Demand, Fill, Following, Offer, Reject, Verified, keep_apart,
    keep_together, verify,
};
use caplet_protocol::{DeviceId, MarketId, Tick};
use std::collections::BTreeSet;

/// A clearing that the certificate accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// Fills and witness prices.
    pub clearing: Clearing,
    /// What the certificate made of them.
    pub verified: Verified,
}

/// Why a book has no solution. Both mean that keeper and contract disagree about the book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SolveError {
    /// The book does not hang together.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The certificate refuses what the solver found.
    #[error("the certificate refuses the solver's clearing: {0}")]
    Refused(#[from] Reject),
}

/// Solves a book and verifies the result with the code that the contract runs. `None` if a side is
/// empty: there is nothing to clear, and no price to learn.
///
/// # Errors
/// [`SolveError`].
pub fn solve(book: &Book) -> Result<Option<Solution>, SolveError> {
    if is_idle(book) {
        return Ok(None);
    }
    proven(book, caplet_clearing::solve(book)?).map(Some)
}

/// Whether a side of a book is empty.
pub(super) fn is_idle(book: &Book) -> bool {
    let offered = book.offers.iter().any(|offer| offer.lots.0 > 0);
    !(offered && book.demands.iter().any(|demand| demand.lots.0 > 0))
}

/// Whether clearing a book of which a side is empty moves the base price: down where nobody asks, up where nobody
/// offers, until it is at its bound. A book with neither says nothing.
pub(super) fn moves(book: &Book, base: Tick, price: &PriceConfig) -> bool {
    let offered = book.offers.iter().any(|offer| offer.lots.0 > 0);
    let demanded = book.demands.iter().any(|demand| demand.lots.0 > 0);
    match (offered, demanded) {
        (true, false) => base > price.floor,
        (false, true) => base < price.ceiling,
        _ => false,
    }
}

/// Pairs of provider and consumer.
pub type Pairs = BTreeSet<(DeviceId, DeviceId)>;

/// Solves the next book of a market from the optimum of the one before, pairs partners so that as few as can be are of
/// those to be kept `apart`, and beside that those of before stay `together`, and verifies the result. Says how many lots of
/// pairs to be kept apart are left.
///
/// # Errors
/// [`SolveError`]. What was known of the market is forgotten then.
pub fn follow(
    following: &mut Following,
    book: &Book,
    apart: &Pairs,
    together: &Pairs,
) -> Result<(Solution, u64), SolveError> {
    let mut clearing = following.clear(book.clone())?;
    let kept = |provider, consumer| apart.contains(&(provider, consumer));
    let left = if apart.is_empty() { 0 } else { keep_apart(book, &mut clearing.fills, kept) };
    keep_together(book, &mut clearing.fills, together, kept);
    let solution = proven(book, clearing);
    if solution.is_err() {
        *following = Following::default();
    }
    Ok((solution?, left))
}

/// A clearing of a book with what the code that the contract runs makes of it.
///
/// # Errors
/// [`SolveError::Refused`].
pub fn proven(book: &Book, clearing: Clearing) -> Result<Solution, SolveError> {
    let (offers, demands) = (
        sorted(&book.offers, |offer: &Offer| offer.id),
        sorted(&book.demands, |demand: &Demand| demand.id),
    );
    let verified = verify(book.terms(), offers, demands, &clearing.fills, &clearing.prices)?;
    Ok(Solution { clearing, verified })
}

fn sorted<T: Copy, K: Ord>(orders: &[T], key: impl Fn(&T) -> K) -> Vec<T> {
    let mut orders = orders.to_vec();
    orders.sort_by_key(key);
    orders
}

impl Solution {
    /// The messages that submit a clearing of a book of so many orders, each in a transaction of its own: one
    /// for most books, a scan in parts of `part` orders for a larger one.
    #[must_use]
    pub fn messages(
        &self,
        market: MarketId,
        epoch: u32,
        orders: usize,
        part: u32,
    ) -> Vec<ExecuteMsg> {
        let part = part.max(1);
        let orders = u32::try_from(orders).unwrap_or(u32::MAX);
        let whole = self.message(market, epoch);
        let ExecuteMsg::Clear { fills, prices, .. } = whole else { return vec![whole] };
        if orders <= part {
            return vec![ExecuteMsg::Clear { market, epoch, fills, prices }];
        }
        let begin = ExecuteMsg::BeginClear { market, epoch, fills, prices, orders: part };
        let more = orders.div_ceil(part).saturating_sub(1);
        let go_on = || ExecuteMsg::ContinueClear { market, epoch, orders: part };
        std::iter::once(begin).chain((0..more).map(|_| go_on())).collect()
    }

    /// The message that submits it in one transaction.
    #[must_use]
    pub fn message(&self, market: MarketId, epoch: u32) -> ExecuteMsg {
        let item = |fill: &Fill| FillItem {
            offer_page: fill.offer.page,
            offer_slot: fill.offer.slot,
            demand_page: fill.demand.page,
            demand_slot: fill.demand.slot,
            lots: fill.lots.0,
        };
        let items: Vec<FillItem> = self.clearing.fills.iter().map(item).collect();
        ExecuteMsg::Clear {
            market,
            epoch,
            fills: FillItem::pack(&items).into(),
            prices: self.clearing.prices.iter().map(|price| price.map(Into::into)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_clearing::{Class, ClassIndex, Market, Vector};
    use caplet_protocol::{CellId, Lots, OrderId, VectorId};

    /// Providers 1 and 2 and consumers 11 and 12, alike.
    fn book() -> Book {
        let market = Market {
            tick_size: 1,
            fee_per_lot: 0,
            reliability_bps: vec![9_000],
            latency_ms: vec![vec![0]],
        };
        let class = Class {
            cell: CellId(0),
            latency: 0,
            throughput: 0,
            accuracy: 0,
            reliability: 0,
            tags: 0,
            attested: false,
        };
        let vector = Vector {
            cell: CellId(0),
            latency: 0,
            throughput: 0,
            accuracy: 0,
            reliability: 0,
            tags: 0,
            attested: false,
            rho: 0,
            lambda: 0,
        };
        let id = |slot| OrderId { page: 0, slot };
        let offers = [1u8, 2].map(|n| Offer {
            id: id(n),
            device: DeviceId(n.into()),
            class: ClassIndex(0),
            ask: Tick(5),
            lots: Lots(1),
        });
        let demands = [1u8, 2].map(|n| Demand {
            id: id(n),
            device: DeviceId(10 + u32::from(n)),
            vector: VectorId(0),
            limit: Tick(9),
            lots: Lots(1),
            all_or_nothing: false,
        });
        Book {
            market,
            classes: vec![Some(class)],
            vectors: vec![vector],
            offers: offers.into(),
            demands: demands.into(),
        }
    }

    fn partner_of_11(apart: &[(u32, u32)], together: &[(u32, u32)]) -> (u8, u64) {
        let pairs = |of: &[(u32, u32)]| -> Pairs {
            of.iter().map(|(one, other)| (DeviceId(*one), DeviceId(*other))).collect()
        };
        let (mut following, book) = (Following::default(), book());
        let (solution, left) =
            follow(&mut following, &book, &pairs(apart), &pairs(together)).unwrap();
        let fill = solution.clearing.fills.iter().find(|fill| fill.demand.slot == 1).unwrap();
        (fill.offer.slot, left)
    }

    #[test]
    fn partners_of_before_meet_again_unless_one_has_failed_the_other() {
        assert_eq!(partner_of_11(&[], &[]), (1, 0), "by age");
        assert_eq!(partner_of_11(&[], &[(2, 11)]), (2, 0));
        assert_eq!(partner_of_11(&[(1, 11)], &[]), (2, 0));
        assert_eq!(partner_of_11(&[(2, 11)], &[(2, 11)]), (1, 0), "a failure weighs more");
        assert_eq!(partner_of_11(&[(2, 12)], &[(2, 12)]), (2, 0), "moved by the other's failure");
        assert_eq!(partner_of_11(&[(1, 11), (2, 11)], &[(2, 11)]).1, 1, "there is no other");
    }
}
