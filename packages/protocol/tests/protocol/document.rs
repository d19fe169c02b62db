//! Documents keep their bytes, and what they do not understand.
use crate::arbitrary;
use caplet_protocol::wire::{
    CapabilityProfile, Demand, Document, DocumentError, MAX_DOCUMENT, Offer, Proposal, Tick,
    proposal::Order,
};
use proptest::{collection::vec, prelude::*};
use prost::Message;

/// Fields under numbers that no version uses yet, as a newer sender would add them.
fn unknown() -> impl Strategy<Value = Vec<u8>> {
    let field = (200u64..300, any::<u64>(), vec(any::<u8>(), 0..20), 0u8..4);
    vec(field, 0..4).prop_map(|fields| {
        let mut out = Vec::new();
        for (number, value, bytes, form) in fields {
            let key =
                |out: &mut Vec<u8>, wire| prost::encoding::encode_varint(number << 3 | wire, out);
            match form {
                0 => {
                    key(&mut out, 0);
                    prost::encoding::encode_varint(value, &mut out);
                }
                1 => {
                    key(&mut out, 1);
                    out.extend(value.to_le_bytes());
                }
                2 => {
                    key(&mut out, 2);
                    prost::encoding::encode_varint(bytes.len() as u64, &mut out);
                    out.extend(bytes);
                }
                _ => {
                    key(&mut out, 5);
                    out.extend((value as u32).to_le_bytes());
                }
            }
        }
        out
    })
}

/// `message` as one more element of a repeated field.
fn element(number: u64, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::encode_varint(number << 3 | 2, &mut out);
    prost::encoding::encode_varint(message.len() as u64, &mut out);
    out.extend(message);
    out
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    part.is_empty() || all.windows(part.len()).any(|window| window == part)
}

proptest! {
    #[test]
    fn bytes_go_out_as_they_came(profile in arbitrary::profile(), tail in unknown()) {
        let raw = [profile.encode_to_vec(), tail].concat();
        let document = Document::<CapabilityProfile>::decode(raw.clone()).unwrap();
        prop_assert_eq!(document.view(), &profile);
        prop_assert_eq!(document.digest(), caplet_protocol::content::digest(&raw));
        prop_assert_eq!(document.into_raw(), raw);
    }

    #[test]
    fn an_edit_keeps_unknown_fields_wherever_they_stand(
        head in unknown(), profile in arbitrary::profile(), tail in unknown(), name in "[a-z]{0,9}",
    ) {
        let raw = [head.clone(), profile.encode_to_vec(), tail.clone()].concat();
        let document = Document::<CapabilityProfile>::decode(raw).unwrap();
        let edited = document.edit(|view| { view.name = name.clone(); view.sequence ^= 5; }).unwrap();
        let mut wanted = profile;
        wanted.name = name;
        wanted.sequence ^= 5;
        prop_assert_eq!(edited.view(), &wanted);
        let again = Document::<CapabilityProfile>::decode(edited.raw().to_vec()).unwrap();
        prop_assert_eq!(again.view(), &wanted);
        let known = wanted.encoded_len();
        prop_assert_eq!(edited.raw().len(), known + head.len() + tail.len());
        // Unknown fields come back in order of their numbers; undoing the edit restores all of them.
        let undone = edited.edit(|view| *view = document.view().clone()).unwrap();
        prop_assert_eq!(undone.raw().len(), document.raw().len());
    }

    #[test]
    fn an_edit_keeps_what_is_unknown_inside_untouched_elements(
        capabilities in vec((arbitrary::capability(), unknown()), 1..5), touched in any::<prop::sample::Index>(),
    ) {
        let parts: Vec<_> = capabilities.iter()
            .map(|(capability, more)| element(7, &[capability.encode_to_vec(), more.clone()].concat()))
            .collect();
        let document = Document::<CapabilityProfile>::decode(parts.concat()).unwrap();
        let touched = touched.index(parts.len());
        let edited = document.edit(|view| view.capabilities[touched].unit.push('x')).unwrap();
        for (place, part) in parts.iter().enumerate() {
            let twin = (0..parts.len())
                .any(|other| other != place && document.view().capabilities[other] == document.view().capabilities[place]);
            prop_assert!(place == touched || twin || contains(edited.raw(), part));
        }
    }

    #[test]
    fn an_edit_that_changes_nothing_reads_the_same_whatever_came(raw in vec(any::<u8>(), 0..60)) {
        if let Ok(document) = Document::<CapabilityProfile>::decode(raw) {
            let edited = document.edit(|_| ()).unwrap();
            prop_assert_eq!(edited.view(), document.view());
        }
    }
}

