//! What a side measures of the service, for the consumer's rating: both count alike.

use super::Client;
use caplet_protocol::percentile;
use std::sync::PoisonError;
use std::time::Duration;

/// Latencies kept: the last ones.
const KEPT: usize = 1_024;

/// Measured service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// Operations that succeeded.
    pub served: u64,
    /// Operations that failed.
    pub failed: u64,
    /// How many of the last operations failed, one after another.
    pub failed_in_a_row: u64,
    /// How many operations since the last that succeeded were refused since the lease has too little left for them, as it
    /// has by this side's own count.
    pub short_in_a_row: u64,
    /// Results that were checked ([`Client::sample`]).
    pub checked: u64,
    /// How many of those were wrong.
    pub wrong: u64,
    /// Milliseconds of the last operations, oldest first.
    pub latencies: std::collections::VecDeque<u32>,
}

impl Quality {
    /// Counts an operation that has no latency of its own, such as a stream.
    pub(crate) fn count(&mut self, ok: bool) {
        let count = if ok { &mut self.served } else { &mut self.failed };
        *count = count.saturating_add(1);
        if ok {
            self.short_in_a_row = 0;
        }
        self.failed_in_a_row = if ok { 0 } else { self.failed_in_a_row.saturating_add(1) };
    }

    pub(crate) fn add(&mut self, took: Duration, ok: bool) {
        self.count(ok);
        if !ok {
            return; // a latency is one of an answer
        }
        if self.latencies.len() >= KEPT {
            self.latencies.pop_front();
        }
        self.latencies.push_back(u32::try_from(took.as_millis()).unwrap_or(u32::MAX));
    }

    /// Share of what was checked that was right, millionths; `None` if nothing was.
    #[must_use]
    pub fn accuracy_ppm(&self) -> Option<u32> {
        let right = u128::from(self.checked.saturating_sub(self.wrong)).saturating_mul(1_000_000);
        u32::try_from(right.checked_div(self.checked.into())?).ok()
    }

    /// The latency that `percent` of the last operations did not exceed, milliseconds.
    #[must_use]
    pub fn latency_ms(&self, percent: usize) -> u32 {
        let mut latencies: Vec<u32> = self.latencies.iter().copied().collect();
        percentile(&mut latencies, percent)
    }
}

impl Client {
    /// Notes how an operation went, for surfaces that judge what came: an answer that is not what was
    /// leased has failed, however quickly it came.
    pub fn observe(&self, took: Duration, ok: bool) {
        self.inner.quality.lock().unwrap_or_else(PoisonError::into_inner).add(took, ok);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_seen() {
        let mut quality = Quality::default();
        assert_eq!(quality.latency_ms(95), 0);
        (1..=100).for_each(|ms| quality.add(Duration::from_millis(ms), true));
        assert_eq!((quality.latency_ms(0), quality.latency_ms(100)), (1, 100));
        assert!((50..=51).contains(&quality.latency_ms(50)));
        quality.add(Duration::ZERO, false);
        quality.add(Duration::ZERO, false);
        assert_eq!((quality.served, quality.failed, quality.failed_in_a_row), (100, 2, 2));
        assert_eq!(quality.latency_ms(0), 1, "what fails at once is not quick service");
        quality.add(Duration::ZERO, true);
        assert_eq!(quality.failed_in_a_row, 0);
    }
}
