//! Permissions and events in files, so that a change of either shows in a diff.
//!
//! `UPDATE_GOLDENS=1 cargo test -p caplet-auction` rewrites them.

use crate::solver::Submission;
use crate::suite::{ALICE, BOB, CAROL, EPOCH, MARKET, Suite, market_config};
use caplet_api::auction::{CancelInput, ExecuteMsg, LatencyEntry};
use caplet_api::common::AdminMsg;
use caplet_api::packed::FillItem;
use caplet_auction::permission;
use caplet_protocol::layout::Side;
use caplet_protocol::{CellId, Lots};
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
        value.as_object().unwrap().keys().next().unwrap().clone()
    }
    let value = serde_json::to_value(msg).unwrap();
    match &value["admin"] {
        Value::Null => outer(&value),
        inner => format!("admin.{}", outer(inner)),
    }
}

/// A message of each kind, empty where that is enough.
fn kinds(suite: &mut Suite) -> Vec<ExecuteMsg> {
    let (market, side, demand) = (MARKET, Side::Offer, suite.demand(ALICE, 1, 1));
    let admin = ExecuteMsg::Admin;
    vec![
        ExecuteMsg::CreateMarket(market_config()),
        ExecuteMsg::SetLatency { entries: vec![] },
        ExecuteMsg::Place { market, offers: vec![], demands: vec![] },
        ExecuteMsg::Relay { market, offers: vec![].into(), demands: vec![].into() },
        ExecuteMsg::Take { offer: 0u64.into(), demand, market, lease: None },
        ExecuteMsg::Cancel { market, orders: vec![] },
        ExecuteMsg::Expire { market, side, orders: vec![] },
        ExecuteMsg::Clear { market, epoch: 0, fills: vec![].into(), prices: vec![] },
        ExecuteMsg::BeginClear {
            market,
            epoch: 0,
            fills: vec![].into(),
            prices: vec![],
            orders: 0,
        },
        ExecuteMsg::ContinueClear { market, epoch: 0, orders: 1 },
        ExecuteMsg::Renew { market, side, orders: vec![] },
        ExecuteMsg::Reclass { market, side, orders: vec![] },
        ExecuteMsg::SetCapacity { market, device: ALICE, lots: None },
        ExecuteMsg::Reserve { market, device: ALICE, first_slot: 0, slots: 1, lots: Lots(1) },
        ExecuteMsg::Release { market, device: ALICE, first_slot: 0, slots: 1, lots: Lots(1) },
        ExecuteMsg::Return { market, leases: vec![] },
        ExecuteMsg::SetReservers { contracts: vec![] },
        ExecuteMsg::RefreshLatency { pairs: vec![] },
        admin(AdminMsg::Pause {}),
        admin(AdminMsg::Unpause {}),
        admin(AdminMsg::ProposeOwner { address: None }),
        admin(AdminMsg::AcceptOwner {}),
    ]
}

fn variants<T: cosmwasm_schema::schemars::JsonSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(schema_for!(T)).unwrap();
    let variants = schema["oneOf"].as_array().unwrap();
    variants.iter().map(|v| v["required"][0].as_str().unwrap().to_string()).collect()
}

#[test]
fn permissions_are_as_reviewed_and_none_is_missing() {
    let messages = kinds(&mut Suite::new());
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

/// Messages that together cause every event, in an order in which all succeed.
fn eventful(suite: &mut Suite) -> String {
    let mut text = String::new();
    let mut tell = |suite: &mut Suite, sender: &str, msg: ExecuteMsg| {
        text.push_str(&format!("{}\n", name(&msg)));
        for event in suite.send(sender, &msg).unwrap() {
            let keys: Vec<&str> = event.attributes.iter().map(|a| a.key.as_str()).collect();
            text.push_str(&format!("  {}: {}\n", event.ty, keys.join(" ")));
        }
    };
    let next = Some("next".into_addr().to_string());
    let admin = ExecuteMsg::Admin;
    let market = MARKET;
    tell(suite, "governance", ExecuteMsg::CreateMarket(market_config()));
    let entries = vec![LatencyEntry { a: CellId(1), b: CellId(3), ms: 7 }];
    tell(suite, "governance", ExecuteMsg::SetLatency { entries });
    let mut offer = suite.offer(CAROL, 10, 2);
    offer.instant = Lots(1);
    tell(suite, "carol", ExecuteMsg::Place { market, offers: vec![offer], demands: vec![] });
    let mut demands = vec![suite.demand(ALICE, 40, 9), suite.demand(ALICE, 40, 1)];
    demands[1].not_after = (suite.now() + EPOCH - 1).into();
    tell(suite, "alice", ExecuteMsg::Place { market, offers: vec![], demands });
    let demand = suite.demand(BOB, 40, 1);
    tell(suite, "bob", ExecuteMsg::Take { offer: 0u64.into(), demand, market, lease: None });
    suite.next_epoch();
    let orders = vec![1u64.into()];
    tell(suite, "keeper", ExecuteMsg::Expire { market, side: Side::Demand, orders });
    suite.next_epoch();
    let Submission { epoch, fills, prices } = suite.solve();
    let prices = prices.into_iter().map(|price| price.map(Into::into)).collect();
    let items: Vec<FillItem> = fills.iter().map(crate::solver::item).collect();
    let fills = FillItem::pack(&items).into();
    tell(suite, "keeper", ExecuteMsg::Clear { market, epoch, fills, prices });
    let orders = vec![suite.sell(CAROL, 12, 1).into()];
    suite.stand(CAROL, 2, false);
    tell(suite, "keeper", ExecuteMsg::Reclass { market, side: Side::Offer, orders });
    let orders = vec![CancelInput { side: Side::Demand, order: 0u64.into(), signature: None }];
    tell(suite, "alice", ExecuteMsg::Cancel { market, orders });
    tell(suite, "governance", admin(AdminMsg::Pause {}));
    tell(suite, "governance", admin(AdminMsg::Unpause {}));
    tell(suite, "governance", admin(AdminMsg::ProposeOwner { address: next }));
    tell(suite, "next", admin(AdminMsg::AcceptOwner {}));
    text
}

#[test]
fn events_are_as_reviewed() {
    compare("events.txt", &eventful(&mut Suite::new()));
}
