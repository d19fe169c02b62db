//! Keys that the registry must not admit, each refused for its own reason.

use crate::parties::signer;
use crate::suite::{Suite, refused};
use caplet_api::common::Key;
use caplet_protocol::layout::Scheme;
use caplet_registry::admit::{self, Inadmissible};
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;

fn edwards(bytes: [u8; 32]) -> Key {
    Key { scheme: Scheme::Ed25519, key: bytes.into() }
}

/// 2^255 - 19 + `plus`, little-endian: the same field element as `plus`, encoded twice over.
fn beyond_the_field(plus: u8) -> [u8; 32] {
    let mut bytes = [0xFF; 32];
    bytes[0] = 0xED + plus;
    bytes[31] = 0x7F;
    bytes
}

#[test]
fn every_key_of_small_order_is_refused() {
    for point in EIGHT_TORSION {
        let key = edwards(point.compress().to_bytes());
        assert_eq!(admit::key(&key), Err(Inadmissible::SmallOrder));
    }
}

#[test]
fn every_mixed_order_key_of_a_sound_one_is_refused() {
    let sound = ED25519_BASEPOINT_POINT * Scalar::from(123_456_789u64);
    for torsion in &EIGHT_TORSION[1..] {
        let key = edwards((sound + torsion).compress().to_bytes());
        assert_eq!(admit::key(&key), Err(Inadmissible::MixedOrder));
    }
    assert!(admit::key(&edwards(sound.compress().to_bytes())).is_ok());
}

#[test]
fn encodings_beyond_the_field_are_refused() {
    let mut refused = 0;
    for plus in 0..19 {
        match admit::key(&edwards(beyond_the_field(plus))) {
            Err(Inadmissible::NotCanonical) => refused += 1,
            Err(Inadmissible::NotOnCurve) => {}
            other => panic!("{plus}: {other:?}"),
        }
    }
    assert!(refused > 0, "at least y = 0 and y = 1 are points");
}

#[test]
fn a_zero_with_a_minus_sign_is_not_canonical() {
    let mut identity = [0; 32];
    identity[0] = 1;
    identity[31] = 0x80;
    assert_eq!(admit::key(&edwards(identity)), Err(Inadmissible::NotCanonical));
}

#[test]
fn wrong_lengths_and_uncompressed_points_are_refused() {
    let key = |scheme, len, first| {
        let mut bytes = vec![1; len];
        if let Some(byte) = bytes.first_mut() {
            *byte = first;
        }
        admit::key(&Key { scheme, key: bytes.into() })
    };
    let (short, long) = (Scheme::Ed25519, Scheme::Secp256k1);
    assert_eq!(key(short, 33, 1), Err(Inadmissible::Length { found: 33, wanted: 32 }));
    assert_eq!(key(long, 32, 2), Err(Inadmissible::Length { found: 32, wanted: 33 }));
    assert_eq!(key(long, 0, 2), Err(Inadmissible::Length { found: 0, wanted: 33 }));
    assert_eq!(key(Scheme::Secp256r1, 33, 4), Err(Inadmissible::NotCompressed { found: 4 }));
    assert!(key(Scheme::Secp256r1, 33, 3).is_ok());
}

#[test]
fn the_one_signature_that_fits_every_message_under_a_small_order_key_registers_nothing() {
    let mut suite = Suite::with_gateway();
    // R = identity, s = 0: valid for any message under the identity key for a cofactored verifier
    let mut signature = [0; 64];
    signature[0] = 1;
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut item = suite.registration("lamp", "alice", "gw");
    item.key = edwards(identity);
    item.proof = signature.into();
    refused(suite.register(vec![item]), "item 0: device key: the key is of small order");
}

#[test]
fn rotations_grants_and_endpoints_admit_no_such_key_either() {
    use caplet_api::registry::ExecuteMsg;
    use caplet_protocol::{AccountId, DeviceId, layout::Grant};
    let mut suite = Suite::with_device();
    let bad = (ED25519_BASEPOINT_POINT + EIGHT_TORSION[1]).compress().to_bytes();
    let late = suite.now() + 10;

    let mut rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    rotation.key = edwards(bad);
    refused(suite.send("alice", &ExecuteMsg::Rotate(rotation)), "part of small order");
    let grant = Grant {
        device: DeviceId(1),
        delegate: signer("gw").public(),
        scopes: Grant::DIAL,
        spend_cap: 0,
        not_after: late,
        epoch: 1,
    };
    let mut grant = signer("lamp").grant(&suite.domain, grant);
    grant.delegate = edwards(bad);
    refused(suite.send("alice", &ExecuteMsg::Grant { grants: vec![grant] }), "part of small order");
    let mut endpoint = signer("gw").endpoint(&suite.domain, AccountId(1), 2, late);
    endpoint.key = bad.into();
    refused(suite.send("gw", &ExecuteMsg::RegisterGateway(endpoint)), "part of small order");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_key_that_a_library_makes_is_admitted(seed: [u8; 32]) {
        let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        prop_assert!(admit::key(&edwards(key)).is_ok());
    }

    #[test]
    fn an_admitted_key_is_one_that_strict_verifiers_take(bytes: [u8; 32]) {
        if admit::key(&edwards(bytes)).is_ok() {
            let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).unwrap();
            prop_assert!(!key.is_weak());
            prop_assert!(key.to_edwards().is_torsion_free());
        }
    }
}
