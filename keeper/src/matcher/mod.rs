//! Clears the markets: solves the frozen books of all epochs that may be cleared side by side, checks each result
//! with the contract's own certificate, and submits it if nobody was faster. Clears away
//! orders past their end, and brings those of devices with another standing in line.

mod chore;
mod clear_away;
mod duty;
mod pairing;
mod reclass;
mod side_by_side;
mod solve;

pub use duty::PART;
pub use pairing::{Owners, Pairs, Preferences};
pub use solve::{Solution, SolveError, follow, proven, solve};

use crate::book::Books;
use crate::config::MatcherConfig;
use crate::context::Context;
use crate::reconcile;
use duty::Matcher;

/// Starts the matcher in `context.tasks`.
pub fn start(context: &Context, books: Books, policy: MatcherConfig) {
    let wakes = books.changed();
    reconcile::start(context, Matcher::new(context.clone(), books, policy), wakes);
}
