//! Permissions and events in files, so that a change of either shows in a diff.
//!
//! `UPDATE_GOLDENS=1 cargo test -p caplet-reputation` rewrites them.

use crate::peers::Lease;
use crate::suite::{Suite, rules};
use crate::{lies, stakes};
use caplet_api::common::AdminMsg;
use caplet_api::escrow::CloseReason;
use caplet_api::reputation::{ExecuteMsg, RateInput};
use caplet_protocol::DeviceId;
use caplet_reputation::permission;
use cosmwasm_schema::schemars::{JsonSchema, schema_for};
use cosmwasm_std::coin;
use cw_multi_test::IntoAddr;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn compare(file: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens").join(file);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(kept, now, "{file} differs: review, then run with UPDATE_GOLDENS=1");
}

/// Name of a message, with that of the administrative one inside.
fn name(msg: &ExecuteMsg) -> String {
    fn outer(value: &Value) -> String {
        match value {
            Value::Object(map) => map.keys().next().unwrap().clone(),
            other => panic!("a message that is no object: {other}"),
        }
    }
    let value = serde_json::to_value(msg).unwrap();
    match &value["admin"] {
        Value::Null => outer(&value),
        inner => format!("admin.{}", outer(inner)),
    }
}

/// One of each message in an order in which all succeed, with who sends it.
fn all(suite: &mut Suite, leases: &[Lease]) -> Vec<(&'static str, ExecuteMsg)> {
    let slash = lies::slashing(suite);
    let device = DeviceId(1);
    let leases =
        leases.iter().map(|lease| RateInput { lease: lease.id.into(), report: None }).collect();
    let next = Some("next".into_addr().to_string());
    let admin = ExecuteMsg::Admin;
    vec![
        ("anyone", ExecuteMsg::Rate { leases }),
        ("anyone", ExecuteMsg::Reinstate { device: DeviceId(1) }),
        ("alice", ExecuteMsg::Stake { device }),
        ("alice", ExecuteMsg::Unstake { device }),
        ("alice", ExecuteMsg::Withdraw { device }),
        ("anyone", slash),
        ("governance", ExecuteMsg::SetRules(rules())),
        ("governance", admin(AdminMsg::Pause {})),
        ("governance", admin(AdminMsg::Unpause {})),
        ("governance", admin(AdminMsg::ProposeOwner { address: next })),
        ("next", admin(AdminMsg::AcceptOwner {})),
    ]
}

fn variants<T: JsonSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(schema_for!(T)).unwrap();
    let variants = schema["oneOf"].as_array().unwrap();
    variants.iter().map(|v| v["required"][0].as_str().unwrap().to_string()).collect()
}

#[test]
fn permissions_are_as_reviewed_and_none_is_missing() {
    let table = all(&mut stakes::suite(), &[]);
    let lines: BTreeSet<String> = table
        .iter()
        .map(|(_, msg)| format!("{}: {:?}\n", name(msg), permission::of(msg)))
        .collect();
    let mut wanted = variants::<ExecuteMsg>();
    wanted.remove("admin");
    wanted.extend(variants::<AdminMsg>().into_iter().map(|name| format!("admin.{name}")));
    let seen: BTreeSet<String> = table.iter().map(|(_, msg)| name(msg)).collect();
    assert_eq!(seen, wanted, "the table has a line for every message");
    compare("permissions.txt", &lines.into_iter().collect::<String>());
}

#[test]
fn events_are_as_reviewed() {
    let mut suite = stakes::suite();
    let leases: Vec<Lease> =
        (0..3).map(|payer| suite.lease(1, payer).ended(CloseReason::Reclaimed, 0)).collect();
    for lease in &leases {
        suite.write(lease);
    }
    let mut text = String::new();
    for (sender, msg) in all(&mut suite, &leases) {
        text.push_str(&name(&msg));
        text.push('\n');
        let mut kinds = BTreeSet::new();
        let paid = [coin(10, "ucap")];
        let funds = if matches!(msg, ExecuteMsg::Stake { .. }) { &paid[..] } else { &[] };
        for event in suite.pay(sender, &msg, funds).unwrap() {
            let keys: Vec<&str> = event.attributes.iter().map(|a| a.key.as_str()).collect();
            kinds.insert(format!("  {}: {}\n", event.ty, keys.join(" ")));
        }
        text.extend(kinds);
        suite.wait(3_600);
    }
    compare("events.txt", &text);
}
