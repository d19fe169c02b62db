//! What was measured, in numbers.

use caplet::scenario::Tally;
use serde_json::json;
use std::time::Duration;

/// Failovers, and what the consumer's gateway counted.
#[derive(Default)]
pub(super) struct Kills {
    took: Vec<Duration>,
}

impl Kills {
    pub(super) fn add(&mut self, took: Duration) {
        self.took.push(took);
    }

    pub(super) fn count(&self) -> usize {
        self.took.len()
    }

    /// Prints a line; `over` are the leases that ended, of which the units are, and `open` says how many did not.
    pub(super) fn print(mut self, over: &[Tally], open: usize) {
        self.took.sort_unstable();
        let (mut counted, mut paid, mut lost) = (0u64, 0u64, 0u64);
        for tally in over {
            counted = counted.saturating_add(tally.counted);
            paid = paid.saturating_add(tally.paid);
            lost = lost.saturating_add(tally.lost());
        }
        println!(
            "{}",
            json!({
                "bench": "failover", "kills": self.took.len(), "min_ms": self.millis(0),
                "p50_ms": self.millis(50), "p95_ms": self.millis(95),
                "max_ms": self.millis(100), "leases": over.len(), "leases_open": open,
                "units_counted": counted, "units_paid": paid, "units_lost": lost,
            })
        );
    }

    /// The time that `percent` of the failovers did not exceed.
    fn millis(&self, percent: usize) -> Option<u128> {
        let last = self.took.len().checked_sub(1)?;
        let at = last.saturating_mul(percent).div_ceil(100);
        self.took.get(at).map(Duration::as_millis)
    }
}
