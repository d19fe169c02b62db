//! How much a provider serves before it is paid.

/// The provider side serves only while what is owed and not vouched for stays under a cap, and while
/// it knows where the chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Risk {
    /// Share of a lease's reserve, in basis points. The cap is never below what one unit costs.
    pub cap_bps: u16,
    /// Seconds after the last block in which the view of the chain still counts as fresh.
    pub stale_secs: u64,
}

impl Default for Risk {
    /// An eighth, and a minute.
    fn default() -> Self {
        Self { cap_bps: 1_250, stale_secs: 60 }
    }
}
