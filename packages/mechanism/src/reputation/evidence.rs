//! Decayed evidence.

use crate::fixed;
use caplet_protocol::Bps;
use std::num::NonZeroU32;

/// Millionths of weight in a thousandth.
const MILLIONTHS: u64 = 1_000;

/// Weight of good and of bad service, in millionths of a standard lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Good.
    pub alpha: u64,
    /// Bad.
    pub beta: u64,
}

impl Evidence {
    /// What is left after `elapsed` seconds: `f = 2^(-elapsed / half_life)` of both, rounded down. Decay over
    /// two stretches is decay over their sum, within a millionth a stretch.
    #[must_use]
    pub fn decayed(self, elapsed: u64, half_life: NonZeroU32) -> Self {
        let halvings = elapsed.checked_div(u64::from(half_life.get())).unwrap_or_default();
        let rest = elapsed.checked_rem(u64::from(half_life.get())).unwrap_or_default();
        let Some(shift) = u32::try_from(halvings).ok().filter(|&shift| shift < 64) else {
            return Self::default();
        };
        // 2^(-rest / half_life) = 1 / e^(rest ln 2 / half_life)
        let x = u128::from(rest).saturating_mul(fixed::LN_2);
        let x = x.checked_div(half_life.get().into()).unwrap_or_default();
        let factor = fixed::divided(fixed::ONE, fixed::exp(x));
        let part = |value: u64| {
            let left = fixed::times(value.into(), factor) >> shift;
            u64::try_from(left).unwrap_or(value)
        };
        Self { alpha: part(self.alpha), beta: part(self.beta) }
    }

    /// With a rating r of `weight` thousandths of a standard lease: `alpha + w r` (rounded down),
    /// `beta + w (1 - r)`, so that their sum grows by exactly w. Decay first.
    #[must_use]
    pub fn rated(self, weight: u64, rating: Bps) -> Self {
        let weight = weight.saturating_mul(MILLIONTHS);
        let good = u128::from(weight).saturating_mul(rating.0.min(10_000).into());
        let good = u64::try_from(good.checked_div(10_000).unwrap_or_default()).unwrap_or(weight);
        Self {
            alpha: self.alpha.saturating_add(good),
            beta: self.beta.saturating_add(weight.saturating_sub(good)),
        }
    }

    /// All of it, in thousandths of a standard lease, rounded down.
    #[must_use]
    pub fn weight(self) -> u64 {
        let sum = self.alpha.saturating_add(self.beta);
        sum.checked_div(MILLIONTHS).unwrap_or_default()
    }
}
