//! What was measured, in numbers.

use anyhow::Context as _;
use caplet_api::escrow::LeaseResponse;
use caplet_protocol::LeaseId;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Units that a gateway has counted, by lease.
pub(super) type Counts = Arc<Mutex<BTreeMap<LeaseId, u64>>>;

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

    /// Prints a line; `over` are the leases that ended, with what was counted on each.
    pub(super) fn print(mut self, over: &[(LeaseResponse, u64)]) -> anyhow::Result<()> {
        self.took.sort_unstable();
        let (mut counted, mut paid, mut lost) = (0u64, 0u64, 0u64);
        for (lease, units) in over {
            let redeemed: u64 = lease.lanes.iter().map(|lane| lane.redeemed.u64()).sum();
            let lot = lease.terms.lot_units.u64();
            let worth = u128::from(redeemed).checked_mul(lot.into()).context("overflow")?;
            // the units that so much pays for: one more would cost more
            let paid_for = u64::try_from(worth.div_ceil(u128::from(lease.price.u64().max(1))))?;
            counted = counted.saturating_add(*units);
            paid = paid.saturating_add(paid_for);
            lost = lost.saturating_add(units.abs_diff(paid_for));
        }
        println!(
            "{}",
            json!({
                "bench": "failover", "kills": self.took.len(), "p50_ms": self.millis(50),
                "p95_ms": self.millis(95), "max_ms": self.millis(100), "leases": over.len(),
                "units_counted": counted, "units_paid": paid, "units_lost": lost,
            })
        );
        Ok(())
    }

    /// The time that `percent` of the failovers did not exceed.
    fn millis(&self, percent: usize) -> Option<u128> {
        let last = self.took.len().checked_sub(1)?;
        let at = last.saturating_mul(percent).div_ceil(100);
        self.took.get(at).map(Duration::as_millis)
    }
}
