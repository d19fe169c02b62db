//! Enclave quotes, as a stranger may send them.

use caplet_attest::{Collateral, MAX_QUOTE, Network, Policy, Trust, Verifier};

/// Reads a quote, then verifies it with the collateral of a real platform, of 2025-06-19, at 2025-07-01. Bytes that the
/// verifier accepts must read as what it says they are; too many are not read.
pub(crate) fn quotes(bytes: &[u8]) {
    let read = caplet_attest::read(bytes);
    assert!(read.is_err() || bytes.len() <= MAX_QUOTE);
    let text = include_str!("../../attest/samples/sgx_quote_collateral.json");
    let collateral: Collateral = serde_json::from_str(text).unwrap();
    let network = Network { chain: "caplet-1".into(), test: false };
    let verifier = Verifier::new(Trust::Intel, Policy::default(), &network).unwrap();
    if let Ok(verified) = verifier.verify(bytes, &collateral, 1_751_328_000) {
        let read = read.unwrap();
        assert_eq!(verified.measurement, read.measurement);
        assert_eq!(verified.report_data, read.report_data);
        assert!(!verified.debug, "the policy takes no debug enclave");
    }
}
