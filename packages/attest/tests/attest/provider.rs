//! A compute provider under the test root, end to end: keys made in the enclave, a quote that binds them, the verdict, a
//! session, sealed inputs, signed outputs. What a provider outside the enclave sees is what is passed between.

use crate::stand::{ISSUED, Stand, binding, registry, test_policy};
use caplet_attest::session::{Consumer, EnclaveKeys, Output, Place, Sealed, SessionError};
use caplet_attest::testroot::Platform;
use caplet_protocol::{DeviceId, Domain, LeaseId};

const SECRET: &[u8] = b"the patient's blood pressure is 160 over 100, and more of the like";

/// What the enclave computes: the input, reversed.
fn compute(input: &[u8]) -> Vec<u8> {
    input.iter().rev().copied().collect()
}

fn place() -> Place {
    Place { domain: Domain([8; 32]), lease: LeaseId(42), device: DeviceId(7) }
}

/// The provider's machine outside the enclave: it carries everything, and keeps what it saw.
struct Host {
    enclave: EnclaveKeys,
    seen: Vec<u8>,
}

impl Host {
    fn carry(&mut self, op: u64, input: &Sealed) -> Result<Output, SessionError> {
        self.seen.extend(input.key);
        self.seen.extend(&input.text);
        let output = self.enclave.serve(&place(), op, input, compute)?;
        self.seen.extend(output.sealed.key);
        self.seen.extend(&output.sealed.text);
        self.seen.extend(output.signature);
        Ok(output)
    }

    fn has_seen(&self, text: &[u8]) -> bool {
        self.seen.windows(8).any(|seen| text.windows(8).any(|part| part == seen))
    }
}

/// A consumer that has judged the quote and holds the keys that it binds.
fn begin() -> (Host, Consumer) {
    let stand = Stand::new(Platform::default());
    let enclave = EnclaveKeys::generate().unwrap();
    let public = enclave.public();
    let binding = binding(public);
    let quote = stand.quote(&binding);
    let verifier = stand.verifier(test_policy());
    let now = ISSUED + 60;
    verifier.verify_bound(&quote, &stand.collateral, now, &binding, &registry()).unwrap();
    let consumer = Consumer::begin(place(), public, [6; 32]).unwrap();
    (Host { enclave, seen: Vec::new() }, consumer)
}

#[test]
fn a_consumer_gets_its_answer_and_the_provider_outside_the_enclave_sees_only_ciphertext() {
    let (mut host, consumer) = begin();
    let answer = host.enclave.answer(&place(), consumer.challenge(), [6; 32]);
    consumer.check(&answer).unwrap();
    let input = consumer.seal(1, SECRET).unwrap();
    let output = host.carry(1, &input).unwrap();
    let result = consumer.open(1, &input, &output).unwrap();
    assert_eq!(result, compute(SECRET));
    assert!(!host.has_seen(SECRET) && !host.has_seen(&result));
}

#[test]
fn an_answer_by_other_keys_to_another_challenge_or_on_another_connection_is_refused() {
    let (host, consumer) = begin();
    let nonce = consumer.challenge();
    let other = EnclaveKeys::generate().unwrap();
    let elsewhere = Place { lease: LeaseId(43), ..place() };
    for answer in [
        other.answer(&place(), nonce, [6; 32]),
        host.enclave.answer(&place(), [0; 32], [6; 32]),
        host.enclave.answer(&place(), nonce, [0; 32]),
        host.enclave.answer(&elsewhere, nonce, [6; 32]),
    ] {
        assert_eq!(consumer.check(&answer), Err(SessionError::Answer));
    }
}

#[test]
fn an_input_opens_in_its_enclave_for_its_lease_device_and_operation_only() {
    let (host, consumer) = begin();
    let input = consumer.seal(1, SECRET).unwrap();
    let refused = |outcome: Result<Output, SessionError>| {
        assert!(matches!(outcome, Err(SessionError::Sealed(_))), "{outcome:?}");
    };
    let other = EnclaveKeys::generate().unwrap();
    refused(other.serve(&place(), 1, &input, compute));
    refused(host.enclave.serve(&place(), 2, &input, compute));
    for elsewhere in [
        Place { lease: LeaseId(43), ..place() },
        Place { device: DeviceId(8), ..place() },
        Place { domain: Domain([9; 32]), ..place() },
    ] {
        refused(host.enclave.serve(&elsewhere, 1, &input, compute));
    }
    for at in 0..input.text.len() {
        let mut changed = input.clone();
        changed.text[at] ^= 1;
        refused(host.enclave.serve(&place(), 1, &changed, compute));
    }
}

#[test]
fn an_output_of_another_input_or_changed_on_the_way_is_not_taken() {
    let (mut host, consumer) = begin();
    let (one, two) = (consumer.seal(1, b"one").unwrap(), consumer.seal(1, b"two").unwrap());
    let output = host.carry(1, &one).unwrap();
    assert_eq!(consumer.open(1, &two, &output), Err(SessionError::Output));
    assert_eq!(consumer.open(2, &one, &output), Err(SessionError::Output));
    let mut changed = output.clone();
    changed.sealed.text[0] ^= 1;
    assert_eq!(consumer.open(1, &one, &changed), Err(SessionError::Output));
    let forged = EnclaveKeys::generate().unwrap().serve(&place(), 1, &one, compute);
    assert!(matches!(forged, Err(SessionError::Sealed(_))));
    assert_eq!(consumer.open(1, &one, &output).unwrap(), compute(b"one"));
}

#[test]
fn the_keys_of_two_enclaves_differ() {
    let [a, b] = [EnclaveKeys::generate().unwrap(), EnclaveKeys::generate().unwrap()];
    assert_ne!(a.public().sealing, b.public().sealing);
    assert_ne!(a.public().signing, b.public().signing);
}
