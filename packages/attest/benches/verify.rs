//! Time of one verification off chain: real quotes, Intel's root. Figures as JSON lines, never checks.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a program of its own, which says what went wrong by stopping"
)]

use caplet_attest::{Collateral, Network, Policy, Trust, Verifier, status_named};
use serde_json::json;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// Verifications that are timed, after as many that warm up.
const RUNS: usize = 1_000;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let statuses = ["UpToDate", "ConfigurationAndSWHardeningNeeded", "ConfigurationNeeded"];
    let statuses = statuses.map(|name| status_named(name).unwrap()).to_vec();
    let policy = Policy {
        statuses,
        smt: true,
        dynamic_platform: true,
        cached_keys: true,
        ..Policy::default()
    };
    let network = Network { chain: "caplet-1".into(), test: false };
    let verifier = Verifier::new(Trust::Intel, policy, &network).unwrap();
    for (name, now) in [
        ("sgx_quote", 1_751_328_000),
        ("tdx_quote", 1_751_328_000),
        ("tdx_quote_td15ex", 1_792_022_400),
    ] {
        let quote = std::fs::read(folder.join(name)).unwrap();
        let text = std::fs::read(folder.join(format!("{name}_collateral.json"))).unwrap();
        let collateral: Collateral = serde_json::from_slice(&text).unwrap();
        let verify = || {
            let began = Instant::now();
            let verified = verifier.verify(black_box(&quote), black_box(&collateral), now);
            black_box(verified.unwrap());
            began.elapsed()
        };
        let mut times: Vec<_> = (0..2 * RUNS).map(|_| verify()).skip(RUNS).collect();
        times.sort_unstable();
        let us = |time: Duration| u64::try_from(time.as_micros()).unwrap();
        let (median, most) = (us(times[RUNS / 2]), us(times[RUNS * 99 / 100]));
        println!(
            "{}",
            json!({ "bench": "quotes", "verified": name, "median_us": median, "p99_us": most })
        );
    }
}
