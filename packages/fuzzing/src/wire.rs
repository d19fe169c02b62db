//! Messages of devices and gateways.

use caplet_protocol::{
    Domain, content, layout, topics,
    wire::{self, Document, Envelope, Signed, Signer, Strict},
    wot::{from_leased_thing, from_thing},
};
use prost::Message as _;

/// Reads the bytes as each message, and as what the message is made into.
pub(crate) fn messages(raw: &[u8]) {
    macro_rules! documents {
        ($($name:ident)*) => {$(
            if let Ok(document) = Document::<wire::$name>::decode(raw.to_vec()) {
                let again = Document::new(document.view().clone()).unwrap();
                assert_eq!(again.view(), document.view());
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
    let _ = wire::SignedVoucher::decode(raw).map(|signed| signed.revealed_link().is_ok());
    let _ = wire::Tick::decode(raw).map(|tick| tick.parts().is_ok());
    assert!(Envelope::open(raw, &Domain([0; 32]), &Signer::Unregistered, &Strict).is_err());
}

/// Topics, digests, Things.
pub(crate) fn texts(raw: &[u8]) {
    let text = String::from_utf8_lossy(raw);
    let _ = (content::from_text(&text), topics::parse(&text));
    if let Ok(value) = serde_json::from_str(&text) {
        let _ = (from_thing(&value).is_ok(), from_leased_thing(&value).is_ok());
    }
}
