//! What a payer keeps on disk.

use crate::{Proof, Rates};
use caplet_protocol::layout::QosReport;

/// The durable state of a payer's side of a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayerState {
    /// Session epoch.
    pub epoch: u64,
    /// Units counted, cumulative.
    pub counted: u64,
    /// Units counted on the payee's word after a crash of this side, cumulative: at most a segment a
    /// crash.
    pub believed: u64,
    /// Whether the count was exact when it was stored, as it is after [`crate::Payer::rest`].
    pub exact: bool,
    /// Whether the last voucher is signed.
    pub ended: bool,
    /// Base units that the chain has redeemed by a voucher of this side that both sides have lost.
    pub redeemed: u64,
    /// Rates by unit, as the market's schedule has them for the quality that was measured.
    pub rates: Rates,
    /// The best voucher that was signed, with the best link revealed.
    pub best: Option<Proof>,
    /// The report of the last voucher.
    pub report: Option<QosReport>,
}

impl PayerState {
    /// Base units signed for, cumulative.
    #[must_use]
    pub fn worth(&self) -> u128 {
        self.best.map_or(0, |best| best.worth()).max(self.redeemed.into())
    }
}