#[test]
fn a_field_that_came_twice_reads_the_same_after_an_edit() {
    let price = |asset: &[u8]| element(5, asset);
    // A token, then a denomination, then the token's field again inside a second price: merged on reading.
    let capability = [price(&element(3, b"token")), price(&element(2, b"ucap"))].concat();
    let document = Document::<CapabilityProfile>::decode(element(7, &capability)).unwrap();
    let edited = document.edit(|view| view.device = 3).unwrap();
    assert_eq!(edited.view().capabilities, document.view().capabilities);
    assert!(contains(edited.raw(), &capability));
}

/// An offer, a demand that replaces it, another offer that replaces that: taking the demand out would
/// merge the two offers.
#[test]
fn an_alternative_that_was_replaced_does_not_come_back_with_an_edit() {
    let offer = |offer: Offer| element(2, &offer.encode_to_vec());
    let raw = [
        offer(Offer { device: 1, ..Default::default() }),
        element(3, &Demand::default().encode_to_vec()),
        offer(Offer { ask: 2, ..Default::default() }),
        element(200, b"newer"),
    ];
    let document = Document::<Proposal>::decode(raw.concat()).unwrap();
    let edited = document.edit(|view| view.id = 9).unwrap();
    let order = Some(Order::Offer(Offer { ask: 2, ..Default::default() }));
    assert_eq!(edited.view(), &Proposal { id: 9, order, ..Default::default() });
    assert!(contains(edited.raw(), &raw[3]));
}

#[test]
fn a_large_document_is_refused_with_both_sizes_before_it_is_decoded() {
    let error = Document::<CapabilityProfile>::decode(vec![0xff; MAX_DOCUMENT + 1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "caplet.v1.CapabilityProfile has 65537 bytes, at most 65536 are taken: send less"
    );
    let name = "n".repeat(MAX_DOCUMENT - 4);
    let fits = Document::new(CapabilityProfile { name, ..Default::default() }).unwrap();
    assert_eq!(fits.raw().len(), MAX_DOCUMENT);
    assert!(Document::<CapabilityProfile>::decode(fits.raw().to_vec()).is_ok());
    assert!(matches!(
        fits.edit(|view| view.device = 1),
        Err(DocumentError::Oversized { found: 65538, .. })
    ));
}

#[test]
fn two_byte_fields_do_not_grow_a_hundredfold_in_memory() {
    let raw = element(7, b"").repeat(1025);
    assert_eq!(
        Document::<CapabilityProfile>::decode(raw).unwrap_err().to_string(),
        "more than 1024 top-level fields: send less"
    );
}

#[test]
fn a_cut_document_says_where_and_a_foreign_one_what() {
    let raw =
        CapabilityProfile { device: 3, name: "shed".into(), ..Default::default() }.encode_to_vec();
    assert_eq!(
        Document::<CapabilityProfile>::decode(raw[..5].to_vec()).unwrap_err().to_string(),
        "no whole protobuf field at byte 2: send one protobuf message, uncut"
    );
    let foreign = Document::<Tick>::decode(raw).unwrap_err().to_string();
    assert!(foreign.starts_with("not a caplet.v1.Tick: "), "{foreign}");
}
