//! Enclaves of devices, and who may say what of them.

use crate::parties::signer;
use crate::suite::{Outcome, Suite, refused};
use caplet_api::layout::{ATTESTATIONS, ATTESTED, AttestationRecord, DEVICES, DeviceRecord};
use caplet_api::registry::{
    AttestInput, AttestationRules, DeviceStatus, EnclaveInput, EnclaveResponse, EnclavesResponse,
    ExecuteMsg, QueryMsg,
};
use caplet_protocol::layout::EnclaveStatement;
use caplet_protocol::{DeviceId, Domain};
use cw_multi_test::IntoAddr;

const DEVICE: DeviceId = DeviceId(1);

/// An enclave with the key of that name, for device 1.
pub(crate) fn enclave(domain: &Domain, device: &str, name: &str, sequence: u64) -> EnclaveInput {
    let (sealing, signing) = ([5; 32], signer(name).bytes());
    let statement = EnclaveStatement { device: DEVICE, sequence, sealing, signing };
    let preimage = statement.preimage(domain);
    EnclaveInput {
        device: DEVICE,
        sequence: sequence.into(),
        sealing: sealing.into(),
        signing: signing.into(),
        signature: signer(device).sign(&preimage),
        consent: signer(name).sign(&preimage),
    }
}

fn register(suite: &mut Suite, sequence: u64) -> Outcome {
    let input = enclave(&suite.domain, "lamp", "enclave", sequence);
    suite.send("relayer", &ExecuteMsg::RegisterEnclave(input))
}

fn appoint(suite: &mut Suite, attester: &str, weight: u8) -> Outcome {
    let attester = attester.into_addr().to_string();
    let governance = suite.governance.clone();
    suite.send_as(&governance, &ExecuteMsg::SetAttester { attester, weight })
}

fn attest(suite: &mut Suite, attester: &str, measurement: u8, secs: u64) -> Outcome {
    let sequence = found(suite).sequence;
    let input = AttestInput {
        device: DEVICE,
        sequence,
        measurement: [measurement; 32].into(),
        evidence: [9; 32].into(),
        not_after: (suite.now() + secs).into(),
    };
    suite.send(attester, &ExecuteMsg::Attest(input))
}

fn recount(suite: &mut Suite) {
    suite.send("anyone", &ExecuteMsg::Recount { device: DEVICE }).unwrap();
}

fn found(suite: &Suite) -> EnclaveResponse {
    suite.ask(&QueryMsg::Enclave { device: DEVICE }).unwrap()
}

/// What peers read: the flag and the record, which must agree.
fn peers_read(suite: &Suite) -> Option<AttestationRecord> {
    let raw = suite.app.dump_wasm_raw(&suite.registry);
    let read = |pages: caplet_api::layout::Pages| {
        let (page, place) = pages.locate(DEVICE.0);
        let key = pages.key(&[], page);
        let bytes = raw.iter().find(|(at, _)| *at == key).map(|(_, bytes)| bytes.clone());
        pages.slice(&pages.records(bytes.unwrap_or_default()), place).to_vec()
    };
    let flag = DeviceRecord::decode(&read(DEVICES)).flags & ATTESTED != 0;
    let record = AttestationRecord::decode(&read(ATTESTATIONS));
    assert_eq!(flag, record.not_after > 0, "flag and record disagree");
    assert_eq!(flag, suite.device(1).attested);
    flag.then_some(record)
}

/// Two attesters of weight 1, one of weight 2, and a registered enclave; the threshold is 2.
fn ready() -> Suite {
    let mut suite = Suite::with_device();
    for (attester, weight) in [("ann", 1), ("ben", 1), ("contract", 2)] {
        appoint(&mut suite, attester, weight).unwrap();
    }
    register(&mut suite, 1).unwrap();
    suite
}

#[test]
fn a_device_is_attested_when_enough_attesters_agree() {
    let mut suite = ready();
    attest(&mut suite, "ann", 7, 1_000).unwrap();
    assert_eq!(peers_read(&suite), None, "one of two");
    attest(&mut suite, "ben", 8, 1_000).unwrap();
    assert_eq!(peers_read(&suite), None, "they disagree");
    attest(&mut suite, "ben", 7, 2_000).unwrap();
    let record = peers_read(&suite).unwrap();
    assert_eq!(record.measurement, [7; 32]);
    assert_eq!(record.not_after, suite.now() + 1_000, "as long as both last");
    let found = found(&suite);
    assert_eq!(found.attestations.len(), 2);
    assert_eq!(found.attested_until, Some(record.not_after.into()));
}

#[test]
fn an_attester_of_the_thresholds_weight_is_enough() {
    let mut suite = ready();
    attest(&mut suite, "contract", 7, 1_000).unwrap();
    assert_eq!(peers_read(&suite).unwrap().measurement, [7; 32]);
}

#[test]
fn an_attestation_ends_with_its_date() {
    let mut suite = ready();
    attest(&mut suite, "contract", 7, 1_000).unwrap();
    suite.wait(999);
    recount(&mut suite);
    assert!(peers_read(&suite).is_some());
    suite.wait(1);
    assert_eq!(found(&suite).attested_until, None, "at once to those who ask");
    recount(&mut suite);
    assert_eq!(peers_read(&suite), None, "and to peers once anyone counts");
}

#[test]
fn nobody_but_attesters_attests_and_a_dismissed_one_counts_no_more() {
    let mut suite = ready();
    refused(attest(&mut suite, "mallory", 7, 1_000), "is no attester");
    attest(&mut suite, "contract", 7, 1_000).unwrap();
    appoint(&mut suite, "contract", 0).unwrap();
    refused(attest(&mut suite, "contract", 7, 1_000), "is no attester");
    recount(&mut suite);
    assert_eq!(peers_read(&suite), None);
}

