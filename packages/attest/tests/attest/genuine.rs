//! Real quotes, at the time of their collateral and at other times.

use crate::samples::{Sample, intel, outdated, sgx, td15, tdx};
use caplet_attest::{AttestError, MAX_COLLATERAL, MAX_QUOTE, Policy, Tee, Verified, status_named};
use sha2::{Digest, Sha256};

/// Takes every status that is ever taken, and hyper-threading: what real machines of that time are.
pub(crate) fn lenient() -> Policy {
    let statuses = [
        "UpToDate",
        "SWHardeningNeeded",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
    ];
    Policy {
        statuses: statuses.map(|name| status_named(name).unwrap()).into(),
        smt: true,
        dynamic_platform: true,
        cached_keys: true,
        ..Policy::default()
    }
}

pub(crate) fn verify(policy: Policy, sample: &Sample) -> Result<Verified, AttestError> {
    intel(policy).verify(&sample.quote, &sample.collateral, sample.now)
}

#[test]
fn real_quotes_of_sgx_tdx_and_td15_verify_at_the_time_of_their_collateral() {
    for (sample, tee) in [(sgx(), Tee::Sgx), (tdx(), Tee::Tdx), (td15(), Tee::Tdx)] {
        let verified = verify(lenient(), &sample);
        let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", sample.name));
        assert_eq!(verified.tee, tee);
        assert!(!verified.debug);
        assert_eq!(verified.evidence, <[u8; 32]>::from(Sha256::digest(&sample.quote)));
        assert!(verified.not_after > sample.now && verified.issued <= sample.now);
    }
}

#[test]
fn what_a_verified_quote_says_is_what_its_bytes_say() {
    let sample = sgx();
    let read = caplet_attest::read(&sample.quote).unwrap();
    let verified = verify(lenient(), &sample).unwrap();
    assert_eq!(verified.measurement, read.measurement);
    assert_eq!(verified.report_data, read.report_data);
    assert_eq!(verified.advisories, ["INTEL-SA-00289", "INTEL-SA-00615"]);
    assert_eq!(verified.evaluation, 17);
}

#[test]
fn an_attestation_ends_with_the_collateral_or_the_policys_validity_whichever_is_first() {
    let sample = sgx();
    let week = verify(lenient(), &sample).unwrap().not_after;
    assert_eq!(week, sample.now + 7 * 24 * 3600);
    let long = Policy { validity_secs: u64::MAX, ..lenient() };
    let all = verify(long, &sample).unwrap().not_after;
    // 2025-07-19T10:01:18Z, the identity's
    assert!(all <= 1_752_919_278 && all > week);
}

#[test]
fn a_platform_that_is_out_of_date_is_refused_even_by_a_lenient_policy() {
    let sample = outdated();
    let error = verify(lenient(), &sample).unwrap_err();
    assert!(error.to_string().contains("No matching TCB level"), "{error}");
}

#[test]
fn collateral_is_good_neither_before_its_issue_nor_after_its_end() {
    for mut sample in [sgx(), tdx(), td15()] {
        let then = sample.now;
        for now in [0, then - 60 * 24 * 3600, then + 60 * 24 * 3600, u64::from(u32::MAX)] {
            sample.now = now;
            let error = verify(lenient(), &sample).unwrap_err();
            assert!(
                matches!(error, AttestError::NotGenuine { .. }),
                "{} at {now}: {error}",
                sample.name
            );
        }
    }
}

#[test]
fn the_collateral_of_another_platform_is_refused() {
    let (a, b) = (sgx(), tdx());
    for (quote, collateral) in [(&a.quote, &b.collateral), (&b.quote, &a.collateral)] {
        let error = intel(lenient()).verify(quote, collateral, a.now).unwrap_err();
        assert!(matches!(error, AttestError::NotGenuine { .. }), "{error}");
    }
}

#[test]
fn quotes_and_collateral_beyond_their_bounds_are_not_read() {
    let mut sample = sgx();
    let error = intel(lenient()).verify(&vec![3; MAX_QUOTE + 1], &sample.collateral, sample.now);
    assert!(matches!(error, Err(AttestError::Long { what: "quote", .. })));
    sample.collateral.tcb_info = " ".repeat(MAX_COLLATERAL + 1);
    let error = verify(lenient(), &sample);
    assert!(matches!(error, Err(AttestError::Long { what: "collateral", .. })));
}

#[test]
fn the_root_is_the_one_that_intel_publishes() {
    // SHA-256 of Intel_SGX_Provisioning_Certification_RootCA.cer
    let root = Sha256::digest(caplet_attest::Trust::Intel.root());
    assert_eq!(
        hex::encode(root),
        "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"
    );
}
