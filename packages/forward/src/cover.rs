//! Collateral: topped up within limits, taken back when far more is there than needed.

use caplet_protocol::Bps;
use serde::{Deserialize, Serialize};

/// Limits of what is put up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Share of what is required that is put up beyond it, so that not every tick is a call.
    pub buffer: Bps,
    /// Base units that all series of a device may bind together; beyond it a series may default.
    pub most: u64,
}

/// Where a series stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Base units behind it.
    pub collateral: u64,
    /// Base units that its margin asks for.
    pub required: u128,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Add base units.
    TopUp(u64),
    /// Take base units back.
    Release(u64),
    /// Less than the margin asks for and no money for it, or no more than the limit allows: substitute a device,
    /// offer the series to another seller, or let it default in part.
    Short {
        /// Base units that are missing.
        by: u64,
    },
}

impl Policy {
    /// What a series wants: the required and the buffer.
    #[must_use]
    pub fn wanted(&self, required: u128) -> u64 {
        let buffer = required.saturating_mul(self.buffer.0.into()).div_ceil(10_000);
        u64::try_from(required.saturating_add(buffer)).unwrap_or(u64::MAX)
    }

    /// What to do about a series, with `bound` base units behind all series of the device and `free` in its owner's
    /// account. Nothing while the collateral is between the required and twice the buffer above it, so that
    /// neither direction follows on the other.
    #[must_use]
    pub fn act(&self, series: Standing, bound: u64, free: u64) -> Option<Act> {
        let Standing { collateral, required } = series;
        let wanted = self.wanted(required);
        if u128::from(collateral) >= required {
            let required = u64::try_from(required).unwrap_or(u64::MAX);
            let buffer = wanted.saturating_sub(required).max(1);
            let much = wanted.saturating_add(buffer);
            return (collateral > much).then(|| Act::Release(collateral.saturating_sub(wanted)));
        }
        let missing = u64::try_from(required).unwrap_or(u64::MAX).saturating_sub(collateral);
        let allowed = self.most.saturating_sub(bound).min(free);
        if allowed < missing {
            return Some(Act::Short { by: missing });
        }
        Some(Act::TopUp(wanted.saturating_sub(collateral).min(allowed)))
    }
}
