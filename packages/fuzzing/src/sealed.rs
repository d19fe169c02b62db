//! What is sealed to a device or to an enclave: only what was sealed for this place opens, and unchanged.

use caplet_attest::session::{Consumer, EnclaveKeys, Place};
use caplet_fabric_enclave::fuzz as wire;
use caplet_protocol::seal::{self, Secret};
use caplet_protocol::{DeviceId, Domain, LeaseId};

/// Calls to devices: the bytes as what a stranger sealed, then as an input that is sealed well.
pub(crate) fn sealed(bytes: &[u8]) {
    let place = seal::Place { domain: Domain([7; 32]), lease: LeaseId(64), call: 3 };
    let (secret, public) = Secret::derive(&[1; 32]);
    let (key, text) = bytes.split_at_checked(32).unwrap_or((bytes, &[]));
    let _ = seal::hear(&secret, &place, key, text).is_ok();
    let asked = seal::ask(&public, &place, bytes).unwrap();
    let (input, reply) = seal::hear(&secret, &place, &asked.key, &asked.text).unwrap();
    assert_eq!(input, bytes);
    let other = seal::Place { call: 4, ..place };
    assert!(seal::hear(&secret, &other, &asked.key, &asked.text).is_err());
    assert!(seal::hear(&secret, &place, &asked.key, &spoilt(&asked.text, bytes)).is_err());
    let answer = reply.seal(bytes);
    assert_eq!(asked.reply.open(&answer).unwrap(), bytes);
    assert!(asked.reply.open(&spoilt(&answer, bytes)).is_err());
    assert!(asked.reply.open(bytes).is_err());
}

/// Sealed inputs and outputs of enclaves, as they travel: the bytes as what a stranger sends, who has no enclave's key,
/// then as an input that is sealed well.
pub(crate) fn enclaves(bytes: &[u8]) {
    let place = Place { domain: Domain([7; 32]), lease: LeaseId(64), device: DeviceId(5) };
    let keys = EnclaveKeys::from_bytes(&[3; 64]);
    let consumer = Consumer::begin(place, keys.public(), [0; 32]).unwrap();
    let sent = wire::sealed(&consumer.seal(9, bytes).unwrap());
    let input = wire::open_sealed(&sent).unwrap();

    let stranger = wire::open_sealed(bytes);
    assert_eq!(stranger.is_some(), bytes.len() >= 32, "a key, and whatever follows");
    let _ = stranger.is_some_and(|stranger| keys.open(&place, 9, &stranger).is_ok());
    let stranger = wire::open_output(bytes);
    assert_eq!(stranger.is_some(), bytes.len() >= 96, "a signature, a key, and whatever follows");
    assert!(stranger.is_none_or(|stranger| consumer.open(9, &input, &stranger).is_err()));

    let output = keys.serve(&place, 9, &input, <[u8]>::to_vec).unwrap();
    let sent = wire::output(&output);
    let output = wire::open_output(&sent).unwrap();
    assert_eq!(consumer.open(9, &input, &output).unwrap(), bytes);
    assert!(consumer.open(10, &input, &output).is_err());
    let spoilt = wire::open_output(&spoilt(&sent, bytes)).unwrap();
    assert!(consumer.open(9, &input, &spoilt).is_err());
}

/// A copy with one bit changed; which one follows from the bytes that came.
fn spoilt(sealed: &[u8], by: &[u8]) -> Vec<u8> {
    let mut spoilt = sealed.to_vec();
    let at = by.iter().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
    if let Some(byte) = at.checked_rem(sealed.len()).and_then(|at| spoilt.get_mut(at)) {
        *byte ^= 1;
    }
    spoilt
}
