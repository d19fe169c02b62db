//! Registering devices.

use crate::parties::signer;
use crate::suite::{Suite, refused};
use caplet_api::common::{AdminMsg, Key};
use caplet_api::event::{AccountOpened, DeviceRegistered};
use caplet_api::registry::{DeviceStatus, ExecuteMsg, QueryMsg, Registration};
use caplet_protocol::layout::{Possession, PublicKey, Scheme, owner_hash};
use caplet_protocol::{CellId, DeviceId, Domain};
use cw_multi_test::IntoAddr;
use k256::ecdsa::signature::Signer;

#[test]
fn anyone_brings_a_device_and_its_owner_and_cell_are_as_signed_and_assigned() {
    let mut suite = Suite::with_gateway();
    let sealing = [9; 32];
    let (alice, gw) = ("alice".into_addr(), "gw".into_addr());
    let item = signer("lamp").sealed_registration(
        &suite.domain,
        alice.as_str(),
        gw.as_str(),
        Some(sealing),
    );
    let events = suite.register(vec![item]).unwrap();

    let opened = AccountOpened::try_from(&events[0]).unwrap();
    assert_eq!(opened.address, alice.to_string());
    let event = DeviceRegistered::try_from(&events[1]).unwrap();
    assert_eq!((event.device, event.owner), (1, alice.to_string()));
    let device = suite.device(1);
    assert_eq!(device.owner.address, alice.to_string());
    assert_eq!(device.gateway.address, gw.to_string());
    assert_eq!(device.cell, CellId(7));
    assert_eq!(device.status, DeviceStatus::Active);
    assert_eq!((device.key_epoch, device.attested), (0, false));
    assert_eq!(device.sealing.unwrap().as_slice(), sealing);
    assert_eq!(device.profile, None);
}

#[test]
fn a_full_batch_is_numbered_in_its_order() {
    let mut suite = Suite::with_gateway();
    let devices: Vec<Registration> =
        (0..100).map(|i| suite.registration(&format!("key {i}"), "alice", "gw")).collect();
    let events = suite.register(devices).unwrap();
    assert_eq!(events.len(), 101); // one account and a hundred devices
    for i in [0u32, 31, 32, 99] {
        let key = signer(&format!("key {i}")).key();
        assert_eq!(suite.device(i + 1).key, key);
    }
}

#[test]
fn batches_are_neither_empty_nor_over_a_hundred() {
    let mut suite = Suite::with_gateway();
    refused(suite.register(vec![]), "0 items in one message, 1 to 100");
    let one = suite.registration("lamp", "alice", "gw");
    refused(suite.register(vec![one; 101]), "101 items in one message, 1 to 100");
}

#[test]
fn one_bad_item_is_named_and_nothing_of_the_batch_stays() {
    let mut suite = Suite::with_gateway();
    let good = suite.registration("good", "alice", "gw");
    let mut forged = suite.registration("forged", "alice", "gw");
    forged.owner = "mallory".into_addr().to_string();
    refused(
        suite.register(vec![good.clone(), forged, good]),
        "item 1: the proof of possession does not verify",
    );
    assert_eq!(suite.account("alice"), None);
}

#[test]
fn a_proof_for_another_registry_chain_or_owner_does_not_verify() {
    let mut suite = Suite::with_gateway();
    let (alice, gw) = ("alice".into_addr(), "gw".into_addr());
    let elsewhere = Domain::of("another-chain", suite.registry.as_str(), 12_345, 1);
    let foreign = signer("lamp").registration(&elsewhere, alice.as_str(), gw.as_str());
    refused(suite.register(vec![foreign]), "proof of possession does not verify");

    let mut stolen = suite.registration("lamp", "alice", "gw");
    stolen.owner = "mallory".into_addr().to_string();
    refused(suite.register(vec![stolen]), "proof of possession does not verify");

    let mut resealed = suite.registration("lamp", "alice", "gw");
    resealed.sealing = Some([1; 32].into());
    refused(suite.register(vec![resealed]), "proof of possession does not verify");
}

#[test]
fn a_key_is_registered_once_not_even_twice_in_a_batch() {
    let mut suite = Suite::with_device();
    let again = suite.registration("lamp", "bob", "gw");
    refused(suite.register(vec![again]), "the key is or was device 1's");
    let twin = suite.registration("twin", "bob", "gw");
    refused(suite.register(vec![twin.clone(), twin]), "item 1: the key is or was device 2's");
}

