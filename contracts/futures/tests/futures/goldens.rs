//! Permissions and events in files, so that a change of either shows in a diff.
//!
//! `UPDATE_GOLDENS=1 cargo test -p caplet-futures` rewrites them.

use crate::market::Msg as Market;
use crate::suite::{ALICE, BOB, CAROL, CAROL_TOO, DAVE, GRACE_SECS, MARKET, Suite, rules};
use caplet_api::common::AdminMsg;
use caplet_api::futures::{ExecuteMsg, Sale};
use caplet_futures::permission;
use caplet_protocol::Lots;
use cosmwasm_schema::schemars::{JsonSchema, schema_for};
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
    let outer = |value: &Value| value.as_object().unwrap().keys().next().unwrap().clone();
    let value = serde_json::to_value(msg).unwrap();
    match &value["admin"] {
        Value::Null => outer(&value),
        inner => format!("admin.{}", outer(inner)),
    }
}

fn kinds(suite: &Suite) -> Vec<ExecuteMsg> {
    use ExecuteMsg as M;
    let (series, device, lots, from, to) = (1, ALICE, Lots(1), 0, 1);
    let (price, limit, amount, listing) = (1u64.into(), 1u64.into(), 1u64.into(), 1u64.into());
    vec![
        M::Issue(suite.input()),
        M::IssueBacked { series: suite.input(), backer: BOB },
        M::Buy { series, device, from, to, lots },
        M::Bid { series, device, lots, limit },
        M::CloseAuction { series },
        M::EndSale { series },
        M::Transfer { series, from: ALICE, to: BOB, first: 0, end: 1, lots },
        M::Approve { operator: String::new(), until: 0u64.into() },
        M::List { series, device, from, to, lots, price },
        M::Unlist { listing },
        M::Take { listing, device, lots, limit },
        M::Exercise { series, device, slot: 0, lots, consumer: None },
        M::Settle { series, devices: vec![] },
        M::Reckon { leases: vec![] },
        M::Observe { market: MARKET, leases: vec![] },
        M::Call { series },
        M::TopUp { series, amount },
        M::Release { series, amount },
        M::Default { series },
        M::Substitute { series, device },
        M::OfferNovation { series, to: None },
        M::Novate { series, device, collateral: amount },
        M::Close { series },
        M::SetRules(rules()),
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
    let messages = kinds(&Suite::new());
    let mut lines = BTreeSet::new();
    for msg in &messages {
        let pause = if permission::stops_in_pause(msg) { ", stops in a pause" } else { "" };
        lines.insert(format!("{}: {:?}{pause}\n", name(msg), permission::of(msg)));
    }
    let mut wanted = variants::<ExecuteMsg>();
    wanted.remove("admin");
    wanted.extend(variants::<AdminMsg>().into_iter().map(|name| format!("admin.{name}")));
    let seen: BTreeSet<String> = messages.iter().map(name).collect();
    assert_eq!(seen, wanted, "the table has a line for every message");
    compare("permissions.txt", &lines.into_iter().collect::<String>());
}

/// A life of three series that causes every event.
fn eventful(suite: &mut Suite) -> String {
    use ExecuteMsg as M;
    let mut text = String::new();
    let mut tell = |suite: &mut Suite, sender: &str, msg: ExecuteMsg| {
        text.push_str(&format!("{}\n", name(&msg)));
        for event in suite.send(sender, &msg).unwrap() {
            let keys: Vec<&str> = event.attributes.iter().map(|a| a.key.as_str()).collect();
            text.push_str(&format!("  {}: {}\n", event.ty, keys.join(" ")));
        }
    };
    let (series, lots) = (1, Lots(1));
    let operator = "keeper".into_addr().to_string();
    tell(suite, "alice", M::Approve { operator, until: 1u64.into() });
    let input = suite.input();
    tell(suite, "carol", M::Issue(input));
    tell(suite, "alice", M::Buy { series, device: ALICE, from: 0, to: 4, lots: Lots(9) });
    tell(suite, "alice", M::Transfer { series, from: ALICE, to: BOB, first: 0, end: 4, lots });
    let price = 120u64.into();
    tell(suite, "alice", M::List { series, device: ALICE, from: 0, to: 4, lots, price });
    tell(suite, "bob", M::Take { listing: 1u64.into(), device: BOB, lots, limit: price });
    tell(suite, "carol", M::EndSale { series });
    tell(suite, "carol", M::Substitute { series, device: CAROL_TOO });
    tell(suite, "carol", M::OfferNovation { series, to: Some(DAVE) });
    tell(suite, "dave", M::Novate { series, device: DAVE, collateral: 2_400u64.into() });
    suite.until_slot(series, 0);
    tell(suite, "bob", M::Exercise { series, device: BOB, slot: 0, lots, consumer: None });
    let lease = 64;
    suite.finish(lease);
    tell(suite, "keeper", M::Reckon { leases: vec![lease.into()] });
    suite.until_slot(series, 1);
    tell(suite, "keeper", M::Settle { series, devices: vec![ALICE, BOB] });
    suite.tell_market(&Market::SetBase { tick: 20 }).unwrap();
    tell(suite, "keeper", M::Call { series });
    tell(suite, "dave", M::TopUp { series, amount: 1u64.into() });
    suite.wait(GRACE_SECS.into());
    tell(suite, "keeper", M::Default { series });
    suite.until_slot(series, 4);
    tell(suite, "keeper", M::Settle { series, devices: vec![ALICE, BOB] });
    tell(suite, "keeper", M::Close { series });
    let mut input = suite.input();
    let until = (suite.now() + 60).into();
    (input.device, input.collateral) = (CAROL, 9_000u64.into());
    input.sale = Sale::Auction { reserve: 100u64.into(), until };
    tell(suite, "carol", M::Issue(input));
    let series = 2;
    tell(suite, "bob", M::Bid { series, device: BOB, lots, limit: 200u64.into() });
    suite.wait(60);
    tell(suite, "keeper", M::CloseAuction { series });
    tell(suite, "carol", M::Release { series, amount: 1u64.into() });
    text
}

#[test]
fn events_are_as_reviewed() {
    compare("events.txt", &eventful(&mut Suite::new()));
}
