//! Bytes from anywhere: every decoder answers, none panics.
use crate::arbitrary;
use caplet_protocol::{
    DeviceId, Domain, content, layout,
    layout::{PublicKey, QosReport},
    topics, wire,
    wire::{BodyKind, Document, Envelope, Head, Signed, Signer, Strict},
    wot::{from_leased_thing, from_thing, to_thing},
};
use ed25519_dalek::SigningKey;
use proptest::{collection::vec, prelude::*, sample::Index};
use prost::Message;
use serde_json::Value;

/// Reads `raw` as each message and as what the message is made into. `Ok` anywhere is fine: what was
/// read must then write and read the same again.
fn every_decoder(raw: &[u8]) {
    macro_rules! documents {
        ($($name:ident)*) => {$(
            if let Ok(document) = Document::<wire::$name>::decode(raw.to_vec()) {
                let again = Document::new(document.view().clone()).unwrap();
                assert_eq!(again.view(), document.view());
                let json = serde_json::to_vec(document.view()).unwrap();
                assert_eq!(&serde_json::from_slice::<wire::$name>(&json).unwrap(), document.view());
            }
        )*};
    }
    macro_rules! conversions {
        ($($name:ident = $layout:ident;)*) => {$(
            if let Ok(document) = Document::<wire::$name>::decode(raw.to_vec()) {
                let _ = Signed::<layout::$layout>::try_from(document.view());
            }
        )*};
    }
    documents! {
        State SignedCapabilityProfile SignedDemandProfile SignedOffer SignedDemand SignedCancel Proposal
        MarketSheet SignedVoucher Tick Meter SignedReceipt SignedClosing QosReport Rating LeaseNotice
        ServiceCall ServiceResult Pause SignedPossession Enrolment SignedRotation SignedSealKey
        SignedGrant SignedEndpoint Ack Refusal CapabilityProfile DemandProfile Endpoint Envelope
    }
    conversions! {
        SignedOffer = Offer; SignedDemand = Demand; SignedCancel = Cancel; SignedVoucher = Voucher;
        SignedReceipt = Receipt; SignedClosing = Closing; SignedPossession = Possession;
        SignedRotation = Rotation; SignedSealKey = SealKey; SignedGrant = Grant;
        SignedEndpoint = EndpointRecord;
    }
    if let Ok(profile) = wire::CapabilityProfile::decode(raw) {
        let _ = profile.check();
    }
    if let Ok(profile) = wire::DemandProfile::decode(raw) {
        let _ = profile.check();
    }
    let _ = wire::SignedCapabilityProfile::decode(raw).map(|signed| signed.open().is_ok());
    let _ = wire::SignedVoucher::decode(raw).map(|signed| signed.revealed_link().is_ok());
    let _ = wire::Tick::decode(raw).map(|tick| tick.parts().is_ok());
    let _ = (PublicKey::decode(raw), QosReport::decode(raw));
    assert!(Envelope::open(raw, &Domain([0; 32]), &Signer::Unregistered, &Strict).is_err());
    let text = String::from_utf8_lossy(raw);
    let _ = (content::from_text(&text), topics::parse(&text));
    if let Ok(value) = serde_json::from_str::<Value>(&text) {
        let _ = (from_thing(&value).is_ok(), from_leased_thing(&value).is_ok());
    }
}

/// Changes, cuts and repeats bytes at random places.
fn damaged(mut raw: Vec<u8>, damage: &[(Index, u8, u8)]) -> Vec<u8> {
    for (place, how, byte) in damage {
        if raw.is_empty() {
            break;
        }
        let place = place.index(raw.len());
        match how % 4 {
            0 => raw[place] = *byte,
            1 => raw[place] ^= 1 << (byte % 8),
            2 => raw.truncate(place),
            _ => {
                let rest = raw[place..].to_vec();
                raw.extend(rest);
            }
        }
    }
    raw
}

fn damage() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    vec(any::<(Index, u8, u8)>(), 1..6)
}

proptest! {
    #[test]
    fn random_bytes_are_refused_or_read(raw in vec(any::<u8>(), 0..200)) {
        every_decoder(&raw);
    }

    /// Small keys and lengths make most of it well-formed protobuf.
    #[test]
    fn random_fields_are_refused_or_read(fields in vec((1u8..16, 0u8..6, vec(any::<u8>(), 0..12)), 0..12)) {
        let raw: Vec<u8> = fields.into_iter()
            .flat_map(|(number, form, bytes)| {
                [vec![number << 3 | form, bytes.len() as u8], bytes].concat()
            })
            .collect();
        every_decoder(&raw);
    }

    #[test]
    fn a_damaged_profile_is_refused_or_read(profile in arbitrary::profile(), damage in damage()) {
        every_decoder(&damaged(profile.encode_to_vec(), &damage));
    }

    #[test]
    fn a_damaged_envelope_opens_only_as_what_was_sealed(
        boot in any::<u64>(), body in vec(any::<u8>(), 0..60), damage in damage(),
    ) {
        let key = SigningKey::from_bytes(&[1; 32]);
        let domain = Domain([5; 32]);
        let head = Head { device: DeviceId(7), boot, sequence: 4, time_ms: 9 };
        let raw = Envelope::seal_raw(&key, &domain, head, BodyKind::Ack, body).unwrap();
        let signer = Signer::Known { device: DeviceId(7), key: key.verifying_key().to_bytes() };
        let whole = Envelope::open(&raw, &domain, &signer, &Strict).unwrap();
        let harmed = damaged(raw, &damage);
        every_decoder(&harmed);
        if let Ok(opened) = Envelope::open(&harmed, &domain, &signer, &Strict) {
            prop_assert_eq!(opened, whole);
        }
    }

    #[test]
    fn a_damaged_description_is_refused_or_read(profile in arbitrary::profile(), damage in damage()) {
        every_decoder(&damaged(to_thing(&profile, "mqtt://h/").to_string().into_bytes(), &damage));
    }
}
