//! The certificate: whether fills are an optimal clearing of a book, by LP duality.
//!
//! For any class prices pi >= 0, with m_j the least of pi_r + c_rj over the classes that serve demand j,
//!
//! `D(pi) = sum_i S_i max(0, pi_class(i) - a_i) + sum_j D_j max(0, b_j - m_j)`
//!
//! bounds the welfare of every clearing of the divisible orders. A clearing whose own welfare W
//! reaches it is optimal, whoever computed it: accepted iff `D(pi) - W = 0`. The scan covers every open
//! order, so a clearing that leaves a profitable one out shows a gap.

mod bytes;
mod demands;
mod offers;
mod reject;
mod scan;
mod state;

pub use bytes::StateError;
pub use reject::{Reject, Slack};
pub use scan::Scan;

use crate::{Demand, Fill, Offer, Terms};

/// What a clearing that was accepted amounts to. Prices are in base units a lot, by class slot;
/// `None` for a class without offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Sum of limit - ask - cost over the divisible fills: proven to be the optimum.
    pub welfare: i128,
    /// The dual bound, equal to `welfare`.
    pub bound: i128,
    /// Lots filled, second pass included.
    pub lots: u64,
    /// Lowest optimal prices.
    pub low: Vec<Option<u64>>,
    /// Highest optimal prices.
    pub high: Vec<Option<u64>>,
    /// What is charged: the midpoint, rounded down for every class alike, and itself optimal.
    pub prices: Vec<Option<u64>>,
}

/// Verifies fills against a book in one go. Orders come in ascending id, fills in ascending (offer,
/// demand); `witness` are the solver's supporting prices by class slot. Orders that are expired,
/// cancelled or suspended at the freeze are left out by the caller.
///
/// # Errors
/// The first thing wrong, naming the order and both sides.
pub fn verify(
    terms: Terms<'_>,
    offers: impl IntoIterator<Item = Offer>,
    demands: impl IntoIterator<Item = Demand>,
    fills: &[Fill],
    witness: &[Option<u64>],
) -> Result<Verified, Reject> {
    let mut scan = Scan::start(terms, fills, witness)?;
    for demand in demands {
        scan.demand(&demand)?;
    }
    for offer in offers {
        scan.offer(&offer)?;
    }
    scan.finish()
}
