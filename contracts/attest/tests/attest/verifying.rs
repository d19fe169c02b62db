//! What makes a device attested without anyone being trusted, and what does not.

use crate::suite::{BLOCK, Suite, collateral, policy, refused};
use caplet_api::attest::{ExecuteMsg, InstantiateMsg, PolicyInput, RootInput};
use caplet_api::common::AdminMsg;
use caplet_api::event::QuoteVerified;
use caplet_attest::status_named;
use caplet_attest::testroot::{Platform, Revoked};
use caplet_protocol::{DeviceId, layout::QuoteBinding};
use cw_multi_test::Executor as _;

#[test]
fn anyone_brings_a_quote_and_the_device_is_attested() {
    let mut suite = Suite::new();
    let input = suite.input(&suite.binding());
    let events = suite.verify(input).unwrap();
    let event = events.iter().find_map(|event| QuoteVerified::try_from(event).ok()).unwrap();
    assert_eq!((event.device, event.block), (1, BLOCK.to_vec()));
    let found = suite.enclave_on_chain();
    assert_eq!(found.attested_until.unwrap().u64(), suite.now() + 86_400);
    assert_eq!(found.measurement.unwrap().as_slice(), suite.enclave.measurement().0);
}

#[test]
fn a_quote_about_anything_else_than_this_registration_is_refused() {
    let mut suite = Suite::new();
    let good = suite.binding();
    for other in [
        QuoteBinding { device: DeviceId(2), ..good },
        QuoteBinding { sealing: [6; 32], ..good },
        QuoteBinding { signing: [6; 32], ..good },
        QuoteBinding { height: good.height + 1, ..good },
        QuoteBinding { block: [6; 32], ..good },
    ] {
        let input = suite.input(&other);
        refused(suite.verify(input), "the report's data are");
    }
    assert_eq!(suite.enclave_on_chain().attested_until, None);
}

#[test]
fn a_quote_of_the_registration_before_is_refused_even_for_the_same_keys() {
    let mut suite = Suite::new();
    let input = suite.input(&suite.binding());
    suite.verify(input.clone()).unwrap();
    suite.wait(5);
    suite.register_enclave(2);
    refused(suite.verify(input), "the report's data are");
    let input = suite.input(&suite.binding());
    suite.verify(input).unwrap();
}

#[test]
fn a_changed_quote_and_a_changed_collateral_are_refused() {
    let mut suite = Suite::new();
    let good = suite.input(&suite.binding());
    for at in [60, 120, 200, 380, 440, 500, 700, 1_000] {
        let mut input = good.clone();
        let mut bytes = input.quote.to_vec();
        bytes[at] ^= 1;
        input.quote = bytes.into();
        assert!(suite.verify(input).is_err(), "byte {at}");
    }
    let mut input = good.clone();
    input.collateral.tcb_info = input.collateral.tcb_info.replace("UpToDate", "SWHardeningNeeded");
    refused(suite.verify(input), "Signature is invalid for tcb_info");
    let mut input = good;
    input.block = vec![1; 31].into();
    refused(suite.verify(input), "31 bytes, 32 are needed");
}

#[test]
fn the_policy_of_governance_is_applied() {
    let status = status_named("ConfigurationNeeded").unwrap();
    let mut suite = Suite::on(Platform { status, ..Platform::default() });
    let input = suite.input(&suite.binding());
    refused(suite.verify(input.clone()), "the policy refuses the platform");
    let statuses = vec!["ConfigurationNeeded".to_owned()];
    let wider = PolicyInput { statuses, ..policy() };
    let msg = ExecuteMsg::SetPolicy(wider);
    refused(suite.send("mallory", &msg), "is not the owner");
    suite.send("governance", &msg).unwrap();
    suite.verify(input).unwrap();
    let nonsense = PolicyInput { statuses: vec!["Fine".into()], ..policy() };
    refused(suite.send("governance", &ExecuteMsg::SetPolicy(nonsense)), "no TCB status Fine");
}

