//! Messages and layouts: nothing is lost on the way, and what does not fit is named.
use crate::arbitrary;
use caplet_protocol::{
    Domain,
    layout::{self, EndpointRecord, Possession, PublicKey, owner_hash},
    wire::{
        self, Document, FieldError, Layout, Signed, SignedCapabilityProfile, SignedEndpoint,
        SignedPossession, Strict, amount_bytes, amount_of,
    },
};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use prost::Message;

/// A layout goes through its signed message and bytes, and the same comes out.
macro_rules! survives {
    ($($name:ident: $message:ident = $strategy:expr;)*) => {
        proptest! {$(
            #[test]
            fn $name(layout in $strategy, signature in any::<[u8; 64]>()) {
                let signed = Signed { layout, signature };
                let raw = wire::$message::from(signed).encode_to_vec();
                let back = wire::$message::decode(raw.as_slice()).unwrap();
                prop_assert_eq!(Signed::try_from(&back), Ok(signed));
            }
        )*}
    };
}

survives! {
    an_offer_survives: SignedOffer = arbitrary::offer();
    a_demand_survives: SignedDemand = arbitrary::demand();
    a_cancel_survives: SignedCancel = arbitrary::cancel();
    a_voucher_survives: SignedVoucher = arbitrary::voucher();
    a_receipt_survives: SignedReceipt = arbitrary::receipt();
    a_closing_survives: SignedClosing = arbitrary::closing();
    a_rotation_survives: SignedRotation = arbitrary::rotation();
    a_sealing_key_survives: SignedSealKey = arbitrary::seal_key();
    a_grant_survives: SignedGrant = arbitrary::grant();
}

proptest! {
    #[test]
    fn an_amount_survives_in_as_few_bytes_as_it_needs(amount in any::<u128>()) {
        let bytes = amount_bytes(amount);
        prop_assert_eq!(amount_of(&bytes), Some(amount));
        prop_assert_eq!(bytes.len() as u32, (128 - amount.leading_zeros()).div_ceil(8));
    }

    #[test]
    fn a_qos_report_survives_and_keeps_its_evidence(report in arbitrary::qos()) {
        let back = layout::QosReport::try_from(&wire::QosReport::from(&report)).unwrap();
        prop_assert_eq!(back.evidence(), report.evidence());
        prop_assert_eq!(back, report);
    }

    #[test]
    fn a_possession_survives_by_its_owners_address(
        key in arbitrary::public_key(), sealing in any::<[u8; 32]>(), owner in "wasm1[a-z]{38}",
    ) {
        let layout = Possession { key, sealing, owner: owner_hash(&owner) };
        let signed = Signed { layout, signature: [7; 64] };
        prop_assert_eq!(Signed::try_from(&SignedPossession::new(signed, owner, 3)), Ok(signed));
    }

    #[test]
    fn an_endpoint_record_survives_by_its_address_list(
        record in arbitrary::endpoint(), list in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let addresses = caplet_protocol::content::digest(&list);
        let layout = EndpointRecord { addresses, ..record };
        let signed = Signed { layout, signature: [7; 64] };
        prop_assert_eq!(Signed::try_from(&SignedEndpoint::new(signed, list)), Ok(signed));
    }
}

#[test]
fn a_signed_profile_opens_to_the_statement_that_was_signed() {
    let domain = Domain::of("local-1", "registry", 1, 2);
    let key = SigningKey::from_bytes(&[1; 32]);
    let profile =
        wire::CapabilityProfile { device: 4, sequence: 9, not_after: 77, ..Default::default() };
    let document = Document::new(profile).unwrap();
    let statement = wire::CapabilityProfile::statement(&document);
    let message =
        SignedCapabilityProfile::new(document.clone(), statement.sign(&domain, &key).signature);
    let (opened, signed) = message.open().unwrap();
    assert_eq!((opened, signed.layout), (document, statement));
    let public = key.verifying_key().to_bytes();
    assert!(signed.verify(&domain, &public, &Strict));
    assert!(!signed.verify(&Domain::of("local-2", "registry", 1, 2), &public, &Strict));
}

fn refusal<L>(read: Result<L, FieldError>) -> String {
    read.map(|_| ()).unwrap_err().to_string()
}

