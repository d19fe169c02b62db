//! How long a sensor may say nothing before what it said last is stale: a few of its periods.

use std::collections::VecDeque;
use std::time::Duration;

/// Periods without a reading.
const PERIODS: u32 = 3;

/// Waited at least, however short they are: gateways are busy at times.
const LEAST: Duration = Duration::from_secs(2);

/// Waited at least before there was a second reading to tell the period by.
pub(super) const UNKNOWN: Duration = Duration::from_secs(60);

/// Spacings that the period is told by.
const SPACINGS: usize = 8;

/// The last spacings of a sensor's readings.
///
/// The period is the one in the middle. So neither one pause makes the sensor slow for good, nor makes what is brought up
/// after an interruption, all at once, make it fast: spacings are those of measuring, by the clock of who measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Rhythm {
    spacings: VecDeque<Duration>,
}

impl Rhythm {
    /// Takes note of what lay between two readings of one sensor.
    pub(super) fn note(&mut self, spacing: Duration) {
        if self.spacings.len() >= SPACINGS {
            self.spacings.pop_front();
        }
        self.spacings.push_back(spacing);
    }

    /// How long the next reading may take, where they come at most every `interval`.
    pub(super) fn patience(&self, interval: Duration) -> Duration {
        let mut sorted: Vec<Duration> = self.spacings.iter().copied().collect();
        sorted.sort_unstable();
        let period = sorted.get(sorted.len().checked_div(2).unwrap_or(0)).copied();
        let least = if period.is_some() { LEAST } else { UNKNOWN };
        period.unwrap_or_default().max(interval).saturating_mul(PERIODS).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// The patience with a sensor whose readings were so many seconds apart.
    fn patience(spacings: &[u64], interval: Duration) -> Duration {
        let mut rhythm = Rhythm::default();
        spacings.iter().for_each(|spacing| rhythm.note(secs(*spacing)));
        rhythm.patience(interval)
    }

    #[test]
    fn a_few_periods_may_pass_the_leased_one_or_the_one_that_is_seen() {
        assert_eq!(patience(&[5, 5], Duration::ZERO), secs(15));
        assert_eq!(patience(&[5, 5], secs(10)), secs(30), "it was leased slower");
        assert_eq!(patience(&[5, 5], secs(1)), secs(15), "it is slower than it was leased");
        assert_eq!(patience(&[0, 0, 0], Duration::from_millis(100)), LEAST);
    }

    #[test]
    fn a_pause_and_what_is_brought_up_after_it_change_nothing() {
        assert_eq!(patience(&[5, 5, 600, 5, 5], Duration::ZERO), secs(15));
        assert_eq!(patience(&[5, 5, 5, 0, 5], Duration::ZERO), secs(15));
        let slower = [[1; SPACINGS], [7; SPACINGS]].concat();
        assert_eq!(patience(&slower, Duration::ZERO), secs(21), "but another period does");
    }

    #[test]
    fn a_sensor_whose_period_is_not_known_has_a_minute() {
        assert_eq!(patience(&[], Duration::ZERO), UNKNOWN);
        assert_eq!(patience(&[], secs(1)), UNKNOWN, "it may be slower than it was leased");
        assert_eq!(patience(&[], secs(60)), secs(180));
        assert_eq!(patience(&[], Duration::MAX), Duration::MAX);
    }
}
