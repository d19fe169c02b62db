//! Class prices of an optimal clearing.
//!
//! Which price vectors support an optimum follows from any one optimal clearing by complementary
//! slackness ([`Margins`]): bounds of single prices and of differences of two. Such a set is closed
//! under componentwise minimum and maximum, so it has a lowest and a highest vector
//! ([`Extremes`]), and under rounding the midpoint of two members the same way everywhere, so
//! [`settle_prices`] is in it too (L-natural convexity: Murota, Discrete Convex Analysis, 2003).
//! The set does not depend on which optimal clearing it was read from, and neither do the prices.

mod extremes;
mod margins;

pub use extremes::{Constraints, Extremes};
pub use margins::Margins;
pub(crate) use margins::{ClassMargin, Slots, VectorMargin};

/// The price charged: the midpoint of the lowest and the highest vector, rounded down for every class
/// alike (rounding some up and some down would leave the optimal set).
#[must_use]
pub fn settle_prices(Extremes { low, high }: &Extremes) -> Vec<Option<u64>> {
    low.iter().zip(high).map(|(low, high)| Some((*low)?.midpoint((*high)?))).collect()
}
