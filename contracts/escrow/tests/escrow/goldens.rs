//! Permissions and events in files, so that a change of either shows in a diff.
//!
//! `UPDATE_GOLDENS=1 cargo test --release -p caplet-escrow` rewrites them.

use crate::suite::*;
use crate::token::TokenMsg;
use caplet_api::common::AdminMsg;
use caplet_api::cw20::Cw20ReceiveMsg;
use caplet_api::escrow::{CloseReason, ExecuteMsg, MoveCapInput, ReceiveMsg, VoucherInput};
use caplet_api::packed::{
    INSTANT, LaneItem, ListEntry, LockItem, OpenItem, TopUpItem, UnlockItem, VoucherItem,
};
use caplet_escrow::permission;
use caplet_protocol::{DeviceId, Lane, LeaseId, layout::VoucherList};
use cosmwasm_schema::schemars::{JsonSchema, schema_for};
use cosmwasm_std::{Coin, Event, coin, to_json_binary};
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

/// Name of a message in JSON, with that of the administrative one inside.
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

/// A message in a story: who sends it and with what.
struct Step {
    sender: &'static str,
    msg: ExecuteMsg,
    coins: Vec<Coin>,
    /// Before it, time passes.
    wait: u64,
}

fn step(sender: &'static str, msg: ExecuteMsg) -> Step {
    Step { sender, msg, coins: Vec::new(), wait: 0 }
}

/// One of each message in an order in which all succeed.
fn story(suite: &Suite) -> Vec<Step> {
    let terms = suite.terms();
    let shares = [600, 400].map(|cap| LaneItem { cap, ..LaneItem::default() });
    let more = TopUpItem {
        lease: 68,
        lots: 1,
        unlock: 1_000,
        flags: INSTANT,
        lane: 0,
        consumer: ALICE,
        provider: CAROL,
        market: 1,
        price: 1_000,
    };
    let (from, to) = (Lane(0), Lane(1));
    let moved = MoveCapInput { lease: 68u64.into(), from, to, amount: 100u64.into() };
    let entries =
        ListEntry::pack(&[ListEntry { lease: LeaseId(68), amount: 9, ..Default::default() }]);
    let statement = VoucherList::of(DeviceId(ALICE), 1, &entries);
    let signature = suite.keys[&ALICE].sign(&statement.preimage(&suite.domain)).into();
    let list =
        ExecuteMsg::SettleList { signer: DeviceId(ALICE), entries: entries.into(), signature };
    let reputation = "reputation".into_addr().to_string();
    let relayer = "relayer".into_addr().to_string();
    let lock = LockItem { relay_fee: 1, ..lock_item(ALICE, 5_000) };
    let opens = vec![open_item(ALICE, CAROL, 1_000, 1_007); 4];
    let unlock = UnlockItem { device: ALICE, amount: 10, ..UnlockItem::default() };
    let redeem = suite.voucher(ALICE, 64, 500);
    let voucher = VoucherInput {
        lease: 64u64.into(),
        lane: Lane(0),
        amount: 500u128.into(),
        units: 1u64.into(),
        chain: None,
        evidence: None,
        signature: redeem.signature.into(),
    };
    let packed = [suite.voucher(ALICE, 65, 1_000), suite.voucher(BOB, 66, 7)];
    let msg = to_json_binary(&ReceiveMsg::Deposit { account: None }).unwrap();
    let received = Cw20ReceiveMsg { sender: "alice".into_addr().into(), amount: 9u128.into(), msg };
    let next = Some("next".into_addr().to_string());
    let fees = ExecuteMsg::SweepFees { asset: UCAP };
    let admin = ExecuteMsg::Admin;
    vec![
        Step {
            coins: vec![coin(9_000, "ucap")],
            ..step("alice", ExecuteMsg::Deposit { account: None })
        },
        step("token", ExecuteMsg::Receive(received)),
        step("alice", ExecuteMsg::Withdraw { asset: UCAP, amount: Some(5u128.into()), to: None }),
        step(
            "alice",
            ExecuteMsg::Authorise { device: DeviceId(ALICE), asset: UCAP, limit: 12_000u64.into() },
        ),
        step(
            "opener",
            ExecuteMsg::Lock { asset: UCAP, relayer, items: LockItem::pack(&[lock]).into() },
        ),
        step(
            "opener",
            ExecuteMsg::Unlock {
                asset: UCAP,
                beneficiary: None,
                items: UnlockItem::pack(&[unlock]).into(),
            },
        ),
        step(
            "opener",
            ExecuteMsg::Open { terms, beneficiary: None, items: OpenItem::pack(&opens).into() },
        ),
        step(
            "opener",
            ExecuteMsg::OpenShared {
                terms: suite.terms(),
                beneficiary: None,
                item: OpenItem::pack(&[OpenItem { flags: INSTANT, ..opens[0] }]).into(),
                lanes: LaneItem::pack(&shares).into(),
            },
        ),
        step("opener", ExecuteMsg::TopUp { items: TopUpItem::pack(&[more]).into() }),
        step("alice", ExecuteMsg::MoveCap { items: vec![moved] }),
        step("gw1", list),
        step("gw1", ExecuteMsg::Redeem { voucher }),
        step("gw1", ExecuteMsg::Settle { vouchers: VoucherItem::pack(&packed).into() }),
        step("carol", ExecuteMsg::Notice { leases: vec![64u64.into()] }),
        step("alice", ExecuteMsg::Close { items: vec![unsigned(64, CloseReason::ConsumerClosed)] }),
        step(
            "carol",
            ExecuteMsg::Finish { items: vec![unsigned(66, CloseReason::ProviderFinished)] },
        ),
        Step {
            wait: LEASE_SECS,
            ..step("stranger", ExecuteMsg::Poke { leases: vec![67u64.into()] })
        },
        step("sweeper", ExecuteMsg::Sweep { leases: vec![64u64.into()] }),
        step("stranger", fees),
        step("governance", ExecuteMsg::AddAsset(native("unew", "NEW", 6))),
        step("governance", ExecuteMsg::SetFees(FEES)),
        step("governance", ExecuteMsg::SetOpeners { openers: vec![] }),
        step("governance", ExecuteMsg::SetReputation { reputation }),
        step("governance", admin(AdminMsg::Pause {})),
        step("governance", admin(AdminMsg::Unpause {})),
        step("governance", admin(AdminMsg::ProposeOwner { address: next })),
        step("next", admin(AdminMsg::AcceptOwner {})),
    ]
}

