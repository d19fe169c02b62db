//! Score, lower bound, tier.

use super::Evidence;
use caplet_protocol::Bps;

/// Billionths: how finely the bound is computed.
const UNIT: u128 = 1_000_000_000;
/// Billionths in a basis point.
const PER_BPS: u128 = 100_000;
/// z^2 in ten-thousandths, for the one-sided 95 % quantile z = 1.644854 of the normal distribution.
const Z_SQUARED: u128 = 27_055;
/// Millionths of weight in a standard lease.
const LEASE: u128 = 1_000_000;

/// What is believed of a device without evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prior {
    /// a0, at most 10,000.
    pub mean: Bps,
    /// W0, in thousandths of a standard lease; not 0.
    pub weight: u64,
}

impl Prior {
    /// R in billionths, rounded down, and all weight with the prior's in millionths.
    fn score(self, evidence: Evidence) -> (u128, u128) {
        let prior = u128::from(self.weight).saturating_mul(1_000);
        let all = prior.saturating_add(evidence.alpha.into()).saturating_add(evidence.beta.into());
        // tenths of millionths, in which the prior's share is whole: 1000 W0 a0 / 10000 * 10
        let good = u128::from(self.weight).saturating_mul(self.mean.0.min(10_000).into());
        let good = good.saturating_add(u128::from(evidence.alpha).saturating_mul(10));
        let score = good.saturating_mul(UNIT).checked_div(all.saturating_mul(10));
        (score.unwrap_or_default(), all)
    }

    /// `R = (alpha + a0 W0) / (alpha + beta + W0)`, rounded down; 0 without any weight.
    #[must_use]
    pub fn mean_of(self, evidence: Evidence) -> Bps {
        bps(self.score(evidence).0)
    }

    /// The lower confidence bound, never rounded up. With n = alpha + beta + W0 in standard leases,
    ///
    /// `L = max(0, R - sqrt(z^2 R (1 - R) / (n + 1)))`,
    ///
    /// the mean of the Beta distribution less z of its standard deviations. In integers: R in billionths
    /// rounded down, the variance in 10^-18 rounded up, its root rounded up, the difference in basis points
    /// rounded down. It rises with R at a given n, because the root's slope is at most 1/2 wherever L is
    /// above 0.
    #[must_use]
    pub fn bound_of(self, evidence: Evidence) -> Bps {
        let (mean, all) = self.score(evidence);
        let spread = mean.saturating_mul(UNIT.saturating_sub(mean)); // at most 2^58
        let spread = spread.saturating_mul(Z_SQUARED).saturating_mul(LEASE); // below 2^93
        let weight = all.saturating_add(LEASE).saturating_mul(10_000);
        let variance = spread.div_ceil(weight.max(1));
        let root = variance.isqrt();
        let exact = root.checked_mul(root) == Some(variance);
        let deviation = root.saturating_add(u128::from(!exact));
        bps(mean.saturating_sub(deviation))
    }
}

fn bps(billionths: u128) -> Bps {
    let bps = billionths.checked_div(PER_BPS).unwrap_or_default();
    Bps(u16::try_from(bps).unwrap_or(10_000))
}

/// Lower bounds at which tiers 1, 2, ... begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder<'a>(pub &'a [Bps]);

/// Why bounds make no ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LadderError {
    /// Not strictly rising, over 100 %, or more than 255.
    #[error("tier {tier} begins at {bps} bps: let bounds rise strictly, to 10000 at most")]
    Bounds {
        /// The tier.
        tier: usize,
        /// Its bound.
        bps: Bps,
    },
    /// A device nobody knows would not be in tier 0.
    #[error("tier 1 begins at {first} bps, an unrated device is at {unrated}: begin it higher")]
    Unrated {
        /// Tier 1's bound.
        first: Bps,
        /// The prior's bound.
        unrated: Bps,
    },
}

impl Ladder<'_> {
    /// Checks that bounds rise and that who was never rated is in tier 0, so that a new identity is never
    /// above one with a history.
    ///
    /// # Errors
    /// Names the tier.
    pub fn check(&self, prior: Prior) -> Result<(), LadderError> {
        let unrated = prior.bound_of(Evidence::default());
        if let Some(&first) = self.0.first().filter(|first| **first <= unrated) {
            return Err(LadderError::Unrated { first, unrated });
        }
        let mut below = Bps(0);
        for (tier, &bps) in (1usize..).zip(self.0) {
            if bps <= below || bps.0 > 10_000 || tier > 255 {
                return Err(LadderError::Bounds { tier, bps });
            }
            below = bps;
        }
        Ok(())
    }

    /// The tier of a bound: how many tiers begin at or below it.
    #[must_use]
    pub fn tier(&self, bound: Bps) -> u8 {
        let reached = self.0.iter().take_while(|begins| **begins <= bound).count();
        u8::try_from(reached).unwrap_or(u8::MAX)
    }
}