#[test]
fn debug_enclaves_and_revoked_platforms_are_refused() {
    let mut suite = Suite::new();
    suite.enclave.debug = true;
    let input = suite.input(&suite.binding());
    refused(suite.verify(input), "a debug enclave");
    for revoked in [Revoked::Platform, Revoked::Authority, Revoked::Signer] {
        let mut suite = Suite::on(Platform { revoked: Some(revoked), ..Platform::default() });
        let input = suite.input(&suite.binding());
        refused(suite.verify(input), "Revoked");
    }
}

#[test]
fn nothing_is_verified_with_collateral_or_a_root_that_is_over() {
    let mut suite = Suite::new();
    let input = suite.input(&suite.binding());
    suite.wait(20 * 86_400);
    refused(suite.verify(input.clone()), "governance renews it");
    let renew = |days: u64, suite: &Suite| ExecuteMsg::RenewRoot {
        not_after: (suite.now() + days * 86_400).into(),
    };
    let msg = renew(0, &suite);
    refused(suite.send("governance", &msg), "give a later date");
    let msg = renew(100, &suite);
    refused(suite.send("mallory", &msg), "is not the owner");
    suite.send("governance", &msg).unwrap();
    suite.verify(input.clone()).unwrap();
    suite.wait(11 * 86_400);
    refused(suite.verify(input), "not genuine");
}

#[test]
fn a_root_of_ones_own_shows_and_cannot_replace_intels() {
    let suite = Suite::new();
    assert!(suite.config().test);
    let mut suite = Suite::new();
    let root = RootInput { test: None, not_after: (suite.now() + 100).into() };
    let registry = suite.registry.to_string();
    let msg = InstantiateMsg { owner: None, registry, root, policy: policy() };
    let code = suite.app.contract_data(&suite.verifier).unwrap().code_id;
    let governance = suite.governance.clone();
    let real = suite.app.instantiate_contract(code, governance, &msg, &[], "v", None).unwrap();
    suite.verifier = real;
    assert!(!suite.config().test);
    let input = suite.input(&suite.binding());
    refused(suite.verify(input), "not genuine");
}

#[test]
fn a_paused_verifier_verifies_nothing() {
    let mut suite = Suite::new();
    let input = suite.input(&suite.binding());
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Pause {})).unwrap();
    refused(suite.verify(input.clone()), "paused");
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Unpause {})).unwrap();
    suite.verify(input).unwrap();
}

#[test]
fn collateral_of_another_root_is_refused() {
    let (mut suite, other) = (Suite::new(), Suite::new());
    let mut input = suite.input(&suite.binding());
    input.collateral = collateral(other.enclave.root.collateral().unwrap());
    refused(suite.verify(input), "not genuine");
}

#[test]
fn a_root_that_is_at_work_is_kept_by_whoever_brings_quotes() {
    let mut suite = Suite::new();
    let day = 86_400;
    suite.wait(19 * day);
    let input = suite.input(&suite.binding());
    suite.verify(input.clone()).unwrap();
    assert_eq!(suite.config().root_not_after.u64(), suite.now() + 90 * day);
    suite.wait(2 * day);
    suite.verify(input).unwrap();
    let kept = suite.config().root_not_after.u64();
    assert_eq!(kept, suite.now() + 90 * day);
    // what is refused keeps nothing
    let other = QuoteBinding { block: [6; 32], ..suite.binding() };
    suite.wait(day);
    let input = suite.input(&other);
    assert!(suite.verify(input).is_err());
    assert_eq!(suite.config().root_not_after.u64(), kept);
    // a later date of governance stays
    let later = suite.now() + 300 * day;
    suite.send("governance", &ExecuteMsg::RenewRoot { not_after: later.into() }).unwrap();
    let input = suite.input(&suite.binding());
    suite.verify(input).unwrap();
    assert_eq!(suite.config().root_not_after.u64(), later);
}
