//! Round-trip times: who measures, what it makes of cells and latencies.

use crate::suite::{Outcome, Suite, refused};
use caplet_api::registry::{
    CellLatencyResponse, ExecuteMsg, GatewayResponse, QueryMsg, RttInput, RttsResponse,
};
use caplet_protocol::{AccountId, CellId};
use cw_multi_test::IntoAddr;

/// Three gateways in cell 1, three in cell 2, one nowhere.
fn suite() -> Suite {
    let mut suite = Suite::new();
    let governance = suite.governance.clone();
    for (name, cell) in [("a", 1), ("b", 1), ("c", 1), ("x", 2), ("y", 2), ("z", 2)] {
        suite.open_gateway(name);
        let gateway = name.into_addr().to_string();
        let assign = ExecuteMsg::AssignCell { gateway, cell: CellId(cell) };
        suite.send_as(&governance, &assign).unwrap();
    }
    suite.open_gateway("new");
    suite
}

fn measure(suite: &mut Suite, by: &str, of: &str, ms: u16) -> Outcome {
    let gateway = suite.account(of).unwrap();
    suite.send(by, &ExecuteMsg::Measure { entries: vec![RttInput { gateway, ms }] })
}

fn between(suite: &Suite, a: u16, b: u16) -> CellLatencyResponse {
    suite.ask(&QueryMsg::CellLatency { a: CellId(a), b: CellId(b) }).unwrap()
}

fn locate(suite: &mut Suite, name: &str) -> Outcome {
    let gateway = name.into_addr().to_string();
    suite.send("stranger", &ExecuteMsg::Locate { gateway })
}

fn cell(suite: &Suite, name: &str) -> CellId {
    let address = name.into_addr().to_string();
    suite.ask::<GatewayResponse>(&QueryMsg::Gateway { address }).unwrap().cell
}

#[test]
fn a_latency_needs_three_gateways_and_is_their_median_both_ways() {
    let mut suite = suite();
    measure(&mut suite, "a", "x", 30).unwrap();
    measure(&mut suite, "a", "y", 90).unwrap();
    measure(&mut suite, "a", "z", 31).unwrap();
    measure(&mut suite, "x", "b", 50).unwrap();
    assert_eq!((between(&suite, 1, 2).ms, between(&suite, 1, 2).reporters), (None, 2));
    measure(&mut suite, "b", "z", 1).unwrap();
    // 31, 50 and 1: the one that measured three times counts once
    assert_eq!((between(&suite, 2, 1).ms, between(&suite, 1, 2).ms), (Some(31), Some(31)));
    measure(&mut suite, "b", "z", 60_000).unwrap();
    assert_eq!(between(&suite, 1, 2).ms, Some(50), "only the last of a pair counts");
    suite.wait(604_801);
    assert_eq!(between(&suite, 1, 2).reporters, 0);
}

#[test]
fn a_gateway_is_put_where_others_find_it_never_where_it_says() {
    let mut suite = suite();
    for (by, ms) in [("x", 5), ("y", 6), ("z", 7), ("a", 40), ("b", 41)] {
        measure(&mut suite, by, "new", ms).unwrap();
    }
    let own = suite.account("new").unwrap();
    refused(measure(&mut suite, "new", "a", 1), "is in no cell");
    locate(&mut suite, "new").unwrap();
    assert_eq!(cell(&suite, "new"), CellId(2));
    // in a cell now, it still says nothing about itself
    refused(measure(&mut suite, "new", "new", 1), "measured itself");
    measure(&mut suite, "new", "a", 1).unwrap();
    locate(&mut suite, "new").unwrap();
    assert_eq!(cell(&suite, "new"), CellId(2));
    let shown: RttsResponse = suite.ask(&QueryMsg::Rtts { gateway: own }).unwrap();
    assert_eq!(shown.measured.len(), 5);
}

#[test]
fn two_gateways_cannot_draw_a_third_into_their_cell() {
    let mut suite = suite();
    measure(&mut suite, "x", "new", 1).unwrap();
    measure(&mut suite, "y", "new", 1).unwrap();
    refused(locate(&mut suite, "new"), "no cell has 3 gateways that measured gateway 7");
    assert_eq!(cell(&suite, "new"), CellId(0));
}

#[test]
fn measurements_are_of_gateways_bounded_and_whole() {
    let mut suite = suite();
    refused(suite.send("a", &ExecuteMsg::Measure { entries: vec![] }), "0 measurements");
    let one = RttInput { gateway: AccountId(4), ms: 9 };
    let many = vec![one.clone(); 65];
    refused(suite.send("a", &ExecuteMsg::Measure { entries: many }), "1 to 64 are taken");
    refused(measure(&mut suite, "a", "x", 0), "a round trip of 0 ms");
    refused(measure(&mut suite, "a", "x", 60_001), "a round trip of 60001 ms");
    refused(suite.send("mallory", &ExecuteMsg::Measure { entries: vec![one.clone()] }), "");
    let ghost = RttInput { gateway: AccountId(99), ms: 9 };
    refused(suite.send("a", &ExecuteMsg::Measure { entries: vec![one, ghost] }), "");
    assert_eq!(between(&suite, 1, 2).reporters, 0, "nothing of a refused list is kept");
    refused(locate(&mut suite, "nobody"), "");
}
