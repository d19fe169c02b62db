//! Attacks on a reputation, with the money counted, and what other ways to rate make of the same trace.
//!
//! A market of honest devices and consumers, a lease a consumer and day, two leases a device and day at most. Consumers see some of the devices and take
//! the one that ranks best; a tenth of the demand tries its luck, so that newcomers are seen. Who ranks is one of
//!
//! - **caplet**: the contract's arithmetic ([`caplet_mechanism::reputation`]): decayed evidence weighted by fees
//!   burned, capped a payer, complaints out of fees burned, lower bound, suspension;
//! - **random**: nobody ranks;
//! - **mean**: the mean of all ratings, each worth the same;
//! - **eigentrust**: Kamvar, Schlosser and Garcia-Molina, WWW 2003, recomputed every day, with three honest
//!   consumers trusted from the start.
//!
//! Money is counted in base units; a lease costs [`PRICE`], of which [`FEE_BPS`] burn.

mod attack;
mod caplet;
mod detect;
mod eigen;
mod market;
mod ranking;
mod replay;
mod report;

pub use attack::Attack;
pub use detect::{Detection, detections};
pub use market::{Run, run};
pub use ranking::{Lease, Way};
pub use replay::{RatingError, TimedRating, generated, parse, replay};

use crate::Outcome;

/// Base units of a lease.
pub const PRICE: u64 = 10_000;
/// Basis points of what is redeemed that burn.
pub const FEE_BPS: u64 = 100;
/// Days of a run.
pub const DAYS: u32 = 120;

/// Runs every attack against the contract's arithmetic and every way to rank on a mixed trace, measures how soon a
/// device that gets worse is found out, and replays `ratings` (or a small generated set).
#[must_use]
pub fn simulate(seed: u64, ratings: Option<&[TimedRating]>) -> Outcome {
    report::outcome(seed, ratings)
}
