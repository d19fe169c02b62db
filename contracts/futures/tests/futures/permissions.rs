//! Messages sent by those who may not, and while the contract is paused.

use crate::suite::{ALICE, BOB, Suite, refused, rules};
use caplet_api::common::{AdminMsg, AdminResponse};
use caplet_api::futures::{ExecuteMsg, QueryMsg};
use caplet_protocol::{Bps, Lots};
use cosmwasm_std::coin;
use cw_multi_test::{Executor, IntoAddr};

#[test]
fn only_governance_sets_rules_and_pauses() {
    let mut suite = Suite::new();
    for msg in [ExecuteMsg::SetRules(rules()), ExecuteMsg::Admin(AdminMsg::Pause {})] {
        refused(suite.send("alice", &msg), &["is not the owner"]);
    }
    let mut bad = rules();
    bad.least = Bps(999);
    refused(
        suite.send("governance", &ExecuteMsg::SetRules(bad)),
        &["999 bps is below the penalty"],
    );
    let mut bad = rules();
    bad.index_cap = Bps(5_000);
    refused(suite.send("governance", &ExecuteMsg::SetRules(bad)), &["index cap 5000"]);
    suite.send("governance", &ExecuteMsg::SetRules(rules())).unwrap();
}

#[test]
fn governance_passes_in_two_steps() {
    let mut suite = Suite::new();
    let next = "next".into_addr().to_string();
    let propose = AdminMsg::ProposeOwner { address: Some(next.clone()) };
    suite.send("governance", &ExecuteMsg::Admin(propose)).unwrap();
    let accept = ExecuteMsg::Admin(AdminMsg::AcceptOwner {});
    refused(suite.send("stranger", &accept), &["was not proposed as owner"]);
    suite.send("next", &accept).unwrap();
    let admin: AdminResponse = suite.ask(&QueryMsg::Admin {}).unwrap();
    assert_eq!((admin.owner, admin.pending, admin.paused), (next, None, false));
}

#[test]
fn a_pause_stops_new_business_and_traps_no_money() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 5).unwrap();
    suite.until_slot(series, 0);
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Pause {})).unwrap();
    let paused = ["the contract is paused"];
    refused(suite.buy(series, BOB, 0, 4, 1), &paused);
    let input = suite.input();
    refused(suite.send("carol", &ExecuteMsg::Issue(input)), &paused);
    let lease = suite.exercise(series, ALICE, 0, 5).unwrap().lease;
    let (first, end, lots) = (1, 2, Lots(5));
    let transfer = ExecuteMsg::Transfer { series, from: ALICE, to: BOB, first, end, lots };
    suite.send("alice", &transfer).unwrap();
    suite.send("carol", &ExecuteMsg::EndSale { series }).unwrap();
    suite.pay(lease, 500);
    suite.reckon(lease).unwrap();
    suite.until_slot(series, 4);
    suite.settle(series, &[ALICE, BOB]).unwrap();
    suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
}

#[test]
fn nothing_takes_coins() {
    let mut suite = Suite::new();
    let msg = ExecuteMsg::Call { series: 1 };
    let (alice, futures) = ("alice".into_addr(), suite.futures.clone());
    let sent = suite.app.execute_contract(alice, futures, &msg, &[coin(5, "ucap")]);
    assert!(sent.unwrap_err().to_string().contains("nothing here takes coins"));
}
