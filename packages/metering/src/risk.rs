//! How much a payee is ready to lose to one payer.

/// What a payee risks. Made once a session from the payer's history; [`Risk::stranger`] for one that
/// has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Risk {
    /// Base units that may be served and not be paid.
    pub cap: u128,
}

impl Risk {
    /// No credit: such a payer pays one segment ahead.
    #[must_use]
    pub const fn stranger() -> Self {
        Self { cap: 0 }
    }

    /// At most a tenth of what the payer has settled with this payee (`PROTOCOL.md` 4), less what was
    /// written off for it, and never more than `most`; base units all.
    #[must_use]
    pub const fn from_history(settled: u128, written_off: u128, most: u128) -> Self {
        let tenth = (settled / 10).saturating_sub(written_off);
        Self { cap: if tenth < most { tenth } else { most } }
    }
}