#[test]
fn the_gateway_must_have_registered_first() {
    let mut suite = Suite::with_gateway();
    let lost = suite.registration("lamp", "alice", "nobody");
    refused(suite.register(vec![lost]), "is no gateway: it must send `register_gateway` first");
    suite.open_account("bob");
    let plain = suite.registration("lamp", "alice", "bob");
    refused(suite.register(vec![plain]), "is no gateway");
}

#[test]
fn an_owner_that_is_no_address_of_the_chain_is_refused() {
    let mut suite = Suite::with_gateway();
    let gw = "gw".into_addr();
    for owner in ["", "not an address", "osmo1xyz"] {
        let item = signer("lamp").registration(&suite.domain, owner, gw.as_str());
        refused(suite.register(vec![item]), "item 0");
    }
}

#[test]
fn a_sealing_key_has_32_bytes_that_are_not_zero() {
    let mut suite = Suite::with_gateway();
    for (sealing, reason) in
        [(vec![0; 32], "a sealing key of zeros"), (vec![1; 31], "sealing key has 31 bytes")]
    {
        let mut item = suite.registration("lamp", "alice", "gw");
        item.sealing = Some(sealing.into());
        refused(suite.register(vec![item]), reason);
    }
}

#[test]
fn a_wallet_key_proves_itself_over_the_hash_of_the_layout() {
    let mut suite = Suite::with_gateway();
    let wallet = k256::ecdsa::SigningKey::from_slice(&[5; 32]).unwrap();
    let point = wallet.verifying_key().to_encoded_point(true);
    let key = PublicKey::new(Scheme::Secp256k1, point.as_bytes()).unwrap();
    let (owner, gateway) = ("alice".into_addr(), "gw".into_addr());
    let possession = Possession { key, sealing: [0; 32], owner: owner_hash(owner.as_str()) };
    let proof: k256::ecdsa::Signature = wallet.sign(&possession.preimage(&suite.domain));
    let item = Registration {
        key: Key { scheme: Scheme::Secp256k1, key: point.as_bytes().into() },
        sealing: None,
        owner: owner.to_string(),
        gateway: gateway.to_string(),
        proof: proof.to_vec().into(),
    };
    let mut forged = item.clone();
    forged.proof = signer("lamp").sign(b"something else");
    refused(suite.register(vec![forged]), "proof of possession does not verify");
    suite.register(vec![item]).unwrap();
    assert_eq!(suite.device(1).key.scheme, Scheme::Secp256k1);
}

#[test]
fn a_paused_registry_registers_nobody_but_everything_else_goes_on() {
    let mut suite = Suite::with_device();
    let account = suite.open_account("second");
    let governance = suite.governance.clone();
    suite.send_as(&governance, &ExecuteMsg::Admin(AdminMsg::Pause {})).unwrap();

    let device = suite.registration("camera", "alice", "gw");
    refused(suite.register(vec![device.clone()]), "the contract is paused");
    let late = suite.now() + 1000;
    let gateway = signer("second").endpoint(&suite.domain, account, 1, late);
    refused(suite.send("second", &ExecuteMsg::RegisterGateway(gateway)), "the contract is paused");

    let known = suite.account("gw").unwrap();
    let moved = signer("gw").endpoint(&suite.domain, known, 2, late);
    suite.send("gw", &ExecuteMsg::RegisterGateway(moved)).unwrap();
    suite.open_account("payee");
    let rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    suite.send("alice", &ExecuteMsg::Rotate(rotation)).unwrap();
    let (device_id, status) = (DeviceId(1), DeviceStatus::Retired);
    suite.send("alice", &ExecuteMsg::SetStatus { device: device_id, status }).unwrap();

    suite.send_as(&governance, &ExecuteMsg::Admin(AdminMsg::Unpause {})).unwrap();
    suite.register(vec![device]).unwrap();
}

#[test]
fn what_does_not_exist_is_said_so() {
    let suite = Suite::with_device();
    let error = suite.ask::<serde_json::Value>(&QueryMsg::Device { device: DeviceId(9) });
    assert!(error.unwrap_err().contains("there is no device 9; the last one is 1"));
    let error = suite.ask::<serde_json::Value>(&QueryMsg::AccountById { account: 9.into() });
    assert!(error.unwrap_err().contains("there is no account 9; the last one is 2"));
    let key = signer("nobody").key();
    let error = suite.ask::<serde_json::Value>(&QueryMsg::DeviceByKey { key });
    assert!(error.unwrap_err().contains("no device signs with this key: register it first"));
}