fn offer(change: fn(&mut wire::Offer)) -> Result<layout::Offer, FieldError> {
    let mut offer = wire::Offer { device: 1, ask: 5, batch: 1, ..Default::default() };
    change(&mut offer);
    (&offer).try_into()
}

fn voucher(change: fn(&mut wire::Voucher)) -> Result<layout::Voucher, FieldError> {
    let mut voucher = wire::Voucher { lease: 1, ..Default::default() };
    change(&mut voucher);
    (&voucher).try_into()
}

#[test]
fn a_field_that_does_not_fit_is_named_with_its_range() {
    for (found, wanted) in [
        (
            refusal(offer(|o| o.latency = 256)),
            "caplet.v1.Offer.latency is 256, at most 255 fits: lower it",
        ),
        (
            refusal(offer(|o| o.batch = 65_536)),
            "caplet.v1.Offer.batch is 65536, at most 65535 fits: lower it",
        ),
        (
            refusal(offer(|o| o.flags = 8)),
            "caplet.v1.Offer.flags is 8, which has no meaning in this version: send a listed value",
        ),
        (
            refusal(voucher(|v| v.links = 1025)),
            "caplet.v1.Voucher.links is 1025, at most 1024 fits: lower it",
        ),
        (
            refusal(voucher(|v| v.amount = vec![1; 17])),
            "caplet.v1.Voucher.amount has a length of 17, at most 16 is taken: shorten it",
        ),
        (
            refusal(voucher(|v| v.anchor = vec![1; 31])),
            "caplet.v1.Voucher.anchor has 31 bytes, 32 are wanted",
        ),
        (
            refusal(voucher(|v| v.links = 3)),
            "caplet.v1.Voucher.links contradicts the chain fields: all zero, or 1 to 1024 links worth at least 1 each",
        ),
        (
            refusal(layout::Cancel::try_from(&wire::Cancel {
                side: 1,
                order: 1 << 40,
                ..Default::default()
            })),
            "caplet.v1.Cancel.order is 1099511627776, at most 1099511627775 fits: lower it",
        ),
        (
            refusal(layout::Cancel::try_from(&wire::Cancel::default())),
            "caplet.v1.Cancel.side is 0, which has no meaning in this version: send a listed value",
        ),
        (
            refusal(layout::Grant::try_from(&wire::Grant { scopes: 32, ..Default::default() })),
            "caplet.v1.Grant.scopes is 32, which has no meaning in this version: send a listed value",
        ),
        (
            refusal(Signed::<layout::Offer>::try_from(&wire::SignedOffer::default())),
            "caplet.v1.SignedOffer.offer is missing: send it",
        ),
        (
            refusal(layout::QosReport::try_from(&wire::QosReport {
                score_bps: 10_001,
                ..Default::default()
            })),
            "caplet.v1.QosReport.score_bps is 10001, at most 10000 fits: lower it",
        ),
    ] {
        assert_eq!(found, wanted);
    }
}

#[test]
fn a_key_of_no_scheme_is_refused_with_the_form_wanted() {
    let mut key = PublicKey::ed25519([9; 32]).encode().to_vec();
    key[33] = 1;
    let rotation = wire::Rotation { key, ..Default::default() };
    assert!(
        refusal(layout::Rotation::try_from(&rotation))
            .starts_with("caplet.v1.Rotation.key is no key")
    );
}

#[test]
fn a_revealed_link_needs_a_chain_and_thirty_two_bytes() {
    let chain = wire::Voucher { links: 3, ..Default::default() };
    let mut signed = wire::SignedVoucher { voucher: Some(chain), ..Default::default() };
    assert_eq!(signed.revealed_link(), Ok(None));
    (signed.revealed, signed.link) = (2, vec![5; 32]);
    assert_eq!(signed.revealed_link(), Ok(Some((2, [5; 32]))));
    signed.revealed = 4;
    assert_eq!(
        refusal(signed.revealed_link()),
        "caplet.v1.SignedVoucher.revealed is 4, at most 3 fits: lower it"
    );
    (signed.revealed, signed.link) = (3, vec![5; 31]);
    assert!(signed.revealed_link().is_err());
    let tick = wire::Tick { link_number: 0, link: vec![5; 32], ..Default::default() };
    assert_eq!(
        refusal(tick.parts()),
        "caplet.v1.Tick.link_number is 0, at least 1 is needed: raise it"
    );
}
