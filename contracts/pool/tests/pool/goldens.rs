//! Permissions in a file, so that a change of them shows in a diff.
//!
//! `UPDATE_GOLDENS=1 cargo test -p caplet-pool` rewrites it.

use crate::suite::{BOB, MARKET};
use caplet_api::common::AdminMsg;
use caplet_api::futures::{IssueInput, Sale};
use caplet_api::pool::ExecuteMsg;
use caplet_pool::permission;
use caplet_protocol::{Bps, Lots};
use cosmwasm_schema::schemars::{JsonSchema, schema_for};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn name(msg: &ExecuteMsg) -> String {
    let outer = |value: &Value| value.as_object().unwrap().keys().next().unwrap().clone();
    let value = serde_json::to_value(msg).unwrap();
    match &value["admin"] {
        Value::Null => outer(&value),
        inner => format!("admin.{}", outer(inner)),
    }
}

fn input() -> IssueInput {
    IssueInput {
        device: BOB,
        market: MARKET,
        latency: 0,
        throughput: 0,
        accuracy: 0,
        tags: 0,
        first_slot: 1,
        slots: 1,
        lots: Lots(1),
        sale: Sale::Fixed { price: 1u64.into() },
        reservation: Bps(10_000),
        collateral: 1u64.into(),
    }
}

fn kinds() -> Vec<ExecuteMsg> {
    use ExecuteMsg as M;
    let (device, lease) = (BOB, 1u64.into());
    vec![
        M::Bind { device },
        M::Join { device, lots: Lots(1), cost: 1u64.into() },
        M::Admit { device },
        M::Leave { device },
        M::Depart { device },
        M::Offer { offers: vec![] },
        M::Issue { futures: String::new(), series: input(), backer: BOB },
        M::Cancel { orders: vec![] },
        M::Assign { leases: vec![] },
        M::Account { leases: vec![] },
        M::Challenge { lease },
        M::Answer { lease },
        M::HandOver { lease },
        M::TakeOver { lease },
        M::Claim { device },
        M::Collect {},
        M::SetManager { manager: String::new() },
        M::Admin(AdminMsg::Pause {}),
        M::Admin(AdminMsg::Unpause {}),
        M::Admin(AdminMsg::ProposeOwner { address: None }),
        M::Admin(AdminMsg::AcceptOwner {}),
    ]
}

fn variants<T: JsonSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(schema_for!(T)).unwrap();
    let variants = schema["oneOf"].as_array().unwrap();
    variants.iter().map(|v| v["required"][0].as_str().unwrap().to_string()).collect()
}

#[test]
fn permissions_are_as_reviewed_and_none_is_missing() {
    let mut lines = BTreeSet::new();
    for msg in kinds() {
        let pause = if permission::stops_in_pause(&msg) { ", stops in a pause" } else { "" };
        lines.insert(format!("{}: {:?}{pause}\n", name(&msg), permission::of(&msg)));
    }
    let mut wanted = variants::<ExecuteMsg>();
    wanted.remove("admin");
    wanted.extend(variants::<AdminMsg>().into_iter().map(|name| format!("admin.{name}")));
    let seen: BTreeSet<String> = kinds().iter().map(name).collect();
    assert_eq!(seen, wanted, "the table has a line for every message");
    let now: String = lines.into_iter().collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens/permissions.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), now, "review, then UPDATE_GOLDENS=1");
}