fn variants<T: JsonSchema>() -> BTreeSet<String> {
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
    let story = story(&Suite::new());
    let mut lines = BTreeSet::new();
    for Step { msg, .. } in &story {
        let rule = permission::of(msg);
        assert_eq!(rule.name, name(msg));
        let paused = if rule.pausable { ", stopped by a pause" } else { "" };
        let coins = if rule.coins { ", takes coins" } else { "" };
        lines.insert(format!("{}: {:?}{paused}{coins}\n", rule.name, rule.permission));
    }
    let mut wanted = variants::<ExecuteMsg>();
    wanted.remove("admin");
    wanted.extend(variants::<AdminMsg>().into_iter().map(|name| format!("admin.{name}")));
    let seen: BTreeSet<String> = story.iter().map(|step| name(&step.msg)).collect();
    assert_eq!(seen, wanted, "the story has every message");
    compare("permissions.txt", &lines.into_iter().collect::<String>());
}

#[test]
fn events_are_as_reviewed() {
    let mut suite = Suite::new();
    let escrow = suite.escrow.to_string();
    let mut text = String::new();
    for Step { sender, msg, coins, wait } in story(&suite) {
        suite.wait(wait, wait);
        let events = match &msg {
            ExecuteMsg::Receive(received) => {
                let (contract, amount) = (escrow.clone(), received.amount);
                let send = TokenMsg::Send { contract, amount, msg: received.msg.clone() };
                suite.tell_token("alice", 0, &send).unwrap()
            }
            msg => suite.pay(sender, msg, &coins).unwrap(),
        };
        text.push_str(&name(&msg));
        text.push('\n');
        for event in events {
            text.push_str(&line(&event));
        }
    }
    compare("events.txt", &text);
}

fn line(event: &Event) -> String {
    let shown = |key: &str, value: &str| match key {
        // addresses and times are of the run, not of the contract
        "_contract_address" | "start" | "end" | "owner" | "pending" => key.to_string(),
        _ => format!("{key}={value}"),
    };
    let pairs: Vec<String> = event.attributes.iter().map(|a| shown(&a.key, &a.value)).collect();
    format!("  {}: {}\n", event.ty, pairs.join(" "))
}
