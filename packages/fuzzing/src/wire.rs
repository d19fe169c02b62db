//! Messages of devices, gateways and links.

use caplet_protocol::{
    DeviceId, Domain, content, layout, topics,
    wire::{self, BodyKind, Document, Envelope, Head, MAX_DOCUMENT, Signed, Signer, Strict},
    wot::{from_leased_thing, from_thing},
};
use ed25519_dalek::SigningKey;
use prost::Message as _;

/// Reads the bytes as each message, and as what the message is made into.
pub(crate) fn messages(raw: &[u8]) {
    macro_rules! documents {
        ($($name:ident)*) => {$(
            if let Ok(document) = Document::<wire::$name>::decode(raw.to_vec()) {
                match Document::new(document.view().clone()) {
                    Ok(again) => assert_eq!(again.view(), document.view()),
                    // a number that came in 5 bytes may be written in 10
                    Err(_) => assert!(raw.len() > MAX_DOCUMENT / 2),
                }
                if let Ok(edited) = document.edit(|_| ()) {
                    assert_eq!(edited.view(), document.view());
                }
            }
        )*};
    }
    documents! {
        State SignedCapabilityProfile SignedDemandProfile SignedOffer SignedDemand SignedCancel Proposal
        MarketSheet SignedVoucher Tick Meter SignedReceipt SignedClosing QosReport Rating LeaseNotice
        ServiceCall ServiceResult Pause SignedPossession Enrolment SignedRotation SignedSealKey
        SignedGrant SignedEndpoint Ack Refusal CapabilityProfile DemandProfile Endpoint Envelope
        LaneAsk LaneSignature LastAsk SessionHello Open Challenge Hello Resume Control Count Hold Close
        OpHeader OpProgress OpDone SessionNotice SensorRecord Subscribe Connect RunJob JobResult
        RunProgram StoreCall
    }
    layouts(raw);
    if let Ok(profile) = wire::CapabilityProfile::decode(raw) {
        let _ = profile.check();
    }
    if let Ok(profile) = wire::DemandProfile::decode(raw) {
        let _ = profile.check();
    }
    let _ = wire::SignedCapabilityProfile::decode(raw).map(|signed| signed.open().is_ok());
    let _ = wire::SignedDemandProfile::decode(raw).map(|signed| signed.open().is_ok());
    let _ = wire::SignedVoucher::decode(raw).map(|signed| signed.revealed_link().is_ok());
    let _ = wire::Tick::decode(raw).map(|tick| tick.parts().is_ok());
    assert!(Envelope::open(raw, &Domain([0; 32]), &Signer::Unregistered, &Strict).is_err());
    enveloped(raw);
}

/// Messages as the layouts that keys sign: what is read of one is written as one that reads the same.
fn layouts(raw: &[u8]) {
    macro_rules! read {
        ($($name:ident = $layout:ident;)*) => {$(
            if let Ok(message) = wire::$name::decode(raw) {
                let _ = Signed::<layout::$layout>::try_from(&message).is_ok();
            }
        )*};
    }
    macro_rules! signed {
        ($($name:ident = $layout:ident;)*) => {$(
            if let Ok(message) = wire::$name::decode(raw)
                && let Ok(read) = Signed::<layout::$layout>::try_from(&message)
            {
                let again = Signed::<layout::$layout>::try_from(&wire::$name::from(read)).unwrap();
                assert_eq!(again, read);
            }
        )*};
    }
    macro_rules! plain {
        ($($name:ident)*) => {$(
            if let Ok(message) = wire::$name::decode(raw)
                && let Ok(read) = layout::$name::try_from(&message)
            {
                assert_eq!(layout::$name::try_from(&wire::$name::from(&read)).unwrap(), read);
            }
        )*};
    }
    read! { SignedPossession = Possession; SignedEndpoint = EndpointRecord; }
    signed! {
        SignedOffer = Offer; SignedDemand = Demand; SignedCancel = Cancel; SignedVoucher = Voucher;
        SignedReceipt = Receipt; SignedClosing = Closing; SignedRotation = Rotation;
        SignedSealKey = SealKey; SignedGrant = Grant;
    }
    plain! { QosReport SessionHello }
    // orders as calldata has them: the layout without tag and domain
    if let Some(body) = raw.first_chunk::<{ layout::Offer::BODY }>() {
        let preimage = layout::Offer::decode(body).preimage(&Domain([0; 32]));
        assert!(preimage.ends_with(body));
    }
    if let Some(body) = raw.first_chunk::<{ layout::Demand::BODY }>() {
        let demand = layout::Demand::decode(body);
        let preimage = demand.preimage(&Domain([0; 32]));
        let again = preimage.last_chunk::<{ layout::Demand::BODY }>();
        assert_eq!(again.map(layout::Demand::decode), Some(demand));
    }
}

/// The bytes as the body of an envelope that is well signed: it opens for its domain alone.
fn enveloped(raw: &[u8]) {
    let (key, domain) = (SigningKey::from_bytes(&[1; 32]), Domain([7; 32]));
    let head = Head { device: DeviceId(0), boot: 1, sequence: 2, time_ms: 3 };
    let kind = BodyKind::Voucher;
    let Ok(sealed) = Envelope::seal_raw(&key, &domain, head, kind, raw.to_vec()) else { return };
    let opened = Envelope::open(&sealed, &domain, &Signer::Unregistered, &Strict).unwrap();
    assert_eq!(opened.body, raw);
    assert!(opened.read::<wire::Tick>().is_err(), "a voucher is read as a tick");
    let read = opened.read::<wire::SignedVoucher>();
    assert_eq!(read.is_ok(), Document::<wire::SignedVoucher>::decode(raw.to_vec()).is_ok());
    let other = Domain([8; 32]);
    assert!(Envelope::open(&sealed, &other, &Signer::Unregistered, &Strict).is_err());
}

/// Topics, digests, Things, messages in JSON, files of ratings.
pub(crate) fn texts(raw: &[u8]) {
    let text = String::from_utf8_lossy(raw);
    if let Some(digest) = content::from_text(&text) {
        assert_eq!(content::from_text(&content::to_text(&digest)), Some(digest));
    }
    if let Some(party) = topics::parse(&text) {
        assert_eq!(topics::parse(&written(&party)), Some(party));
    }
    if let Ok(value) = serde_json::from_str(&text) {
        let _ = (from_thing(&value).is_ok(), from_leased_thing(&value).is_ok());
    }
    macro_rules! json {
        ($($name:ident)*) => {$(
            if let Ok(message) = serde_json::from_str::<wire::$name>(&text) {
                let written = serde_json::to_string(&message).unwrap();
                assert_eq!(serde_json::from_str::<wire::$name>(&written).unwrap(), message);
            }
        )*};
    }
    json! { CapabilityProfile DemandProfile LeaseNotice MarketSheet SignedOffer SignedVoucher Refusal }
    if let Ok(ratings) = caplet_simulation::reputation::parse(&text) {
        assert!(ratings.is_sorted_by_key(|rating| rating.time));
    }
}

fn written(party: &topics::Party<'_>) -> String {
    let way = |up| if up { "up" } else { "dn" };
    match *party {
        topics::Party::Device { device, up, rest } => {
            format!("{}/d/{device}/{}/{rest}", topics::ROOT, way(up))
        }
        topics::Party::Enrolling { key, up } => format!("{}/e/{key}/{}", topics::ROOT, way(up)),
        topics::Party::Gateway(name) => format!("{}/gw/{name}/status/health", topics::ROOT),
    }
}
