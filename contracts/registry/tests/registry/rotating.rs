//! Rotating keys.

use crate::parties::signer;
use crate::suite::{Suite, refused};
use caplet_api::event::KeyRotated;
use caplet_api::layout::old_keys_key;
use caplet_base::peer::OldKey;
use caplet_api::registry::{ExecuteMsg, GrantsResponse, QueryMsg};
use caplet_protocol::DeviceId;
use caplet_protocol::layout::{Grant, PublicKey};

fn old_keys(suite: &Suite) -> Vec<OldKey> {
    let storage = suite.app.contract_storage(&suite.registry);
    OldKey::list(&storage.get(&old_keys_key(DeviceId(1))).unwrap()).unwrap()
}

#[test]
fn the_owner_rotates_without_the_old_key_and_peers_read_the_old_one_with_its_time() {
    let mut suite = Suite::with_device();
    suite.wait(50);
    let rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    let events = suite.send("alice", &ExecuteMsg::Rotate(rotation)).unwrap();
    let event = KeyRotated::try_from(&events[0]).unwrap();
    assert_eq!(event, KeyRotated { device: 1, epoch: 1, compromised: false });

    let device = suite.device(1);
    assert_eq!((device.key_epoch, device.key), (1, signer("lamp 2").key()));
    let (rotated, height) = (suite.now(), suite.app.block_info().height);
    let old = OldKey { key: signer("lamp").public(), rotated, height, compromised: false };
    assert_eq!(old_keys(&suite), [old]);
    let bytes = suite.app.contract_storage(&suite.registry).get(&old_keys_key(DeviceId(1)));
    let record = bytes.unwrap();
    assert_eq!(PublicKey::decode(&record[..34]).unwrap(), signer("lamp").public());
    assert_eq!(record[34..42], rotated.to_be_bytes());
    assert_eq!(record[42..50], height.to_be_bytes());
    assert_eq!(record[50..], [0]);

    let key = signer("lamp").key();
    let gone = suite.ask::<serde_json::Value>(&QueryMsg::DeviceByKey { key }).unwrap_err();
    assert!(gone.contains("device 1 rotated away from it"), "{gone}");
}

#[test]
fn anyone_rotates_with_the_consent_of_the_present_key_and_nobody_without() {
    let mut suite = Suite::with_device();
    let mut rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    refused(suite.send("mallory", &ExecuteMsg::Rotate(rotation.clone())), "did not consent");

    let preimage = signer("lamp 2").rotation_preimage(&suite.domain, 1, 1);
    rotation.consent = Some(signer("lamp 2").sign(&preimage));
    refused(
        suite.send("mallory", &ExecuteMsg::Rotate(rotation.clone())),
        "the present key's consent does not verify",
    );
    rotation.consent = Some(signer("lamp").sign(&preimage));
    suite.send("relayer", &ExecuteMsg::Rotate(rotation)).unwrap();
    assert_eq!(suite.device(1).key_epoch, 1);
}

#[test]
fn the_new_key_must_prove_itself_even_to_the_owner() {
    let mut suite = Suite::with_device();
    let mut rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    rotation.proof = signer("lamp").sign(&signer("lamp 2").rotation_preimage(&suite.domain, 1, 1));
    refused(
        suite.send("alice", &ExecuteMsg::Rotate(rotation)),
        "the new key's proof does not verify",
    );
}

#[test]
fn only_the_owner_declares_a_key_compromised() {
    let mut suite = Suite::with_device();
    let mut rotation = signer("evil").rotation(&suite.domain, 1, 1);
    let preimage = signer("evil").rotation_preimage(&suite.domain, 1, 1);
    rotation.consent = Some(signer("lamp").sign(&preimage));
    rotation.compromised = true;
    refused(
        suite.send("mallory", &ExecuteMsg::Rotate(rotation.clone())),
        "is not the owner of device 1",
    );
    suite.send("alice", &ExecuteMsg::Rotate(rotation)).unwrap();
    assert!(old_keys(&suite)[0].compromised);
}

#[test]
fn an_epoch_is_exactly_one_higher_so_a_rotation_is_good_once() {
    let mut suite = Suite::with_device();
    for epoch in [0, 2, u32::MAX] {
        let rotation = signer("lamp 2").rotation(&suite.domain, 1, epoch);
        refused(suite.send("alice", &ExecuteMsg::Rotate(rotation)), "does not follow 0");
    }
    let first = signer("lamp 2").rotation(&suite.domain, 1, 1);
    suite.send("alice", &ExecuteMsg::Rotate(first.clone())).unwrap();
    refused(suite.send("alice", &ExecuteMsg::Rotate(first)), "key epoch 1 does not follow 1");
}

#[test]
fn no_device_gets_a_key_that_was_ever_registered() {
    let mut suite = Suite::with_device();
    let other = suite.registration("camera", "bob", "gw");
    suite.register(vec![other]).unwrap();
    let taken = signer("camera").rotation(&suite.domain, 1, 1);
    refused(suite.send("alice", &ExecuteMsg::Rotate(taken)), "the key is or was device 2's");

    let away = signer("lamp 2").rotation(&suite.domain, 1, 1);
    suite.send("alice", &ExecuteMsg::Rotate(away)).unwrap();
    let back = signer("lamp").rotation(&suite.domain, 1, 2);
    refused(suite.send("alice", &ExecuteMsg::Rotate(back)), "the key is or was device 1's");
    let again = suite.registration("lamp", "mallory", "gw");
    refused(suite.register(vec![again]), "the key is or was device 1's");
}

