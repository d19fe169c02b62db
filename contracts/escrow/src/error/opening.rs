//! Leases that cannot be opened as asked.

use thiserror::Error;

/// Leases that cannot be opened as asked.
#[derive(Debug, Error)]
pub enum OpeningError {
    /// A lease that needs more than was unlocked for it.
    #[error(
        "item {index} needs {needs} for price, bond and fee, {unlock} is unlocked for it: unlock at least that"
    )]
    Underfunded {
        /// Which item, from 0.
        index: usize,
        /// Base units needed.
        needs: u128,
        /// Base units unlocked.
        unlock: u64,
    },
    /// A lease of nothing.
    #[error("item {index} opens a lease of 0 lots: open at least one")]
    NoLots {
        /// Which item, from 0.
        index: usize,
    },
    /// Terms that end before they start, or are over.
    #[error(
        "terms run from {start} to {end}, it is {now}: end them after their start and after now"
    )]
    BadTimes {
        /// Unix seconds.
        start: u64,
        /// Unix seconds.
        end: u64,
        /// Unix seconds.
        now: u64,
    },
    /// A window that would lock money up.
    #[error("{what} of {found} is above {most}: shorten it")]
    LongWindow {
        /// Which.
        what: &'static str,
        /// As given.
        found: u32,
        /// Most.
        most: u32,
    },
}
