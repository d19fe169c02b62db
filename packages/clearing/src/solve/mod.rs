//! The exact solver.
//!
//! Orders are aggregated into (class, ask) and (vector, limit) buckets, so the network has a node a
//! class and a node a vector however many orders there are; a minimum-cost circulation on it is the
//! optimum, its node potentials are supporting class prices; then lots are dealt out to orders by
//! time priority. The tie-break among optima is `docs/adr/0002-canonical-clearing.md`.

mod circulation;
mod follow;
mod incremental;
mod many;
#[cfg(test)]
mod netgen;
mod network;
mod pair;
mod queue;
mod rows;
mod simplex;
mod start;
mod tree;
mod whole;

use crate::{Book, BookError, Fill};
pub use follow::Following;
pub use incremental::{Change, ChangeError, Incremental};
pub use many::solve_many;
use network::Network;
use queue::Queue;

/// What clears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// Who gets how many lots of whom, sorted by (offer, demand).
    pub fills: Vec<Fill>,
    /// Supporting class prices in base units a lot: the witness that [`verify`](crate::verify) asks
    /// for. What is charged are [`Verified::prices`](crate::Verified::prices). `None` for a class
    /// without offers.
    pub prices: Vec<Option<u64>>,
    /// Sum of limit - ask - cost over the divisible fills, in base units: the optimum.
    pub welfare: i128,
}

/// Clears a book exactly: no other fills of its divisible orders have more welfare. Demands that
/// want several lots or none then fill from what is left, each at the ask of its offers.
///
/// The result depends on the book's contents alone, not on how its lists are sorted.
///
/// # Errors
/// When the book does not hang together: [`Book::check`].
pub fn solve(book: &Book) -> Result<Clearing, BookError> {
    book.check()?;
    let mut supply = Queue::of_offers(book);
    let mut demand = Queue::of_demands(book);
    let (optimum, _) = Network::build(book.terms(), &supply, &demand, None).optimum(None);
    let mut fills = pair::deal(&mut supply, &mut demand, &optimum.routes);
    let welfare = optimum.welfare;
    whole::fill(book.terms(), &book.demands, &mut supply, &mut fills);
    fills.sort_unstable();
    Ok(Clearing { fills, prices: optimum.prices, welfare })
}
