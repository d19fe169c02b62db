//! A day of shifting demand under three ways to trade, which see the same devices and the same wishes:
//!
//! - **fixed**: every lot has a price of the day, yesterday's average or the device's ask if that is higher; who comes
//!   first takes the best ([`single::best`](caplet_clearing::single::best));
//! - **auction**: a batch clears every quarter of an hour ([`caplet_clearing::solve`]) at uniform prices;
//!   who cannot wait loses half of what a lot is worth to it;
//! - **mix**: what Caplet does. Every offer's lots are split between the lanes as a gateway proposes it
//!   ([`lanes`](caplet_mechanism::price::lanes)); what stands in one cannot be had in the other. Who can wait is in the
//!   batch, and takes what is posted when no later batch serves it; who cannot wait takes at once. What is posted is the
//!   ask, or the base price that the controller sets with the premium of the last cleared book's use
//!   ([`caplet_mechanism::price`]). Beside it the same with halves.
//!
//! Surplus is counted as value - cost - ask of what is traded, whatever is paid.

mod auction;
mod day;
mod fixed;
mod ledger;
mod mix;
mod report;
mod stage;

pub use ledger::{Ledger, Slot};

use crate::Outcome;
use caplet_clearing::BookError;
use stage::Stage;

/// What the three ways made of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Fixed prices only.
    pub fixed: Ledger,
    /// Auctions only.
    pub auction: Ledger,
    /// Both.
    pub mix: Ledger,
    /// Both, with half of each offer for the instant lane.
    pub halves: Ledger,
}

/// Why a day could not be simulated: the clearing refused a book, which is a bug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarketError {
    /// The book does not hang together.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The certificate refuses what the solver found.
    #[error("the certificate refuses the solver's clearing: {0}")]
    Refused(#[from] caplet_clearing::Reject),
}

/// Simulates the day of a seed; its fixed price is what the day before would have averaged in auctions.
///
/// # Errors
/// [`MarketError`].
pub fn day(seed: u64) -> Result<Day, MarketError> {
    let before = auction::day(&Stage::new(seed.wrapping_sub(1)))?;
    let stage = Stage::new(seed);
    Ok(Day {
        fixed: fixed::day(&stage, before.mean_price()),
        auction: auction::day(&stage)?,
        mix: mix::day(&stage, before.mean_price(), mix::PROPOSED)?,
        halves: mix::day(&stage, before.mean_price(), mix::halves)?,
    })
}

/// Simulates the day of a seed and shows it.
///
/// # Errors
/// [`MarketError`].
pub fn simulate(seed: u64) -> Result<Outcome, MarketError> {
    Ok(report::outcome(seed, &day(seed)?))
}
