//! A clearing as a file.

use super::{Money, Sum};
use crate::{Book, BookError, Clearing, Demand, Offer, Reject, Verified, paid, solve, verify};
use caplet_protocol::OrderId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What clears, and the proof that nothing better does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Sorted by (offer, demand).
    pub fills: Vec<FillReport>,
    /// Every class with offers, by slot.
    pub classes: Vec<ClassReport>,
    /// Sum over divisible fills of lots x (limit - ask - cost).
    pub welfare: Sum,
    /// D at the witness prices, recomputed from the book order by order.
    pub dual_bound: Sum,
    /// `dual_bound - welfare`: 0 proves that no clearing has more welfare.
    pub gap: Sum,
}

/// A fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FillReport {
    /// The offer.
    pub offer: u64,
    /// The demand.
    pub demand: u64,
    /// Lots.
    pub lots: u16,
    /// Base units a lot that the provider is paid.
    pub price: Money,
    /// Base units a lot of cost to the buyer: weights and fee.
    pub cost: Money,
}

/// The prices of a class, in base units a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassReport {
    /// The class.
    pub slot: u16,
    /// The solver's supporting price.
    pub witness: Money,
    /// Lowest supporting price.
    pub low: Money,
    /// Highest supporting price.
    pub high: Money,
    /// The price charged.
    pub price: Money,
}

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The book does not hang together.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The certificate refused what the solver found: a bug in one of them.
    #[error("the certificate refuses the solver's clearing ({0}): report this book")]
    Refused(#[from] Reject),
}

impl Report {
    /// Solves a book and verifies the result with the code that the contract runs.
    ///
    /// # Errors
    /// When the book does not hang together.
    pub fn of(book: &Book) -> Result<Self, ReportError> {
        let clearing = solve(book)?;
        let offers: BTreeMap<OrderId, Offer> = book.offers.iter().map(|o| (o.id, *o)).collect();
        let demands: BTreeMap<OrderId, Demand> = book.demands.iter().map(|d| (d.id, *d)).collect();
        let (all, wanted) = (offers.values().copied(), demands.values().copied());
        let verified = verify(book.terms(), all, wanted, &clearing.fills, &clearing.prices)?;
        let fills = clearing.fills.iter().filter_map(|fill| {
            let (offer, demand) = (offers.get(&fill.offer)?, demands.get(&fill.demand)?);
            Some(FillReport {
                offer: fill.offer.to_u64(),
                demand: fill.demand.to_u64(),
                lots: fill.lots.0,
                price: Money(paid(&book.market, offer, demand, &verified.prices)?),
                cost: Money(book.terms().cost(offer.class, demand.vector)?),
            })
        });
        Ok(Self {
            fills: fills.collect(),
            classes: classes(&clearing, &verified),
            welfare: Sum(verified.welfare),
            dual_bound: Sum(verified.bound),
            gap: Sum(verified.bound.saturating_sub(verified.welfare)),
        })
    }
}

fn classes(clearing: &Clearing, verified: &Verified) -> Vec<ClassReport> {
    let of = |prices: &[Option<u64>], slot: u16| {
        prices.get(usize::from(slot)).copied().flatten().map(Money)
    };
    let slots = (0..=u16::MAX).zip(&verified.prices);
    let report = |(slot, _)| {
        Some(ClassReport {
            slot,
            witness: of(&clearing.prices, slot)?,
            low: of(&verified.low, slot)?,
            high: of(&verified.high, slot)?,
            price: of(&verified.prices, slot)?,
        })
    };
    slots.filter_map(report).collect()
}
