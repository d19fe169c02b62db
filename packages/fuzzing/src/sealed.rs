//! What is sealed to a device or to an enclave: only what was sealed for this place opens, and unchanged.

use caplet_attest::session::{Consumer, EnclaveKeys, Output, Place, Sealed};
use caplet_protocol::seal::{self, Secret};
use caplet_protocol::{DeviceId, Domain, LeaseId};

/// The bytes as what a stranger sealed, then as an input that is sealed well.
pub(crate) fn sealed(bytes: &[u8]) {
    calls(bytes);
    enclaves(bytes);
}

fn calls(bytes: &[u8]) {
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

fn enclaves(bytes: &[u8]) {
    let place = Place { domain: Domain([7; 32]), lease: LeaseId(64), device: DeviceId(5) };
    let keys = EnclaveKeys::from_bytes(&[3; 64]);
    if let Some((key, text)) = bytes.split_first_chunk::<32>() {
        let stranger = Sealed { key: *key, text: text.to_vec() };
        let _ = keys.open(&place, 9, &stranger).is_ok();
    }
    let consumer = Consumer::begin(place, keys.public(), [0; 32]).unwrap();
    let input = consumer.seal(9, bytes).unwrap();
    let output = keys.serve(&place, 9, &input, <[u8]>::to_vec).unwrap();
    assert_eq!(consumer.open(9, &input, &output).unwrap(), bytes);
    assert!(consumer.open(10, &input, &output).is_err());
    let text = spoilt(&output.sealed.text, bytes);
    let changed = Output { sealed: Sealed { text, ..output.sealed }, ..output };
    assert!(consumer.open(9, &input, &changed).is_err());
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
