//! From a frozen book to what a `Clear` carries.

use super::pairing::Preferences;
use caplet_api::auction::{ExecuteMsg, PriceConfig};
use caplet_api::packed::FillItem;
use caplet_clearing::{Book, BookError, Clearing, Fill, Following, Reject, Verified, verify};
use caplet_protocol::{MarketId, OrderId, Tick};
use std::borrow::Cow;

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

/// Solves the next book of a market from the optimum of the one before, pairs partners by `preferences`, and verifies the
/// result. Says how many lots of pairs to be kept apart are left.
///
/// # Errors
/// [`SolveError`]. What was known of the market is forgotten then.
pub fn follow(
    following: &mut Following,
    book: &Book,
    preferences: &Preferences,
) -> Result<(Solution, u64), SolveError> {
    let mut clearing = following.clear(book.clone())?;
    let left = preferences.pair(book, &mut clearing.fills);
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
    let offers = sorted(&book.offers, |offer| offer.id);
    let demands = sorted(&book.demands, |demand| demand.id);
    let (offers, demands) = (offers.iter().copied(), demands.iter().copied());
    let verified = verify(book.terms(), offers, demands, &clearing.fills, &clearing.prices)?;
    Ok(Solution { clearing, verified })
}

/// Orders by their ids; those of a keeper's own books are so.
fn sorted<T: Copy>(orders: &[T], id: impl Fn(&T) -> OrderId) -> Cow<'_, [T]> {
    if orders.is_sorted_by_key(&id) {
        return Cow::Borrowed(orders);
    }
    let mut orders = orders.to_vec();
    orders.sort_by_key(id);
    Cow::Owned(orders)
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
