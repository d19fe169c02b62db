//! From a frozen book to what a `Clear` carries.

use caplet_api::auction::ExecuteMsg;
use caplet_api::packed::FillItem;
use caplet_clearing::{Book, BookError, Clearing, Demand, Fill, Offer, Reject, Verified, verify};
use caplet_protocol::MarketId;

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
    let has_lots =
        book.offers.iter().any(|o| o.lots.0 > 0) && book.demands.iter().any(|d| d.lots.0 > 0);
    if !has_lots {
        return Ok(None);
    }
    let clearing = caplet_clearing::solve(book)?;
    let (offers, demands) = (
        sorted(&book.offers, |offer: &Offer| offer.id),
        sorted(&book.demands, |demand: &Demand| demand.id),
    );
    let verified = verify(book.terms(), offers, demands, &clearing.fills, &clearing.prices)?;
    Ok(Some(Solution { clearing, verified }))
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
