//! A preimage changes with every field and with the domain, so no signature covers two statements.
use crate::arbitrary;
use caplet_protocol::{
    Domain,
    layout::{
        Cancel, Closing, Demand, EndpointRecord, EnvelopeHeader, Grant, Login, Offer, Possession,
        ProfileStatement, PublicKey, QosReport, Receipt, Rotation, SealKey, SessionHello, Voucher,
    },
    wire::Layout,
};
use proptest::prelude::*;

/// Takes one field after another from a second random value. The pattern names every field, so a new
/// one does not compile until it is listed.
macro_rules! covered {
    ($($test:ident: $layout:ident { $($field:ident)* } = $strategy:expr;)*) => {
        proptest! {$(
            #[test]
            fn $test(one in $strategy, other in $strategy, domain in any::<[u8; 32]>()) {
                let domain = Domain(domain);
                let preimage = Layout::preimage(&one, &domain);
                let $layout { $($field),* } = other;
                $(
                    let changed = $layout { $field, ..one };
                    prop_assert_eq!(
                        changed.$field != one.$field,
                        changed.preimage(&domain) != preimage,
                        "{}", stringify!($field)
                    );
                )*
                prop_assert_ne!(one.preimage(&Domain([9; 32])), preimage);
            }
        )*}
    };
}

covered! {
    every_field_of_an_offer_is_signed: Offer {
        device sequence market latency throughput accuracy flags tags ask batch instant not_after relay_fee
    } = arbitrary::offer();
    every_field_of_a_demand_is_signed: Demand {
        device sequence market latency throughput accuracy reliability flags tags rho lambda limit lots
        not_after relay_fee
    } = arbitrary::demand();
    every_field_of_a_cancel_is_signed: Cancel { device market side order } = arbitrary::cancel();
    every_field_of_a_voucher_is_signed: Voucher {
        lease lane links link_units amount units link_amount anchor evidence
    } = arbitrary::voucher();
    every_field_of_a_receipt_is_signed: Receipt { lease lane amount units } = arbitrary::receipt();
    every_field_of_a_closing_is_signed: Closing { lease reason } = arbitrary::closing();
    every_field_of_a_possession_is_signed: Possession { key sealing owner } = arbitrary::possession();
    every_field_of_a_rotation_is_signed: Rotation { device epoch key sealing } = arbitrary::rotation();
    every_field_of_a_sealing_key_is_signed: SealKey { device sequence sealing } = arbitrary::seal_key();
    every_field_of_a_profile_statement_is_signed: ProfileStatement {
        device sequence not_after digest
    } = arbitrary::statement();
    every_field_of_a_grant_is_signed: Grant {
        device delegate scopes spend_cap not_after epoch
    } = arbitrary::grant();
    every_field_of_an_endpoint_record_is_signed: EndpointRecord {
        account key addresses sequence not_after
    } = arbitrary::endpoint();
    every_field_of_an_envelope_is_signed: EnvelopeHeader {
        device boot sequence time_ms kind body
    } = arbitrary::header();
    every_field_of_a_login_is_signed: Login { broker client expiry } = arbitrary::login();
    every_field_of_a_session_hello_is_signed: SessionHello {
        lease lane epoch payer payee nonce exporter voucher counted k link
    } = arbitrary::session_hello();
}

fn body<L: Layout>(layout: &L) -> Vec<u8> {
    layout.preimage(&Domain([0; 32])).as_ref()[48..].to_vec()
}

proptest! {
    #[test]
    fn orders_are_read_back_from_what_was_signed(offer in arbitrary::offer(), demand in arbitrary::demand()) {
        prop_assert_eq!(Offer::decode(&body(&offer).try_into().unwrap()), offer);
        prop_assert_eq!(Demand::decode(&body(&demand).try_into().unwrap()), demand);
    }

    #[test]
    fn keys_and_reports_are_read_back(key in arbitrary::public_key(), report in arbitrary::qos()) {
        prop_assert_eq!(PublicKey::decode(&key.encode()), Some(key));
        prop_assert_eq!(QosReport::decode(&report.encode()), Some(report));
    }

    #[test]
    fn a_chain_proves_its_links_and_no_others(
        voucher in arbitrary::voucher(), secret in any::<[u8; 32]>(), k in 0u16..1024, lied in 0u16..1024,
    ) {
        let domain = Domain([3; 32]);
        let salt = voucher.salt(&domain);
        let link = salt.link(&secret, voucher.links, k);
        prop_assert_eq!(link.is_some(), k <= voucher.links);
        if let (Some(link), Some(anchor)) = (link, salt.link(&secret, voucher.links, 0)) {
            let voucher = Voucher { anchor, ..voucher };
            prop_assert_eq!(voucher.proves(&domain, k, &link), voucher.links != 0);
            prop_assert_eq!(voucher.proves(&domain, lied, &link), lied == k && voucher.links != 0);
            prop_assert!(!voucher.proves(&Domain([4; 32]), k, &link) || k == 0);
        }
    }
}
