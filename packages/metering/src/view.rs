//! What is known of a lane on chain.

use crate::ChainTime;

/// A lane as the chain had it at a time. Old views are worth less: past [`View::FRESH_MS`] a payee
/// serves only what is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Time of the block it was read from.
    pub at: ChainTime,
    /// Base units redeemed, cumulative.
    pub redeemed: u64,
    /// Most that the lane may ever pay, base units; `TopUp` and `MoveCap` change it.
    pub cap: u64,
}

impl View {
    /// How long a view counts as fresh: 60 s (`PROTOCOL.md` 4).
    pub const FRESH_MS: u64 = 60_000;

    /// Whether it is at most 60 s old.
    #[must_use]
    pub const fn is_fresh(&self, now: ChainTime) -> bool {
        now.since(self.at) <= Self::FRESH_MS
    }

    /// Takes a newer view. What was redeemed never falls, so a view from a node that lags cannot undo
    /// one from a node that does not.
    pub(crate) fn renew(&mut self, newer: Self) {
        let redeemed = self.redeemed.max(newer.redeemed);
        if newer.at >= self.at {
            *self = newer;
        }
        self.redeemed = redeemed;
    }
}
