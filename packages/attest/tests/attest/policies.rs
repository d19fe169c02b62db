//! Genuine is not enough: what a policy refuses, and that a test root means nothing where there is worth.

use crate::genuine::{lenient, verify};
use crate::samples::{intel, real, sgx, tdx};
use crate::stand::{ISSUED, Stand, test_net, test_policy};
use caplet_attest::testroot::{Platform, Revoked};
use caplet_attest::{AttestError, Measurement, Policy, Trust, Verifier, status_named};

#[test]
fn the_strict_policy_takes_an_up_to_date_platform() {
    let verified = Stand::new(Platform::default()).judge(test_policy()).unwrap();
    assert_eq!(verified.status.to_string(), "UpToDate");
    assert_eq!(verified.measurement, Measurement::sgx(&[0xC0; 32]));
}

#[test]
fn the_strict_policy_refuses_a_real_platform_that_needs_hardening() {
    let error = verify(Policy::default(), &sgx()).unwrap_err();
    assert!(matches!(error, AttestError::Policy { .. }), "{error}");
}

#[test]
fn an_advisory_that_is_refused_refuses_the_platform_that_has_it() {
    let refused_advisories = vec!["INTEL-SA-00615".to_owned()];
    let error = verify(Policy { refused_advisories, ..lenient() }, &sgx()).unwrap_err();
    assert!(
        matches!(&error, AttestError::Policy { reason } if reason.contains("INTEL-SA-00615")),
        "{error}"
    );
}

#[test]
fn a_platform_behind_the_least_evaluation_number_is_refused() {
    assert!(verify(Policy { least_evaluation: 17, ..lenient() }, &sgx()).is_ok());
    let error = verify(Policy { least_evaluation: 18, ..lenient() }, &sgx()).unwrap_err();
    assert!(matches!(error, AttestError::Policy { .. }), "{error}");
}

#[test]
fn only_measurements_that_are_named_pass_when_any_is_named() {
    let found = verify(lenient(), &tdx()).unwrap().measurement;
    let named = |list: Vec<Measurement>| Policy { measurements: Some(list), ..lenient() };
    assert!(verify(named(vec![Measurement([0; 32]), found]), &tdx()).is_ok());
    for list in [Vec::new(), vec![Measurement([0; 32])]] {
        let allowed = list.len();
        assert_eq!(verify(named(list), &tdx()), Err(AttestError::Code { found, allowed }));
    }
}

#[test]
fn a_debug_enclave_is_refused_unless_the_policy_says_otherwise() {
    let mut stand = Stand::new(Platform::default());
    stand.enclave.debug = true;
    assert_eq!(stand.judge(test_policy()), Err(AttestError::Debug));
    let verified = stand.judge(Policy { debug: true, ..test_policy() }).unwrap();
    assert!(verified.debug);
}

#[test]
fn a_platform_out_of_date_needs_both_its_status_and_the_grace() {
    let status = status_named("OutOfDate").unwrap();
    let stand = Stand::new(Platform { status, ..Platform::default() });
    assert!(stand.judge(test_policy()).is_err());
    let statuses = vec![status];
    let named = Policy { statuses, ..test_policy() };
    assert!(stand.judge(named.clone()).is_err(), "no grace");
    assert!(stand.judge(Policy { grace_secs: 90_000, ..test_policy() }).is_err(), "not named");
    assert!(stand.judge(Policy { grace_secs: 90_000, ..named }).is_ok());
}

#[test]
fn a_platform_whose_tcb_is_revoked_is_refused_whatever_the_policy() {
    let status = serde_json::from_str("\"Revoked\"").unwrap();
    let stand = Stand::new(Platform { status, ..Platform::default() });
    let statuses = vec![status];
    let error = stand.judge(Policy { statuses, ..test_policy() }).unwrap_err();
    assert!(matches!(error, AttestError::NotGenuine { .. }), "{error}");
}

#[test]
fn hyper_threading_is_refused_unless_allowed() {
    let stand = Stand::new(Platform { smt: true, ..Platform::default() });
    assert!(matches!(stand.judge(test_policy()), Err(AttestError::Policy { .. })));
    assert!(stand.judge(Policy { smt: true, ..test_policy() }).is_ok());
}

#[test]
fn a_certificate_that_is_revoked_refuses_the_quote() {
    for who in [Revoked::Platform, Revoked::Authority, Revoked::Signer] {
        let stand = Stand::new(Platform { revoked: Some(who), ..Platform::default() });
        let error = stand.judge(test_policy()).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, AttestError::NotGenuine { .. }), "{who:?}: {text}");
        assert!(text.contains("Revoked"), "{who:?}: {text}");
    }
}

#[test]
fn a_test_root_is_refused_on_a_network_that_is_not_marked_as_test() {
    let trust = Stand::new(Platform::default()).trust();
    let chain = real().chain;
    let on_real = Verifier::new(trust.clone(), test_policy(), &real());
    assert_eq!(on_real.unwrap_err(), AttestError::TestRoot { chain: chain.clone() });
    let unmarked = Verifier::new(trust, Policy::default(), &test_net());
    assert_eq!(unmarked.unwrap_err(), AttestError::UnmarkedPolicy);
    let policy = Verifier::new(Trust::Intel, test_policy(), &real());
    assert_eq!(policy.unwrap_err(), AttestError::TestPolicy { chain });
}

#[test]
fn intels_root_takes_no_synthetic_quote_and_a_test_root_no_other_ones() {
    let (one, other) = (Stand::new(Platform::default()), Stand::new(Platform::default()));
    let quote = one.quote(&crate::stand::binding(crate::stand::keys()));
    let now = ISSUED + 1;
    assert!(one.verifier(test_policy()).verify(&quote, &one.collateral, now).is_ok());
    for verifier in [intel(Policy::default()), other.verifier(test_policy())] {
        for collateral in [&one.collateral, &other.collateral] {
            let error = verifier.verify(&quote, collateral, now).unwrap_err();
            assert!(matches!(error, AttestError::NotGenuine { .. }), "{error}");
        }
    }
    let real = sgx();
    assert!(one.verifier(test_policy()).verify(&real.quote, &real.collateral, real.now).is_err());
}

#[test]
fn a_policy_reads_from_text_and_refuses_what_it_does_not_know() {
    let text = r#"{"statuses": ["UpToDate", "SWHardeningNeeded"], "least_evaluation": 17}"#;
    let policy: Policy = serde_json::from_str(text).unwrap();
    assert_eq!((policy.statuses.len(), policy.debug, policy.test), (2, false, false));
    assert!(serde_json::from_str::<Policy>(r#"{"debugg": true}"#).is_err());
    assert!(matches!(status_named("Fine"), Err(AttestError::Status { name }) if name == "Fine"));
}
