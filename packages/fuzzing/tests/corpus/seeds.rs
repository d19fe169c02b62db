//! Well-formed inputs to start from, some of them cut off or changed.

use caplet_api::event::{LeaseShared, Settled};
use caplet_api::packed::{LaneItem, ListEntry, LockItem, OpenItem, TopUpItem, VoucherItem};
use caplet_base::peer::OldKey;
use caplet_protocol::layout::{PublicKey, QosReport, Voucher};
use caplet_protocol::{Domain, Lane, LeaseId, sign};
use cosmwasm_std::Event;
use ed25519_dalek::SigningKey;
use std::path::PathBuf;

/// A seed: target, file, bytes.
type Seed = (&'static str, String, Vec<u8>);

pub(crate) fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (name, bytes) in vouchers() {
        for target in ["vouchers", "verifier"] {
            seeds.push((target, name.to_owned(), bytes.clone()));
        }
    }
    seeds.extend(lists().map(|(name, bytes)| ("lists", name.to_owned(), bytes)));
    seeds.extend(pages().map(|(name, bytes)| ("pages", name.to_owned(), bytes)));
    seeds.extend(events().map(|(name, bytes)| ("events", name.to_owned(), bytes)));
    seeds.extend(published());
    seeds.extend(quotes());
    seeds.extend(books().map(|(name, bytes)| ("books", name.to_owned(), bytes)));
    let more = crate::records::all().into_iter().chain(crate::files::all());
    let more = more.chain(crate::peers::all()).chain(crate::keepers::all());
    seeds.extend(more.map(|(target, name, bytes)| (target, name.to_owned(), bytes)));
    seeds
}

/// Real quotes, whole, cut off in the signature and with the debug bit set.
fn quotes() -> Vec<Seed> {
    let samples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../attest/samples");
    let mut seeds = Vec::new();
    for name in ["sgx_quote", "tdx_quote", "tdx_quote_td15ex"] {
        let quote = std::fs::read(samples.join(name)).unwrap();
        let mut debug = quote.clone();
        // attributes of an SGX report; within a TD report's measurements
        debug[96] |= 2;
        seeds.push(("quotes", format!("{name}_cut"), quote[..700].to_vec()));
        seeds.push(("quotes", format!("{name}_debug"), debug));
        seeds.push(("quotes", name.to_owned(), quote));
    }
    seeds
}

fn signed(voucher: Voucher, k: u16) -> VoucherItem {
    let (key, domain) = (SigningKey::from_bytes(&[1; 32]), Domain([7; 32]));
    let link = voucher.salt(&domain).link(&[2; 32], voucher.links, k).unwrap_or_default();
    let link = if k == 0 { [0; 32] } else { link };
    VoucherItem { voucher, k, link, signature: sign::sign(&key, &voucher.preimage(&domain)) }
}

fn vouchers() -> Vec<(&'static str, Vec<u8>)> {
    let plain = Voucher { lease: LeaseId(70_000), amount: 1_000, units: 20, ..Voucher::default() };
    let mut chain = Voucher { links: 1_024, link_units: 5, link_amount: 3, ..plain };
    chain.lane = Lane(3);
    chain.anchor = chain.salt(&Domain([7; 32])).link(&[2; 32], 1_024, 0).unwrap();
    let last = Voucher { evidence: [9; 32], amount: u128::MAX, ..plain };
    let all = [signed(plain, 0), signed(chain, 1_024), signed(last, 0)];
    let packed = VoucherItem::pack(&all);
    let mut forged = packed.clone();
    forged[40] ^= 4;
    let entries = [1u64, u64::MAX].map(|lease| ListEntry {
        lease: LeaseId(lease),
        lane: 2,
        amount: 9,
        units: 1,
    });
    vec![
        ("one", VoucherItem::pack(&all[..1])),
        ("cut", packed[..packed.len() - 1].to_vec()),
        ("three", packed),
        ("forged", forged),
        ("list", ListEntry::pack(&entries)),
        (
            "endless_varint",
            vec![0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ),
    ]
}

fn lists() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let open = OpenItem { consumer: 1, provider: 2, price: 3, lots: 4, ..OpenItem::default() };
    [
        ("locks", LockItem::pack(&[LockItem { device: 1, amount: 2, relay_fee: 3, flags: 128 }])),
        ("opens", OpenItem::pack(&[open, open])),
        ("lanes", LaneItem::pack(&[LaneItem { signer: 0, payee: 7, cap: u64::MAX }])),
        ("top_ups", TopUpItem::pack(&[TopUpItem::default()])),
        ("ragged", vec![1; 22]),
    ]
    .into_iter()
}

fn pages() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let key = PublicKey::ed25519([3; 32]);
    let old = OldKey { key, rotated: 9, height: 2, compromised: true };
    [
        ("zeros", vec![0; 64]),
        ("full", vec![0xFF; 256]),
        ("key", key.encode().to_vec()),
        ("old_keys", [old.encode(), old.encode()].concat()),
        ("report", QosReport { lease: LeaseId(7), ..QosReport::default() }.encode().to_vec()),
    ]
    .into_iter()
}

fn events() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let text = |event: Event| {
        let lines: Vec<String> =
            event.attributes.iter().map(|a| format!("{} {}", a.key, a.value)).collect();
        lines.join("\n").into_bytes()
    };
    let settled =
        Settled { keeper: 1, leases: vec![64, 65], results: vec![0, 2], paid: vec![9, 0] };
    let shared = LeaseShared { lease: 64, signers: vec![1], payees: vec![2], caps: vec![3] };
    [
        ("settled", text(settled.into())),
        ("shared", text(shared.into())),
        ("nonsense", b"leases ,,,\nkeeper -1\n".to_vec()),
    ]
    .into_iter()
}

fn books() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    [
        ("empty", b"{}".to_vec()),
        ("nested", b"[[[[[[[[[[[[[[[[".to_vec()),
        ("huge_number", br#"{"offers":[{"lots":1e999}]}"#.to_vec()),
    ]
    .into_iter()
}

/// What `schema/` publishes: Things as texts; protobuf as the signed layouts' vectors have it.
fn published() -> Vec<Seed> {
    let schema = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schema");
    let mut seeds: Vec<Seed> = ["device", "lease"]
        .map(|name| {
            let thing = std::fs::read(schema.join(format!("wot/{name}.td.json"))).unwrap();
            ("texts", format!("{name}.td.json"), thing)
        })
        .into();
    let topic = b"caplet/v1/dev/7/up/voucher".to_vec();
    seeds.push(("texts", String::from("topic"), topic));
    let vectors: serde_json::Value =
        serde_json::from_slice(&std::fs::read(schema.join("vectors/env.json")).unwrap()).unwrap();
    let mut hexes = Vec::new();
    gather(&vectors, &mut hexes);
    for (index, bytes) in hexes.into_iter().take(8).enumerate() {
        seeds.push(("wire", format!("env_{index}"), bytes));
    }
    seeds
}

/// Every long hexadecimal string in a value.
fn gather(value: &serde_json::Value, out: &mut Vec<Vec<u8>>) {
    match value {
        serde_json::Value::String(text) if text.len() > 100 => out.extend(hex::decode(text)),
        serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, out)),
        serde_json::Value::Object(map) => map.values().for_each(|item| gather(item, out)),
        _ => {}
    }
}
