//! What this keeper keeps beside what the chain says, to the last unit, with a reason for each difference.
//!
//! The chain is right about what was redeemed, the store about what was vouched for; neither is changed
//! here. A lease that is over and rated was forgotten by the store, so only what the chain did with it shows.
//! Where links were used, what both sides counted, signed and accepted is held against that too.

mod explain;
mod gather;
mod meter;
mod quality;
mod states;
mod totals;

pub use explain::{Seen, Why, explain};
pub use gather::audit;
pub use meter::{Counted, Gap, MeterLine, Side, explain_count, explain_voucher};
pub use quality::{Measures, QualityLine};
pub use totals::Total;

use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_protocol::{AssetId, Lane, LeaseId};
use serde::{Serialize, Serializer};
use std::fmt::Display;

/// The whole comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The chain.
    pub chain_id: String,
    /// Height at which it was asked first.
    pub height: u64,
    /// A line for every lane that is served here or has a voucher here, by lease and lane.
    pub lanes: Vec<LaneLine>,
    /// A line for every metering state that is kept here, by lease, lane and side.
    pub metered: Vec<MeterLine>,
    /// What the lines add up to, by asset.
    pub totals: Vec<Total>,
    /// The escrow's own ledger beside what it holds, by asset.
    pub ledgers: Vec<LedgerLine>,
    /// What both sides measured of lanes that were served here, the last ones, by lease and lane.
    pub quality: Vec<QualityLine>,
}

impl Report {
    /// Lines in which store and chain differ.
    #[must_use]
    pub fn differences(&self) -> usize {
        self.lanes.iter().filter(|line| line.why != Why::Even).count()
    }

    /// Metering states that differ from what comes before or after them.
    #[must_use]
    pub fn metered_differences(&self) -> usize {
        self.metered.iter().filter(|line| line.differs()).count()
    }

    /// Whether every ledger adds up and is covered.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.ledgers.iter().all(|ledger| ledger.adds_up && ledger.is_covered)
    }
}

/// A lane, as the store and as the chain have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneLine {
    /// The lease.
    pub lease: LeaseId,
    /// The lane.
    pub lane: Lane,
    /// What it pays in; `None` if the chain does not know the lease.
    pub asset: Option<AssetId>,
    /// Where the lease stands.
    pub state: Option<LeaseState>,
    /// Why it ended, once it has.
    pub reason: Option<CloseReason>,
    /// Most it may redeem, base units.
    #[serde(serialize_with = "text")]
    pub cap: u64,
    /// Redeemed, gross, base units.
    #[serde(serialize_with = "text")]
    pub redeemed: u64,
    /// Cumulative base units of the best voucher kept; `None` without one.
    #[serde(serialize_with = "text_or_null")]
    pub vouched: Option<u128>,
    /// What is vouched for and can be paid, less what is redeemed: positive is still to come or given up,
    /// negative is more than this store knows of.
    #[serde(serialize_with = "text")]
    pub difference: i128,
    /// The kind of difference.
    pub why: Why,
    /// The difference in words, with what to do about it.
    pub words: String,
}

/// The escrow's ledger of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    /// The asset.
    pub asset: AssetId,
    /// What the escrow owes: balances, orders, reserves, bonds, fees.
    #[serde(serialize_with = "text")]
    pub owed: u128,
    /// What bank or token say that it holds.
    #[serde(serialize_with = "text")]
    pub held: u128,
    /// Whether its parts add up to what came in and has not gone out.
    pub adds_up: bool,
    /// Whether it holds at least what it owes.
    pub is_covered: bool,
    /// In words.
    pub words: String,
}

/// Amounts are decimal text: JSON readers lose what is past 53 bits.
fn text<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

fn text_or_null<T: Display, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => to.collect_str(value),
        None => to.serialize_none(),
    }
}
