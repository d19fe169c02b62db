//! `schema/events.json` and `schema/packed.json`: `CAPLET_REGENERATE=1` writes them, otherwise they must agree.
use caplet_api::escrow::{CloseReason, ItemResult};
use caplet_api::event;
use caplet_api::packed::{FillItem, VoucherItem};
use caplet_api::registry::DeviceStatus;
use caplet_protocol::layout::{Scheme, Side, Voucher};
use caplet_protocol::{Lane, LeaseId};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;

fn check(file: &str, expected: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema").join(file);
    if std::env::var_os("CAPLET_REGENERATE").is_some() {
        std::fs::write(&path, format!("{expected:#}\n")).expect("schema/ can be written");
    }
    let found = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
    assert!(
        found.as_ref() == Some(expected),
        "{} is stale: run `CAPLET_REGENERATE=1 cargo test --release -p caplet-api` and commit it",
        path.display()
    );
}

#[test]
fn the_published_events_are_those_that_contracts_send() {
    let attribute = |(name, form, about): &(&str, &str, &str)| json!({ "name": name, "form": form, "about": about.trim() });
    let events: Vec<Value> = event::ALL
        .iter()
        .map(|shape| {
            let attributes: Vec<Value> = shape.attributes.iter().map(attribute).collect();
            json!({ "type": format!("wasm-{}", shape.name), "about": shape.about.trim(), "attributes": attributes })
        })
        .collect();
    check("events.json", &json!({ "events": events, "numbers": numbers() }));
}

/// Attributes that are numbers of something that messages and answers write as words.
fn numbers() -> Value {
    json!({
        "results": words(ItemResult::from_u8),
        "reason": words(CloseReason::from_u8),
        "status": words(DeviceStatus::from_u8),
        "scheme": words(Scheme::from_u8),
        "side": words(|number| [Side::Offer, Side::Demand].into_iter().find(|side| *side as u8 == number)),
    })
}

fn words<T: Serialize>(named: impl Fn(u8) -> Option<T>) -> Value {
    let all = (0..=u8::MAX).filter_map(|number| Some((number.to_string(), json!(named(number)?))));
    Value::Object(all.collect())
}

fn plain() -> VoucherItem {
    let voucher =
        Voucher { lease: LeaseId(300), amount: 1_000_000, units: 5, ..Voucher::default() };
    VoucherItem { voucher, k: 0, link: [0; 32], signature: [0xCC; 64] }
}

fn full() -> VoucherItem {
    let voucher = Voucher {
        lease: LeaseId(u64::MAX),
        lane: Lane(2),
        links: 1_024,
        link_units: u32::MAX,
        amount: u128::MAX,
        units: u64::MAX,
        link_amount: u64::MAX,
        anchor: [0xAA; 32],
        evidence: [0xEE; 32],
    };
    VoucherItem { voucher, k: 1_024, link: [0xBB; 32], signature: [0xCC; 64] }
}

fn unrevealed() -> VoucherItem {
    let chain = Voucher {
        links: 3,
        link_units: 100,
        link_amount: 10,
        anchor: [0xAA; 32],
        ..plain().voucher
    };
    VoucherItem { voucher: chain, ..plain() }
}

fn voucher(item: &VoucherItem) -> Value {
    let v = &item.voucher;
    json!({
        "lease": v.lease.0.to_string(), "lane": v.lane.0, "amount": v.amount.to_string(), "units": v.units.to_string(),
        "links": v.links, "link_units": v.link_units, "link_amount": v.link_amount.to_string(),
        "anchor": hex::encode(v.anchor), "k": item.k, "link": hex::encode(item.link),
        "evidence": hex::encode(v.evidence), "signature": hex::encode(item.signature),
    })
}

#[test]
fn the_published_packed_forms_are_those_that_contracts_read() {
    let lists = [
        ("plain", vec![plain()]),
        ("chain without a link", vec![unrevealed()]),
        ("everything", vec![full()]),
        ("two", vec![full(), plain()]),
    ];
    let vouchers: Vec<Value> = lists
        .iter()
        .map(|(name, items)| {
            let packed = VoucherItem::pack(items);
            assert_eq!(VoucherItem::unpack(&packed, items.len()).as_ref(), Ok(items));
            json!({ "name": name, "items": items.iter().map(voucher).collect::<Vec<_>>(), "packed": hex::encode(packed) })
        })
        .collect();
    let fill = FillItem { offer_page: 1, offer_slot: 2, demand_page: 3, demand_slot: 4, lots: 5 };
    let packed = hex::encode(FillItem::pack(&[fill]));
    let fill =
        json!({ "offer_page": 1, "offer_slot": 2, "demand_page": 3, "demand_slot": 4, "lots": 5 });
    check(
        "packed.json",
        &json!({
            "vouchers": {
                "in": "escrow: settle.vouchers, items one after another",
                "item": "flags u8 | lease varint | [lane u8] | amount varint | units varint | [links u16 | link_units varint | link_amount varint | anchor 32] | [k u16 | link 32] | [evidence 32] | signature 64",
                "flags": { "1": "lane is not 0", "2": "has a chain", "4": "reveals a link (needs a chain)", "8": "has evidence" },
                "varint": "LEB128: seven bits a byte, low ones first, the top bit set on all bytes but the last",
                "vectors": vouchers,
            },
            "fills": {
                "in": "auction: clear.fills, items one after another, strictly ascending by (offer, demand)",
                "item": "offer page u32 | offer slot u8 | demand page u32 | demand slot u8 | lots u16, big-endian",
                "vectors": [{ "name": "one", "items": [fill], "packed": packed }],
            },
            "orders": {
                "in": "auction: relay.offers and relay.demands, items one after another",
                "item": "what the device signs (vectors/order.json, vectors/demand.json) from byte 48 on, so without tag and domain | signature 64",
            },
        }),
    );
}
