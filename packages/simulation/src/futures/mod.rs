//! A volatile month with and without futures, and waves of defaults.
//!
//! - [`month`]: providers sell a share of every slot's capacity weeks ahead at a strike from past prices
//!   ([`caplet_mechanism::strip`], [`caplet_mechanism::margin`]); factories that need lots every hour buy it, passers-by
//!   buy on spot. The spot price is the controller's ([`caplet_mechanism::price::Controller`]); a storm and devices that
//!   fail move it. Prepaid money counts in the hour of its delivery.
//! - [`wave`]: some sellers' devices die at once, the price rises, margins are called, sellers with empty purses
//!   default, and their buyers go to the spot market, which raises the price. Marks are the index's
//!   ([`caplet_mechanism::index`]), as the contract computes them.

mod month;
mod report;
mod spot;
mod wave;
mod world;

pub use month::{Lots, Month, Way, month};
pub use wave::{Wave, wave};
pub use world::{CAPACITY, FACTORIES, HOURS, PROVIDERS, WORTH};

use crate::Outcome;

/// Simulates the month of a seed under several ways to sell, and waves of defaults, and shows them.
#[must_use]
pub fn simulate(seed: u64) -> Outcome {
    report::outcome(seed)
}
