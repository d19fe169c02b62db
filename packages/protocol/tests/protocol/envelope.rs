//! The envelope: what opens, and what every refusal says.
use caplet_protocol::{
    DeviceId, Domain,
    wire::{
        BodyError, BodyKind, Envelope, EnvelopeError, Head, MAX_DOCUMENT, MAX_ENVELOPE, Meter,
        Opened, Sender, Signer, Strict, Tick,
    },
};
use ed25519_dalek::SigningKey;
use prost::Message;

const HEAD: Head = Head { device: DeviceId(7), boot: 0xb007, sequence: 3, time_ms: 1_700 };

fn domain() -> Domain {
    Domain::of("local-1", "registry", 1, 2)
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn known() -> Signer {
    Signer::Known { device: DeviceId(7), key: key().verifying_key().to_bytes() }
}

fn meter() -> Meter {
    Meter { lease: 5, units: 600, ..Meter::default() }
}

fn sealed() -> Vec<u8> {
    Envelope::seal(&key(), &domain(), HEAD, &meter()).unwrap()
}

fn open(raw: &[u8]) -> Result<Opened, EnvelopeError> {
    Envelope::open(raw, &domain(), &known(), &Strict)
}

#[test]
fn what_was_sealed_opens_with_its_header_and_body() {
    let opened = open(&sealed()).unwrap();
    assert_eq!((opened.header.device, opened.header.boot), (HEAD.device, HEAD.boot));
    assert_eq!((opened.header.sequence, opened.header.time_ms), (HEAD.sequence, HEAD.time_ms));
    assert_eq!(opened.kind(), Some(BodyKind::Meter));
    assert_eq!(opened.read::<Meter>().unwrap().view(), &meter());
    assert_eq!(opened.sender(), Sender::Device(DeviceId(7)));
}

#[test]
fn a_closure_verifies_as_well_as_the_strict_rule() {
    let rule = |key: &[u8; 32], preimage: &[u8], signature: &[u8; 64]| {
        use ed25519_dalek::Verifier;
        ed25519_dalek::VerifyingKey::from_bytes(key)
            .unwrap()
            .verify(preimage, &ed25519_dalek::Signature::from_bytes(signature))
            .is_ok()
    };
    assert!(Envelope::open(&sealed(), &domain(), &known(), &rule).is_ok());
    assert_eq!(
        Envelope::open(&sealed(), &domain(), &known(), &|_: &[u8; 32], _: &[u8], _: &[u8; 64]| {
            false
        }),
        Err(EnvelopeError::BadSignature)
    );
}

/// Every field that the signature covers, changed one at a time.
#[test]
fn a_changed_field_breaks_the_signature() {
    let changes: [fn(&mut Envelope); 6] = [
        |e| e.boot += 1,
        |e| e.sequence += 1,
        |e| e.time_ms += 1,
        |e| e.kind = BodyKind::Tick.into(),
        |e| e.body.push(0),
        |e| e.signature[9] ^= 1,
    ];
    for change in changes {
        let mut envelope = Envelope::decode(sealed().as_slice()).unwrap();
        change(&mut envelope);
        assert_eq!(open(&envelope.encode_to_vec()), Err(EnvelopeError::BadSignature));
    }
}

#[test]
fn another_chain_is_a_bad_signature() {
    let other = Domain::of("local-2", "registry", 1, 2);
    let refused = Envelope::open(&sealed(), &other, &known(), &Strict);
    assert_eq!(refused, Err(EnvelopeError::BadSignature));
}

#[test]
fn another_key_is_named_even_when_it_signs_well() {
    let raw = Envelope::seal(&SigningKey::from_bytes(&[2; 32]), &domain(), HEAD, &meter()).unwrap();
    let error = open(&raw).unwrap_err();
    assert!(matches!(error, EnvelopeError::WrongKey { .. }));
    assert_eq!(
        error.to_string(),
        "envelope of key 8139770ea87d175f.., key 8a88e3dd7409f195.. is registered: sign with that, or rotate"
    );
}

#[test]
fn a_device_cannot_speak_for_another_nor_a_registered_one_as_new() {
    let raw = sealed();
    let other = Signer::Known { device: DeviceId(8), key: key().verifying_key().to_bytes() };
    for (signer, expected) in [(other, DeviceId(8)), (Signer::Unregistered, DeviceId(0))] {
        assert_eq!(
            Envelope::open(&raw, &domain(), &signer, &Strict),
            Err(EnvelopeError::WrongDevice { expected, found: DeviceId(7) })
        );
    }
}

#[test]
fn an_unregistered_device_is_known_by_its_key_alone() {
    let head = Head { device: DeviceId(0), ..HEAD };
    let raw = Envelope::seal(&key(), &domain(), head, &meter()).unwrap();
    let opened = Envelope::open(&raw, &domain(), &Signer::Unregistered, &Strict).unwrap();
    assert_eq!(opened.sender(), Sender::Key(key().verifying_key().to_bytes()));
}

#[test]
fn another_version_is_refused_before_its_signature_is_looked_at() {
    let mut envelope = Envelope::decode(sealed().as_slice()).unwrap();
    envelope.version = 2;
    assert_eq!(
        open(&envelope.encode_to_vec()).unwrap_err().to_string(),
        "envelope version 2, this side reads 1: update the older side"
    );
}

#[test]
fn cut_or_foreign_bytes_are_malformed() {
    let raw = sealed();
    assert!(matches!(open(&raw[..raw.len() - 1]), Err(EnvelopeError::Malformed(_))));
    assert!(matches!(open(b"{\"device\":7}"), Err(EnvelopeError::Malformed(_))));
    assert!(matches!(open(&[]), Err(EnvelopeError::Version { found: 0, .. })));
}

#[test]
fn a_short_signature_or_key_names_the_field() {
    let mut envelope = Envelope::decode(sealed().as_slice()).unwrap();
    envelope.signature.truncate(63);
    assert_eq!(
        open(&envelope.encode_to_vec()).unwrap_err().to_string(),
        "caplet.v1.Envelope.signature has 63 bytes, 64 are wanted"
    );
    envelope.key.clear();
    assert_eq!(
        open(&envelope.encode_to_vec()).unwrap_err().to_string(),
        "caplet.v1.Envelope.key has 0 bytes, 32 are wanted"
    );
}

#[test]
fn an_oversized_envelope_is_refused_and_a_document_of_the_greatest_size_fits() {
    let greatest = vec![0; MAX_DOCUMENT];
    let head =
        Head { device: DeviceId(u32::MAX), boot: u64::MAX, sequence: u64::MAX, time_ms: u64::MAX };
    let seal = |body| Envelope::seal_raw(&key(), &domain(), head, BodyKind::Refusal, body);
    let raw = seal(greatest.clone()).unwrap();
    assert!(raw.len() <= MAX_ENVELOPE);
    assert!(Envelope::read_unverified(&raw).is_ok());
    assert_eq!(
        seal([greatest, vec![0]].concat()),
        Err(EnvelopeError::Oversized { found: MAX_DOCUMENT + 1, most: MAX_DOCUMENT })
    );
    assert_eq!(
        open(&vec![0; MAX_ENVELOPE + 1]).unwrap_err().to_string(),
        "envelope has 65793 bytes, at most 65792 are taken: send a smaller body"
    );
}

#[test]
fn a_body_is_read_only_as_what_it_is() {
    let opened = open(&sealed()).unwrap();
    assert_eq!(
        opened.read::<Tick>().unwrap_err(),
        BodyError::Kind { found: 12, expected: BodyKind::Tick }
    );
}

#[test]
fn a_body_of_a_kind_from_the_future_opens_and_has_no_name_here() {
    let mut envelope = Envelope::decode(sealed().as_slice()).unwrap();
    envelope.kind = 999;
    let opened = envelope
        .clone()
        .verified(&domain(), &known(), &|_: &[u8; 32], _: &[u8], _: &[u8; 64]| true)
        .unwrap();
    assert_eq!((opened.header.kind, opened.kind()), (999, None));
    envelope.kind = 70_000;
    assert!(matches!(open(&envelope.encode_to_vec()), Err(EnvelopeError::Field(_))));
}

#[test]
fn every_kind_but_unspecified_has_a_message() {
    let named: Vec<_> = BodyKind::TABLE.iter().map(|(kind, _)| i32::from(*kind)).collect();
    let all: Vec<_> = (1..=999).filter(|n| BodyKind::try_from(*n).is_ok()).collect();
    assert_eq!(named, all);
}
