//! Time of one verification off chain: real quotes, Intel's root. A figure, never a check.
#![allow(missing_docs, clippy::unwrap_used)]

use caplet_attest::{Collateral, Network, Policy, Trust, Verifier, status_named};
use criterion::{Criterion, criterion_group, criterion_main};
use std::{hint::black_box, path::Path};

fn verify(c: &mut Criterion) {
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
        c.bench_function(&format!("verify {name}"), |b| {
            b.iter(|| verifier.verify(black_box(&quote), black_box(&collateral), now).unwrap());
        });
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
