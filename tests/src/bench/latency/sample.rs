//! What was measured, in numbers.

use caplet_chain::Head;
use serde_json::json;
use std::time::Duration;

/// One demand.
pub(super) struct Sample {
    pub(super) lane: &'static str,
    /// From asking to the signed order; `None` if there was none in time.
    pub(super) signed: Option<Duration>,
    /// From asking to the lease notice.
    pub(super) leased: Option<Duration>,
    /// From asking to the first reading that came over the link and was counted.
    pub(super) used: Option<Duration>,
}

/// Prints a line a lane; `before` and `after` are the chain's heads around it all.
pub(super) fn print(
    chain: &'static str,
    samples: &[Sample],
    before: Head,
    after: Head,
) -> anyhow::Result<()> {
    let (blocks, nanos) =
        (after.height.saturating_sub(before.height), after.time_ns.saturating_sub(before.time_ns));
    let block_ms = nanos.checked_div(blocks).and_then(|nanos| nanos.checked_div(1_000_000));
    for lane in ["batch", "instant"] {
        let of_lane = || samples.iter().filter(|sample| sample.lane == lane);
        let signed = sorted(of_lane().filter_map(|sample| sample.signed));
        let leased = sorted(of_lane().filter_map(|sample| sample.leased));
        let used = sorted(of_lane().filter_map(|sample| sample.used));
        anyhow::ensure!(!leased.is_empty(), "no demand of lane {lane} became a lease on {chain}");
        println!(
            "{}",
            json!({
                "bench": "latency", "chain": chain, "lane": lane, "block_ms": block_ms,
                "demands": of_lane().count(), "leases": leased.len(),
                "signed_p50_ms": percentile(&signed, 50), "signed_p95_ms": percentile(&signed, 95),
                "p50_ms": percentile(&leased, 50), "p95_ms": percentile(&leased, 95),
                "max_ms": leased.last(),
                "used": used.len(), "used_p50_ms": percentile(&used, 50),
                "used_p95_ms": percentile(&used, 95),
            })
        );
    }
    Ok(())
}

fn sorted(times: impl Iterator<Item = Duration>) -> Vec<u128> {
    let mut times: Vec<u128> = times.map(|time| time.as_millis()).collect();
    times.sort_unstable();
    times
}

/// The least value that so many percent do not exceed.
fn percentile(sorted: &[u128], percent: usize) -> Option<u128> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let values: Vec<u128> = (1..=20).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 95)), (Some(10), Some(19)));
        assert_eq!((percentile(&[7], 95), percentile(&[], 50)), (Some(7), None));
    }
}
