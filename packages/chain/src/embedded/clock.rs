//! Block time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::options::Pace;

/// Gives each block its time.
#[derive(Debug)]
pub(super) struct Clock {
    /// Step of a chain whose time does not follow the machine's clock.
    step: Option<Duration>,
    last: Instant,
}

impl Clock {
    pub(super) fn new(pace: Pace) -> Self {
        let step = match pace {
            Pace::Every(_) => None,
            Pace::PerTransaction(step) => Some(step),
            Pace::Manual => Some(Duration::from_secs(1)),
        };
        Self { step, last: Instant::now() }
    }

    /// Time of the block after one at `last_ns`, at least `advance` later.
    pub(super) fn next(&mut self, last_ns: u64, advance: Option<Duration>) -> u64 {
        let elapsed = self.last.elapsed();
        self.last = Instant::now();
        next_time(last_ns, advance, self.step, elapsed, now_ns())
    }
}

/// Block time never stands still, follows the machine's clock unless a step is set, and goes on at
/// the pace of the monotonic clock while the machine's clock is behind.
fn next_time(
    last_ns: u64,
    advance: Option<Duration>,
    step: Option<Duration>,
    elapsed: Duration,
    now_ns: u64,
) -> u64 {
    let after = |by: Duration| last_ns.saturating_add(nanos(by).max(1));
    match (advance, step) {
        (Some(by), _) => after(by),
        (None, Some(by)) => after(by),
        (None, None) => after(elapsed).max(now_ns),
    }
}

/// The machine's clock, Unix nanoseconds; 0 if it stands before 1970.
pub(super) fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(nanos).unwrap_or(0)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn time_follows_the_clock_and_survives_its_jumps() {
        let ahead = 1_000_000_000;
        assert_eq!(next_time(5, None, None, MS, ahead), ahead);
        assert_eq!(next_time(ahead, None, None, MS, 0), ahead + 1_000_000);
        assert_eq!(next_time(ahead, None, None, Duration::ZERO, 0), ahead + 1);
    }

    #[test]
    fn a_set_step_ignores_the_clock_and_an_advance_overrides_both() {
        assert_eq!(next_time(5, None, Some(MS), Duration::MAX, u64::MAX), 1_000_005);
        assert_eq!(next_time(5, Some(Duration::from_secs(1)), None, MS, u64::MAX), 1_000_000_005);
    }
}
