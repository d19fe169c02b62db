//! `schema/vectors`: what any language replays, made from the layouts and from their field tables,
//! which must agree.
mod fill;
mod layouts;

use crate::golden::{self, schema};
use caplet_protocol::{
    Domain,
    tag::TABLE,
    wire::{Layout, Signed, Strict},
};
use ed25519_dalek::SigningKey;
use fill::{Case, Field, Fill, joined, opening, table, values};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const CHAIN_ID: &str = "local-1";
const CONTRACT: &str = "wasm14hj2tavq8fpesdwxxcu44rty3hh90vhujrvcmstl4zr3txmfvw9s0phg4d";
const HEIGHT: u64 = 12;
const TIME_NS: u64 = 1_763_712_000_000_000_000;
const SEED: [u8; 32] = [1; 32];
const SECRET: [u8; 32] = [0x22; 32];

fn domain() -> Domain {
    Domain::of(CHAIN_ID, CONTRACT, HEIGHT, TIME_NS)
}

fn domain_preimage() -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat();
    [
        b"caplet/domain/1\0".to_vec(),
        text(CHAIN_ID),
        text(CONTRACT),
        HEIGHT.to_be_bytes().to_vec(),
        TIME_NS.to_be_bytes().to_vec(),
    ]
    .concat()
}

fn domain_json() -> Value {
    let preimage = domain_preimage();
    assert_eq!(<[u8; 32]>::from(Sha256::digest(&preimage)), domain().0);
    json!({
        "chain_id": CHAIN_ID,
        "contract": CONTRACT,
        "height": HEIGHT.to_string(),
        "time_ns": TIME_NS.to_string(),
        "preimage": hex::encode(&preimage),
        "sha256": hex::encode(domain().0),
    })
}

fn key_json() -> Value {
    let key = SigningKey::from_bytes(&SEED);
    json!({
        "scheme": "ed25519",
        "seed": hex::encode(SEED),
        "public": hex::encode(key.verifying_key().to_bytes()),
    })
}

/// One signed vector; the table's bytes and the layout's are the same, or there is none.
fn signed<L: Layout + Copy>(name: &str, tag: &str, layout: L, fields: &[Field]) -> Value {
    let preimage = [joined(&opening(tag, domain().0)), joined(fields)].concat();
    assert_eq!(hex::encode(&preimage), hex::encode(layout.preimage(&domain())), "{tag} {name}");
    let key = SigningKey::from_bytes(&SEED);
    let Signed { signature, .. } = layout.sign(&domain(), &key);
    let public = key.verifying_key().to_bytes();
    assert!(Signed { layout, signature }.verify(&domain(), &public, &Strict));
    json!({
        "name": name,
        "values": values(fields),
        "preimage": hex::encode(preimage),
        "signature": hex::encode(signature),
    })
}

const CASES: [(&str, Case); 3] =
    [("typical", Case::Typical), ("least", Case::Least), ("greatest", Case::Greatest)];

fn document<L: Layout + Copy>(tag: &str, make: fn(&mut Fill) -> L) -> Value {
    let (_, _, under) = TABLE.iter().find(|(name, _, _)| *name == tag).unwrap();
    let mut fields = Vec::new();
    let vectors: Vec<_> = CASES
        .map(|(name, case)| {
            let mut fill = Fill::new(case);
            let layout = make(&mut fill);
            let vector = signed(name, tag, layout, &fill.fields);
            if case == Case::Least {
                fields = fill.fields;
            }
            vector
        })
        .into();
    let all: Vec<_> = opening(tag, domain().0).into_iter().chain(fields).collect();
    json!({
        "layout": tag,
        "domain_of": format!("{under:?}").to_lowercase(),
        "length": joined(&all).len(),
        "fields": table(&all),
        "domain": domain_json(),
        "key": key_json(),
        "vectors": vectors,
    })
}

/// The hash chain of the published voucher, made without `caplet_protocol::chain`.
fn chain() -> (Value, [u8; 32]) {
    let salt_preimage = [
        b"caplet/tick/1\0\0\0".to_vec(),
        domain().0.to_vec(),
        7u64.to_be_bytes().to_vec(),
        0u16.to_be_bytes().to_vec(),
        3u16.to_be_bytes().to_vec(),
        1500u128.to_be_bytes().to_vec(),
        10u64.to_be_bytes().to_vec(),
    ]
    .concat();
    let salt: [u8; 32] = Sha256::digest(&salt_preimage).into();
    let mut last = Hmac::<Sha256>::new_from_slice(&SECRET).unwrap();
    last.update(&salt);
    let mut links: Vec<[u8; 32]> = vec![last.finalize().into_bytes().into()];
    for _ in 0..3 {
        let step = [b"cpltick".as_slice(), &salt[..16], &links[0]].concat();
        links.insert(0, Sha256::digest(step).into());
    }
    let published = json!({
        "secret": hex::encode(SECRET),
        "salt_preimage": hex::encode(&salt_preimage),
        "salt": hex::encode(salt),
        "links": links.iter().map(hex::encode).collect::<Vec<_>>(),
    });
    (published, links[0])
}

