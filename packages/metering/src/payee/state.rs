//! What a payee keeps on disk.

use crate::{End, Proof, Rates};
use caplet_protocol::layout::QosReport;

/// The durable state of a payee's side of a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayeeState {
    /// Session epoch.
    pub epoch: u64,
    /// Units served as they were when this was stored, less what was written off; never more than were
    /// served.
    pub served: u64,
    /// Units that may be served before the next write: after a crash this many count as served until
    /// the payer has said what it counted. Equal to `served` after [`crate::Payee::rest`].
    pub reserved: u64,
    /// Units served and given up, cumulative: within tolerance, in flight when a connection was lost, or
    /// in doubt after a crash of this side. They stay inside the risk cap.
    pub written_off: u64,
    /// Those of them that count against what is tolerated.
    pub forgiven: u64,
    /// Counts in a row that differed by more than tolerated.
    pub strikes: u8,
    /// Whether the store was found behind the chain once: no credit on this lane any more.
    pub recovered: bool,
    /// Why the lane has ended, if it has.
    pub end: Option<End>,
    /// Rates by unit, as the market's schedule has them for the quality that was measured.
    pub rates: Rates,
    /// The best voucher with its best link: what settles.
    pub best: Option<Proof>,
    /// The report that came with the last voucher.
    pub report: Option<QosReport>,
}

impl PayeeState {
    /// Base units that the payer has signed for, cumulative.
    #[must_use]
    pub fn worth(&self) -> u128 {
        self.best.map_or(0, |best| best.worth())
    }
}
