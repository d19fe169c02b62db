//! A book as a file.

use super::Money;
use crate::MAX_CLASSES;
use serde::{Deserialize, Serialize};

/// A market's book. Unknown fields are refused: a misspelt weight must not count as none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookFile {
    /// The market.
    pub market: MarketEntry,
    /// Live classes, each with its slot.
    pub classes: Vec<ClassEntry>,
    /// Requirement vectors; a demand names them by their place, from 0.
    pub vectors: Vec<VectorEntry>,
    /// Open offers.
    pub offers: Vec<OfferEntry>,
    /// Open demands.
    pub demands: Vec<DemandEntry>,
}

/// [`Market`](crate::Market).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketEntry {
    /// Base units of a tick.
    pub tick_size: Money,
    /// Base units a lot, inside the cost.
    pub fee_per_lot: Money,
    /// Reliability by tier, basis points.
    pub reliability_bps: Vec<u16>,
    /// Milliseconds from provider's cell (row) to consumer's (column); `null` where there is no way.
    pub latency_ms: Vec<Vec<Option<u16>>>,
}

/// [`Class`](crate::Class).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the fields of Class, by the same names
pub struct ClassEntry {
    /// Its slot, below 4096.
    pub slot: u16,
    pub cell: u16,
    pub latency: u8,
    pub throughput: u8,
    pub accuracy: u8,
    pub reliability: u8,
    pub tags: u32,
    pub attested: bool,
}

/// [`Vector`](crate::Vector).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the fields of Vector, by the same names
pub struct VectorEntry {
    pub cell: u16,
    pub latency: u8,
    pub throughput: u8,
    pub accuracy: u8,
    pub reliability: u8,
    pub tags: u32,
    pub attested: bool,
    pub rho: u16,
    pub lambda: u16,
}

/// [`Offer`](crate::Offer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferEntry {
    /// `page * 256 + slot`.
    pub id: u64,
    /// The providing device.
    pub device: u32,
    /// Its class's slot.
    pub class: u16,
    /// Base units a lot, a multiple of the tick.
    pub ask: Money,
    /// Lots that are left.
    pub lots: u16,
}

/// [`Demand`](crate::Demand).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemandEntry {
    /// `page * 256 + slot`.
    pub id: u64,
    /// The consuming device.
    pub device: u32,
    /// Place of its vector.
    pub vector: u16,
    /// Base units a lot, cost included, a multiple of the tick.
    pub limit: Money,
    /// Lots that are left.
    pub lots: u16,
    /// Takes all lots or none.
    #[serde(default)]
    pub all_or_nothing: bool,
}

/// Why a file is not a book. What only shows between its parts is a [`BookError`](crate::BookError).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Not an order id.
    #[error("order id {0} is not below 2^40: write page * 256 + slot")]
    Id(u64),
    /// Not on the price ladder.
    #[error(
        "order {id}: price {price} is not one of 0 to 65535 ticks of {tick}: round it to a tick"
    )]
    Price {
        /// The order.
        id: u64,
        /// Its price.
        price: u64,
        /// The market's tick size.
        tick: u64,
    },
    /// Not a slot.
    #[error("class slot {0} is not below {MAX_CLASSES}: number the classes from 0")]
    Slot(u16),
    /// Two classes in one slot.
    #[error("two classes have the slot {0}: give each its own")]
    SlotTwice(u16),
}
