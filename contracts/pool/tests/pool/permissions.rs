//! Messages sent by those who may not, and while the pool is paused.

use crate::suite::{BOB, DAVE, EPOCH, Suite, refused};
use caplet_api::common::{AdminMsg, AdminResponse};
use caplet_api::pool::{ExecuteMsg, QueryMsg};
use cw_multi_test::IntoAddr;

#[test]
fn only_governance_names_managers_and_pauses() {
    let mut suite = Suite::new();
    let manager = "next".into_addr().to_string();
    for msg in
        [ExecuteMsg::SetManager { manager: manager.clone() }, ExecuteMsg::Admin(AdminMsg::Pause {})]
    {
        refused(suite.send("manager", &msg), &["is not the owner"]);
    }
    suite.send("governance", &ExecuteMsg::SetManager { manager }).unwrap();
    refused(suite.offer(1), &["is not the manager"]);
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
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5)]);
    let lease = suite.sell(4);
    suite.assign(lease).unwrap();
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Pause {})).unwrap();
    refused(suite.offer(1), &["is paused"]);
    refused(suite.join(crate::suite::FRANK, 1, 1), &["is paused"]);
    suite.pay(lease, 400);
    suite.count(lease).unwrap();
    for device in [BOB, DAVE] {
        suite.send(crate::suite::owner(device), &ExecuteMsg::Leave { device }).unwrap();
    }
    suite.wait(EPOCH);
    for device in [BOB, DAVE] {
        suite.send("stranger", &ExecuteMsg::Depart { device }).unwrap();
    }
    assert_eq!(suite.promise().members, 0);
}
