//! Enclave quotes, as a stranger may send them, and what a service says of their platforms.

use caplet_attest::{Collateral, MAX_QUOTE, Measurement, Network, Policy, Trust, Verifier};

const QUOTE: &[u8] = include_bytes!("../../attest/samples/sgx_quote");
const COLLATERAL: &str = include_str!("../../attest/samples/sgx_quote_collateral.json");

/// 2025-07-01; the samples' collateral is of 2025-06-19.
const NOW: u64 = 1_751_328_000;

fn verifier() -> Verifier {
    let network = Network { chain: "caplet-1".into(), test: false };
    Verifier::new(Trust::Intel, Policy::default(), &network).unwrap()
}

/// Reads a quote, then verifies it with the collateral of a real platform. Bytes that the
/// verifier accepts must read as what it says they are; too many are not read.
pub(crate) fn quotes(bytes: &[u8]) {
    let read = caplet_attest::read(bytes);
    assert!(read.is_err() || bytes.len() <= MAX_QUOTE);
    let collateral: Collateral = serde_json::from_str(COLLATERAL).unwrap();
    if let Ok(verified) = verifier().verify(bytes, &collateral, NOW) {
        let read = read.unwrap();
        assert_eq!(verified.measurement, read.measurement);
        assert_eq!(verified.report_data, read.report_data);
        assert!(!verified.debug, "the policy takes no debug enclave");
    }
}

/// Verifies a real quote with certificates, revocation lists and TCB levels as they come; policies and measurements as
/// an operator writes them.
pub(crate) fn collateral(bytes: &[u8]) {
    if let Ok(collateral) = serde_json::from_slice::<Collateral>(bytes) {
        if let Ok(verified) = verifier().verify(QUOTE, &collateral, NOW) {
            assert_eq!(verified.measurement, caplet_attest::read(QUOTE).unwrap().measurement);
            assert!(verified.not_after >= NOW);
        }
        let written = serde_json::to_vec(&collateral).unwrap();
        assert_eq!(serde_json::from_slice::<Collateral>(&written).unwrap(), collateral);
    }
    if let Ok(policy) = serde_json::from_slice::<Policy>(bytes) {
        let written = serde_json::to_vec(&policy).unwrap();
        assert_eq!(serde_json::from_slice::<Policy>(&written).unwrap(), policy);
    }
    if let Ok(measurement) = String::from_utf8_lossy(bytes).parse::<Measurement>() {
        assert_eq!(measurement.to_string().parse::<Measurement>(), Ok(measurement));
    }
}
