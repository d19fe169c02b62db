//! Real quotes of real processors, with the collateral of their time (from the sources of `dcap-qvl`).

use caplet_attest::{Collateral, Network, Policy, Trust, Verifier};
use std::path::PathBuf;

/// A quote, its collateral, and a time within the collateral's.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) quote: Vec<u8>,
    pub(crate) collateral: Collateral,
    pub(crate) now: u64,
}

/// 2025-07-01.
const JULY_2025: u64 = 1_751_328_000;

pub(crate) fn sgx() -> Sample {
    sample("sgx_quote", JULY_2025)
}

pub(crate) fn tdx() -> Sample {
    sample("tdx_quote", JULY_2025)
}

/// TD 1.5, extended. At 2026-10-15.
pub(crate) fn td15() -> Sample {
    sample("tdx_quote_td15ex", 1_792_022_400)
}

/// Of a platform that is behind. At 2026-03-01.
pub(crate) fn outdated() -> Sample {
    sample("tdx_quote_outdated", 1_772_323_200)
}

fn sample(name: &'static str, now: u64) -> Sample {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples");
    let quote = std::fs::read(folder.join(name)).unwrap();
    let collateral = std::fs::read(folder.join(format!("{name}_collateral.json"))).unwrap();
    Sample { name, quote, collateral: serde_json::from_slice(&collateral).unwrap(), now }
}

/// A network on which there is something of worth.
pub(crate) fn real() -> Network {
    Network { chain: "caplet-1".into(), test: false }
}

pub(crate) fn intel(policy: Policy) -> Verifier {
    Verifier::new(Trust::Intel, policy, &real()).unwrap()
}
