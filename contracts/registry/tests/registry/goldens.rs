//! Permissions and events in files, so that a change of either shows in a diff.
//!
//! `UPDATE_GOLDENS=1 cargo test -p caplet-registry` rewrites them.

use crate::attesting::enclave;
use crate::parties::signer;
use crate::suite::Suite;
use caplet_api::common::AdminMsg;
use caplet_api::registry::{AttestInput, AttestationRules, DeviceStatus, ExecuteMsg, RttInput};
use caplet_protocol::layout::Grant;
use caplet_protocol::{CellId, DeviceId};
use caplet_registry::permission;
use cosmwasm_schema::schemars::schema_for;
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
            Value::String(name) => name.clone(),
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
fn all(suite: &Suite) -> Vec<(&'static str, ExecuteMsg)> {
    let (domain, late) = (&suite.domain, suite.now() + 100);
    let gw = "gw".into_addr().to_string();
    let next = Some("next".into_addr().to_string());
    let device = DeviceId(1);
    let grant = Grant {
        device,
        delegate: signer("gw").public(),
        scopes: Grant::DIAL,
        spend_cap: 0,
        not_after: late,
        epoch: 1,
    };
    let rules = AttestationRules { threshold: 1, most_secs: 600 };
    let attest = AttestInput {
        device,
        sequence: 1u64.into(),
        measurement: [7; 32].into(),
        evidence: [9; 32].into(),
        not_after: late.into(),
    };
    let admin = ExecuteMsg::Admin;
    let there = |account: u32, name: &'static str| {
        let address = name.into_addr().to_string();
        let endpoint = signer(name).endpoint(domain, account.into(), 1, late);
        let entries = vec![RttInput { gateway: 1.into(), ms: 7 }];
        [
            (name, ExecuteMsg::OpenAccount { address: None }),
            ("governance", ExecuteMsg::AssignCell { gateway: address, cell: CellId(4) }),
            (name, ExecuteMsg::RegisterGateway(endpoint)),
            (name, ExecuteMsg::Measure { entries }),
        ]
    };
    let mut all = vec![
        ("gw", ExecuteMsg::OpenAccount { address: None }),
        ("governance", ExecuteMsg::AssignCell { gateway: gw.clone(), cell: CellId(3) }),
        ("gw", ExecuteMsg::RegisterGateway(signer("gw").endpoint(domain, 1.into(), 1, late))),
    ];
    all.extend(
        [(2, "north"), (3, "south"), (4, "west")].into_iter().flat_map(|(n, s)| there(n, s)),
    );
    all.push(("stranger", ExecuteMsg::Locate { gateway: gw.clone() }));
    all.extend([
        (
            "relayer",
            ExecuteMsg::Register { devices: vec![suite.registration("lamp", "alice", "gw")] },
        ),
        (
            "relayer",
            ExecuteMsg::Announce { profiles: vec![signer("lamp").profile(domain, 1, 1, late)] },
        ),
        ("relayer", ExecuteMsg::Grant { grants: vec![signer("lamp").grant(domain, grant)] }),
        (
            "governance",
            ExecuteMsg::SetAttester { attester: "attester".into_addr().to_string(), weight: 1 },
        ),
        ("governance", ExecuteMsg::SetAttestationRules(rules)),
        ("relayer", ExecuteMsg::RegisterEnclave(enclave(domain, "lamp", "enclave", 1))),
        ("attester", ExecuteMsg::Attest(attest)),
        ("stranger", ExecuteMsg::Recount { device }),
        ("attester", ExecuteMsg::RevokeAttestation { device }),
        ("alice", ExecuteMsg::Rotate(signer("lamp 2").rotation(domain, 1, 1))),
        ("alice", ExecuteMsg::MoveGateway { device, gateway: gw }),
        ("alice", ExecuteMsg::SetStatus { device, status: DeviceStatus::Frozen }),
        ("governance", admin(AdminMsg::Pause {})),
        ("governance", admin(AdminMsg::Unpause {})),
        ("governance", admin(AdminMsg::ProposeOwner { address: next })),
        ("next", admin(AdminMsg::AcceptOwner {})),
    ]);
    all
}

fn variants<T: cosmwasm_schema::schemars::JsonSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(schema_for!(T)).unwrap();
    schema["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variant| variant["required"][0].as_str().unwrap().to_string())
        .collect()
}

#[test]
fn permissions_are_as_reviewed_and_none_is_missing() {
    let suite = Suite::new();
    let mut lines = BTreeSet::new();
    for (_, msg) in all(&suite) {
        lines.insert(format!("{}: {:?}\n", name(&msg), permission::of(&msg)));
        if let ExecuteMsg::Rotate(mut input) = msg {
            input.compromised = true;
            let msg = ExecuteMsg::Rotate(input);
            lines.insert(format!("rotate (compromised): {:?}\n", permission::of(&msg)));
        }
    }
    let mut wanted = variants::<ExecuteMsg>();
    wanted.remove("admin");
    wanted.extend(variants::<AdminMsg>().into_iter().map(|name| format!("admin.{name}")));
    let seen: BTreeSet<String> = all(&suite).iter().map(|(_, msg)| name(msg)).collect();
    assert_eq!(seen, wanted, "the table has a line for every message");
    compare("permissions.txt", &lines.into_iter().collect::<String>());
}

#[test]
fn events_are_as_reviewed() {
    let mut suite = Suite::new();
    let mut text = String::new();
    for (sender, msg) in all(&suite) {
        text.push_str(&name(&msg));
        text.push('\n');
        for event in suite.send(sender, &msg).unwrap() {
            let keys: Vec<&str> = event.attributes.iter().map(|a| a.key.as_str()).collect();
            text.push_str(&format!("  {}: {}\n", event.ty, keys.join(" ")));
        }
    }
    compare("events.txt", &text);
}
