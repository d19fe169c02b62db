//! From what was measured to a rate.

use super::Sketch;
use caplet_protocol::Bps;

const FULL: u16 = 10_000;

/// What one side measured of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// 95th percentile of latency, milliseconds.
    pub latency_ms: u32,
    /// Share of what was asked for that was served.
    pub served: Bps,
    /// Share of checks that were right; `None` if nothing could be checked.
    pub accuracy: Option<Bps>,
}

/// Latencies between which quality falls from all to nothing, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Up to here all is well.
    pub good: u32,
    /// From here on nothing is; above `good`.
    pub bad: u32,
}

impl Band {
    /// The band of a live distribution: full quality up to its `good` quantile, none from twice its `bad` quantile
    /// on, since a tail that everybody has is nobody's fault. `None` as long as less than `least` was measured.
    #[must_use]
    pub fn of(live: &Sketch, good: Bps, bad: Bps, least: u64) -> Option<Self> {
        if live.count() < least {
            return None;
        }
        let good = live.quantile(good.min(bad))?;
        let bad = live.quantile(bad)?.saturating_mul(2).max(good.saturating_add(1));
        Some(Self { good, bad })
    }

    /// Quality of a latency, rounded down: it never rises with latency.
    #[must_use]
    pub fn quality(self, latency_ms: u32) -> Bps {
        let span = u64::from(self.bad.saturating_sub(self.good));
        let left = u64::from(self.bad.saturating_sub(latency_ms.max(self.good)));
        let share = left.saturating_mul(FULL.into()).checked_div(span);
        // a band without width is a step
        let share = share.unwrap_or(if latency_ms <= self.good { FULL.into() } else { 0 });
        Bps(u16::try_from(share).unwrap_or(FULL))
    }
}

/// A market's schedule, agreed on before the first segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Rate of the worst quality; at most 10,000. What was accepted is never free.
    pub floor: Bps,
    /// Quality from which the full price is paid; over 0.
    pub full: Bps,
    /// Most by which the rate falls from one segment to the next, so that one bad measurement costs little; over
    /// 0. It rises at once.
    pub step: Bps,
}

/// Why a schedule cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Over the whole, or 0 where it must not be.
    #[error("{field} is {found} basis points: let it be {least} to 10000")]
    Range {
        /// Which field.
        field: &'static str,
        /// What was given.
        found: Bps,
        /// The least it may be.
        least: u16,
    },
}

impl Schedule {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self) -> Result<(), ScheduleError> {
        for (field, found, least) in
            [("floor", self.floor, 0), ("full", self.full, 1), ("step", self.step, 1)]
        {
            if !(least..=FULL).contains(&found.0) {
                return Err(ScheduleError::Range { field, found, least });
            }
        }
        Ok(())
    }

    /// Quality of a segment: the worst of what was measured. Without a band latency says nothing.
    #[must_use]
    pub fn quality(measured: &Measured, band: Option<Band>) -> Bps {
        let latency = band.map_or(Bps(FULL), |band| band.quality(measured.latency_ms));
        let accuracy = measured.accuracy.unwrap_or(Bps(FULL));
        latency.min(accuracy).min(measured.served).min(Bps(FULL))
    }

    /// The rate that a quality is worth, between the floor and all, rounded down; it never falls with quality.
    #[must_use]
    pub fn rate(&self, quality: Bps) -> Bps {
        let floor = self.floor.0.min(FULL);
        let quality = u32::from(quality.0.min(self.full.0));
        let above = u32::from(FULL.saturating_sub(floor)).saturating_mul(quality);
        let above = above.checked_div(self.full.0.into()).unwrap_or(0);
        Bps(floor.saturating_add(u16::try_from(above).unwrap_or(FULL)).min(FULL))
    }

    /// The rate of the next segment after one of this quality at rate `last`.
    #[must_use]
    pub fn next(&self, last: Bps, quality: Bps) -> Bps {
        let least = last.0.min(FULL).saturating_sub(self.step.0);
        self.rate(quality).max(Bps(least)).max(Bps(self.floor.0.min(FULL)))
    }
}