#[test]
fn another_enclave_voids_what_was_said_of_the_last_one() {
    let mut suite = ready();
    attest(&mut suite, "contract", 7, 1_000).unwrap();
    register(&mut suite, 2).unwrap();
    assert_eq!(peers_read(&suite), None);
    assert!(found(&suite).attestations.is_empty());
    let late = AttestInput {
        device: DEVICE,
        sequence: 1u64.into(),
        measurement: [7; 32].into(),
        evidence: [9; 32].into(),
        not_after: (suite.now() + 100).into(),
    };
    refused(
        suite.send("contract", &ExecuteMsg::Attest(late)),
        "enclave 1 of device 1 was verified, enclave 2 is registered",
    );
}

#[test]
fn an_enclave_is_registered_by_its_device_and_itself_once() {
    let mut suite = Suite::with_device();
    let domain = suite.domain;
    let send = |suite: &mut Suite, input| suite.send("x", &ExecuteMsg::RegisterEnclave(input));
    let good = enclave(&domain, "lamp", "enclave", 1);
    let foreign = enclave(&domain, "mallory", "enclave", 1);
    refused(send(&mut suite, foreign), "device's signature of its enclave does not verify");
    let mut unwilling = good.clone();
    unwilling.consent = signer("mallory").sign(b"anything");
    refused(send(&mut suite, unwilling), "enclave's consent does not verify");
    let elsewhere = enclave(&Domain([1; 32]), "lamp", "enclave", 1);
    refused(send(&mut suite, elsewhere), "does not verify");
    let mut small = good.clone();
    small.signing = [0; 32].into();
    assert!(send(&mut suite, small).is_err());
    send(&mut suite, good.clone()).unwrap();
    refused(send(&mut suite, good), "enclave sequence 1 does not follow 1");
}

#[test]
fn attestations_are_taken_back_by_who_said_them_the_owner_and_governance() {
    let revoke = ExecuteMsg::RevokeAttestation { device: DEVICE };
    for who in ["alice", "contract", "governance"] {
        let mut suite = ready();
        attest(&mut suite, "contract", 7, 1_000).unwrap();
        refused(suite.send("mallory", &revoke), "is no attester");
        suite.send(who, &revoke).unwrap();
        assert_eq!(peers_read(&suite), None, "{who}");
    }
    let mut suite = ready();
    attest(&mut suite, "contract", 7, 1_000).unwrap();
    suite.send("ann", &revoke).unwrap();
    assert!(peers_read(&suite).is_some(), "an attester takes back its own only");
}

#[test]
fn rules_bound_how_long_and_by_how_many() {
    let mut suite = ready();
    let governance = suite.governance.clone();
    let mut rules = |threshold, most_secs| {
        let rules = AttestationRules { threshold, most_secs };
        suite.send_as(&governance, &ExecuteMsg::SetAttestationRules(rules))
    };
    refused(rules(0, 600), "give at least 1");
    refused(rules(1, 59), "give at least 1");
    rules(1, 600).unwrap();
    refused(attest(&mut suite, "ann", 7, 601), "at most until");
    refused(attest(&mut suite, "ann", 7, 0), "is void since");
    attest(&mut suite, "ann", 7, 600).unwrap();
    assert!(peers_read(&suite).is_some());
}

#[test]
fn there_are_at_most_sixteen_attesters() {
    let mut suite = Suite::with_device();
    for number in 0..16 {
        appoint(&mut suite, &format!("attester {number}"), 1).unwrap();
    }
    refused(appoint(&mut suite, "one more", 1), "there are 16 attesters");
    appoint(&mut suite, "attester 3", 2).unwrap();
    appoint(&mut suite, "attester 3", 0).unwrap();
    appoint(&mut suite, "one more", 1).unwrap();
}

#[test]
fn a_compromised_key_takes_its_enclave_with_it_and_a_retired_device_gets_none() {
    let mut suite = ready();
    attest(&mut suite, "contract", 7, 1_000).unwrap();
    let mut rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    rotation.compromised = true;
    suite.send("alice", &ExecuteMsg::Rotate(rotation)).unwrap();
    assert_eq!(peers_read(&suite), None);
    let none: Result<EnclaveResponse, String> = suite.ask(&QueryMsg::Enclave { device: DEVICE });
    assert!(none.unwrap_err().contains("has no enclave"));
    let again = enclave(&suite.domain, "lamp 2", "enclave", 1);
    refused(
        suite.send("x", &ExecuteMsg::RegisterEnclave(again)),
        "enclave sequence 1 does not follow 1",
    );
    let status = DeviceStatus::Retired;
    suite.send("alice", &ExecuteMsg::SetStatus { device: DEVICE, status }).unwrap();
    let late = enclave(&suite.domain, "lamp 2", "enclave", 2);
    assert!(suite.send("x", &ExecuteMsg::RegisterEnclave(late)).is_err());
}

#[test]
fn whoever_attests_finds_every_enclave_by_its_device() {
    let mut suite = ready();
    let list = |suite: &Suite, start_after| -> EnclavesResponse {
        suite.ask(&QueryMsg::Enclaves { start_after, limit: None }).unwrap()
    };
    attest(&mut suite, "contract", 7, 1_000).unwrap();
    let [one] = <[_; 1]>::try_from(list(&suite, None).enclaves).unwrap();
    assert_eq!((one.device, &one.enclave), (DEVICE, &found(&suite)));
    assert!(one.enclave.attested_until.is_some());
    assert!(list(&suite, Some(DEVICE)).enclaves.is_empty(), "the list goes on after the cursor");
}