#[test]
fn rotation_replaces_the_sealing_key() {
    let mut suite = Suite::with_gateway();
    let (alice, gw) = (
        suite.registration("lamp", "alice", "gw").owner,
        suite.registration("lamp", "alice", "gw").gateway,
    );
    let item = signer("lamp").sealed_registration(&suite.domain, &alice, &gw, Some([4; 32]));
    suite.register(vec![item]).unwrap();
    let rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    suite.send("alice", &ExecuteMsg::Rotate(rotation)).unwrap();
    assert_eq!(suite.device(1).sealing, None);
}

#[test]
fn what_a_leaked_key_signed_goes_with_it_and_what_a_sound_key_signed_stays() {
    for compromised in [false, true] {
        let mut suite = Suite::with_device();
        let late = suite.now() + 1000;
        let lamp = signer("lamp");
        let grant = Grant {
            device: DeviceId(1),
            delegate: signer("gw").public(),
            scopes: Grant::DIAL,
            spend_cap: 0,
            not_after: late,
            epoch: u32::MAX,
        };
        let grants = vec![lamp.grant(&suite.domain, grant)];
        suite.send("relayer", &ExecuteMsg::Grant { grants }).unwrap();
        let profiles = vec![lamp.profile(&suite.domain, 1, u64::MAX, late)];
        suite.send("relayer", &ExecuteMsg::Announce { profiles }).unwrap();

        let mut rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
        rotation.compromised = compromised;
        suite.send("alice", &ExecuteMsg::Rotate(rotation)).unwrap();

        let left: GrantsResponse = suite.ask(&QueryMsg::Grants { device: DeviceId(1) }).unwrap();
        assert_eq!(left.grants.is_empty(), compromised);
        assert_eq!(suite.device(1).profile.is_none(), compromised);
        // a leaked key that signed the highest sequence there is cannot silence the device
        let profiles = vec![signer("lamp 2").profile(&suite.domain, 1, 1, late)];
        let next = suite.send("relayer", &ExecuteMsg::Announce { profiles });
        assert_eq!(next.is_ok(), compromised);
    }
}

#[test]
fn the_old_key_signs_nothing_new() {
    let mut suite = Suite::with_device();
    let rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    suite.send("alice", &ExecuteMsg::Rotate(rotation)).unwrap();
    let profiles = vec![signer("lamp").profile(&suite.domain, 1, 1, suite.now() + 10)];
    refused(
        suite.send("relayer", &ExecuteMsg::Announce { profiles }),
        "item 0: the profile signature does not verify",
    );
}

#[test]
fn every_key_of_quick_rotations_stays_readable_and_goes_after_the_longest_window() {
    let mut suite = Suite::with_device();
    for epoch in 1..=3 {
        suite.wait(10);
        let key = signer(&format!("lamp {}", epoch + 1));
        suite.send("alice", &ExecuteMsg::Rotate(key.rotation(&suite.domain, 1, epoch))).unwrap();
    }
    let keys: Vec<PublicKey> = old_keys(&suite).iter().map(|old| old.key).collect();
    assert_eq!(keys, ["lamp 3", "lamp 2", "lamp"].map(|name| signer(name).public()));

    let rotate = |suite: &mut Suite, epoch: u32| {
        let key = signer(&format!("lamp {}", epoch + 1));
        suite.send("alice", &ExecuteMsg::Rotate(key.rotation(&suite.domain, 1, epoch))).unwrap();
        old_keys(suite).len()
    };
    let week = 7 * 24 * 3600;
    // a week of seconds without as many blocks: the chain stood still
    suite.app.update_block(|block| block.time = block.time.plus_seconds(week + 100));
    assert_eq!(rotate(&mut suite, 4), 4);
    suite.app.update_block(|block| block.height += week + 1);
    assert_eq!(rotate(&mut suite, 5), 2, "only the one rotated away from after the halt, and this");
}

#[test]
fn no_number_of_rotations_pushes_a_key_out_of_its_window() {
    let mut suite = Suite::with_device();
    for epoch in 1..=32 {
        let key = signer(&format!("lamp {epoch} again"));
        suite.send("alice", &ExecuteMsg::Rotate(key.rotation(&suite.domain, 1, epoch))).unwrap();
    }
    let one_more = signer("one more").rotation(&suite.domain, 1, 33);
    refused(suite.send("alice", &ExecuteMsg::Rotate(one_more.clone())), "rotate after");
    assert_eq!(old_keys(&suite).last().unwrap().key, signer("lamp").public());
    suite.app.update_block(|block| block.time = block.time.plus_seconds(7 * 24 * 3600 + 1));
    suite.send("alice", &ExecuteMsg::Rotate(one_more)).unwrap();
    assert_eq!(old_keys(&suite).len(), 32);
}