#[test]
fn the_voucher_vectors_are_current_and_hold_the_published_one() {
    let tag = "caplet/voucher/1";
    let mut file = document(tag, layouts::voucher);
    let (chain, anchor) = chain();
    let mut fill = Fill::new(Case::Typical);
    let voucher = layouts::published(&mut fill, anchor);
    let mut vector = signed("published", tag, voucher, &fill.fields);
    for (k, link) in chain["links"].as_array().unwrap().iter().enumerate() {
        let link = hex::decode(link.as_str().unwrap()).unwrap().try_into().unwrap();
        assert!(voucher.proves(&domain(), k as u16, &link));
    }
    vector["chain"] = chain;
    file["vectors"].as_array_mut().unwrap().insert(0, vector);
    golden::check_json(&schema("vectors/voucher.json"), &file);
}

macro_rules! current {
    ($($test:ident: $file:literal, $tag:literal, $make:ident;)*) => {$(
        #[test]
        fn $test() {
            golden::check_json(&schema(concat!("vectors/", $file)), &document($tag, layouts::$make));
        }
    )*};
}

current! {
    the_offer_vectors_are_current: "order.json", "caplet/order/1", offer;
    the_demand_vectors_are_current: "demand.json", "caplet/demand/1", demand;
    the_cancel_vectors_are_current: "cancel.json", "caplet/cancel/1", cancel;
    the_list_vectors_are_current: "list.json", "caplet/list/1", list;
    the_receipt_vectors_are_current: "receipt.json", "caplet/receipt/1", receipt;
    the_closing_vectors_are_current: "closing.json", "caplet/closing/1", closing;
    the_possession_vectors_are_current: "possess.json", "caplet/possess/1", possession;
    the_rotation_vectors_are_current: "rotate.json", "caplet/rotate/1", rotation;
    the_sealing_key_vectors_are_current: "sealkey.json", "caplet/sealkey/1", seal_key;
    the_profile_vectors_are_current: "profile.json", "caplet/profile/1", profile;
    the_grant_vectors_are_current: "grant.json", "caplet/grant/1", grant;
    the_endpoint_vectors_are_current: "endpt.json", "caplet/endpt/1", endpoint;
    the_login_vectors_are_current: "login.json", "caplet/login/1", login;
    the_session_vectors_are_current: "session.json", "caplet/session/1", session;
    the_enclave_vectors_are_current: "enclave.json", "caplet/enclave/1", enclave;
    the_enclave_hello_vectors_are_current: "enchi.json", "caplet/enchi/1", enclave_hello;
    the_enclave_output_vectors_are_current: "encout.json", "caplet/encout/1", enclave_output;
    the_envelope_vectors_are_current: "env.json", "caplet/env/1", envelope;
}

/// The report is hashed, not signed: its digest is in a voucher that is.
#[test]
fn the_qos_report_vectors_are_current() {
    let mut fields = Vec::new();
    let vectors = CASES.map(|(name, case)| {
        let mut fill = Fill::new(case);
        let report = layouts::qos_report(&mut fill);
        let preimage = joined(&fill.fields);
        assert_eq!(preimage, report.encode());
        let vector = json!({
            "name": name,
            "values": values(&fill.fields),
            "preimage": hex::encode(&preimage),
            "sha256": hex::encode(report.evidence()),
        });
        fields = fill.fields;
        vector
    });
    let file = json!({
        "layout": "qos report, the evidence of a voucher",
        "length": joined(&fields).len(),
        "fields": table(&fields),
        "vectors": vectors,
    });
    golden::check_json(&schema("vectors/qos-report.json"), &file);
}

/// The binding is hashed into a quote's report data; the quote's own signature covers it.
#[test]
fn the_quote_binding_vectors_are_current() {
    let mut all = Vec::new();
    let vectors = CASES.map(|(name, case)| {
        let mut fill = Fill::new(case);
        let binding = layouts::quote_binding(&mut fill);
        let preimage =
            [joined(&opening("caplet/quote/1", domain().0)), joined(&fill.fields)].concat();
        assert_eq!(preimage, binding.preimage(&domain()));
        let vector = json!({
            "name": name,
            "values": values(&fill.fields),
            "preimage": hex::encode(&preimage),
            "report_data": hex::encode(binding.report_data(&domain())),
        });
        all = opening("caplet/quote/1", domain().0).into_iter().chain(fill.fields).collect();
        vector
    });
    let file = json!({
        "layout": "caplet/quote/1",
        "domain_of": "registry",
        "length": joined(&all).len(),
        "fields": table(&all),
        "domain": domain_json(),
        "vectors": vectors,
    });
    golden::check_json(&schema("vectors/quote.json"), &file);
}

#[test]
fn the_page_that_explains_the_vectors_is_current() {
    golden::check(&schema("vectors/README.md"), include_bytes!("README.md"));
}

/// A tag without vectors is either not signed by itself or not in use yet; it is listed here.
#[test]
fn every_tag_that_signs_has_vectors() {
    let without = ["domain", "tick", "enrol"];
    for (tag, _, _) in TABLE {
        let name = tag.split('/').nth(1).unwrap();
        let file = schema(&format!("vectors/{name}.json"));
        assert!(without.contains(&name) != file.exists(), "{tag}");
    }
}
