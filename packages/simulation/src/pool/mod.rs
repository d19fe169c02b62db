//! A month of devices behind one provider identity, beside the same devices alone.
//!
//! Every [`Way`] sees the same failures and the same wishes. Tolerant wishes take any provider; strict ones pay more and
//! take only who may advertise what they need ([`caplet_mechanism::availability::advertised`]). Alone, a lease whose
//! device dies ends; its consumer buys the rest again where there is room, in the next slot. A pool sells what its
//! members can do without the `spares` largest, serves on with the next in the failover order in the same slot, and
//! shares what it earns by its two accumulators ([`caplet_mechanism::accumulator`]).

mod books;
mod report;
mod run;
mod world;

pub use run::{Month, Way, month};
pub use world::{CAPACITY, MEMBERS, SLOTS, Site};

use crate::Outcome;

/// Simulates the month of a seed for every way and shows it.
#[must_use]
pub fn simulate(seed: u64) -> Outcome {
    report::outcome(seed)
}
