//! The base price.
//!
//! `ln p' = ln p + clamp(d (U / U* - 1), -delta, +delta)`
//!
//! with U the lots demanded at or above the base price over the lots offered at or below it, so that it
//! exceeds 1 under scarcity. This is the exponential form of the base fee rule of EIP-1559 (Buterin et
//! al. 2019; Leonardos et al. 2021 on its stability), with the target taken out of the middle. With demand
//! of elasticity e it settles iff d e < 2, and without overshoot iff d e <= 1; over a stretch in which
//! nothing binds, |mean(U / U*) - 1| = |ln(p_N / p_0)| / (d N).

use crate::fixed;
use caplet_protocol::{Bps, Tick};

/// Fractional bits of a [`Base`].
const FRACTION: u32 = 32;

/// A base price, in 2^-32 ticks. Kept this fine so that small steps on a low price are not lost to
/// rounding; store it as it is, show [`Base::tick`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Base(pub u64);

impl From<Tick> for Base {
    fn from(tick: Tick) -> Self {
        Self(u64::from(tick.0) << FRACTION)
    }
}

impl Base {
    /// The nearest tick, halves up.
    #[must_use]
    pub fn tick(self) -> Tick {
        let rounded = self.0.saturating_add(1 << (FRACTION - 1)) >> FRACTION;
        Tick(u16::try_from(rounded).unwrap_or(u16::MAX))
    }
}

/// Parameters of a market's controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controller {
    /// d: how strongly it reacts, 1..=10,000; 1,250 (1/8) in most markets.
    pub gain: Bps,
    /// delta: greatest change of ln p an epoch, 1..=10,000; 1,250 in most markets.
    pub step: Bps,
    /// U*: utilisation at which the price stays, 1..=10,000; 8,000 in most markets.
    pub target: Bps,
    /// Least price, not 0: nothing rises from 0.
    pub floor: Tick,
    /// Greatest price, not below the floor.
    pub ceiling: Tick,
}

/// Why parameters make no controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControllerError {
    /// A rate out of range.
    #[error("{name} is {bps} bps, allowed is 1 to 10000: choose another")]
    Rate {
        /// Which one.
        name: &'static str,
        /// What was given.
        bps: Bps,
    },
    /// No room between floor and ceiling.
    #[error("price floor is {floor} and ceiling {ceiling} ticks, needed is 1 <= floor <= ceiling")]
    Range {
        /// Least price.
        floor: Tick,
        /// Greatest price.
        ceiling: Tick,
    },
}

/// A direction and a length.
enum Step {
    Up(u128),
    Down(u128),
}

impl Controller {
    /// Checks all ranges.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn check(&self) -> Result<(), ControllerError> {
        let rates = [("gain", self.gain), ("step", self.step), ("target", self.target)];
        if let Some(&(name, bps)) = rates.iter().find(|(_, bps)| !(1..=10_000).contains(&bps.0)) {
            return Err(ControllerError::Rate { name, bps });
        }
        let Self { floor, ceiling, .. } = *self;
        if floor.0 == 0 || floor > ceiling {
            return Err(ControllerError::Range { floor, ceiling });
        }
        Ok(())
    }

    /// The base price of the next epoch from this one's frozen book: `demanded` lots at or above the base
    /// price, `offered` lots at or below it.
    ///
    /// Rounded towards the old price both ways, so ln p never moves by more than delta, and U = U*
    /// leaves it exactly as it is.
    #[must_use]
    pub fn next(&self, base: Base, demanded: u64, offered: u64) -> Base {
        let price = u128::from(base.0);
        let moved = match self.ln_step(demanded, offered) {
            Step::Up(x) => fixed::times(price, fixed::exp(x)),
            Step::Down(x) => {
                let factor = fixed::exp(x);
                (price << fixed::FRACTION).div_ceil(factor)
            }
        };
        let moved = u64::try_from(moved).unwrap_or(u64::MAX);
        Base(moved.clamp(Base::from(self.floor).0, Base::from(self.ceiling).0))
    }

    /// The clamped change of ln p, rounded towards zero to 2^-32. Without offers the whole step up,
    /// without demand the whole step down, without either nothing.
    fn ln_step(&self, demanded: u64, offered: u64) -> Step {
        let most = fixed::divided(u128::from(self.step.0), 10_000);
        match (demanded, offered) {
            (0, 0) => return Step::Up(0),
            (_, 0) => return Step::Up(most),
            (0, _) => return Step::Down(most),
            _ => {}
        }
        // d (U / U* - 1) = gain (demanded 10^4 - offered target) / (10^4 offered target), below 2^92 each
        let wanted = u128::from(demanded).saturating_mul(10_000);
        let aimed = u128::from(offered).saturating_mul(self.target.0.into());
        let gain = u128::from(self.gain.0);
        let whole = aimed.saturating_mul(10_000);
        let length = |difference: u128| {
            let scaled = difference.saturating_mul(gain);
            if scaled >= whole {
                return most; // over 1, hence over any step
            }
            let ratio = (scaled << 32).checked_div(whole).unwrap_or_default();
            (ratio << (fixed::FRACTION - 32)).min(most)
        };
        match wanted.checked_sub(aimed) {
            Some(excess) => Step::Up(length(excess)),
            None => Step::Down(length(aimed.saturating_sub(wanted))),
        }
    }
}
