//! Latencies come from measurements of several gateways, never from what one says of itself.

use crate::suite::{Outcome, Suite, refused};
use caplet_api::auction::{CellPair, ExecuteMsg, LatencyResponse, QueryMsg};
use caplet_api::registry::{self, AccountResponse, RttInput};
use caplet_protocol::CellId;
use cw_multi_test::IntoAddr;

const PAIR: CellPair = CellPair { a: CellId(2), b: CellId(1) };

fn measure(suite: &mut Suite, by: &str, of: &str, ms: u16) {
    let address = of.into_addr().to_string();
    let msg = registry::QueryMsg::Account { address };
    let account: AccountResponse =
        suite.app.wrap().query_wasm_smart(&suite.registry, &msg).unwrap();
    let entries = vec![RttInput { gateway: account.account, ms }];
    suite.tell_registry(by, &registry::ExecuteMsg::Measure { entries }).unwrap();
}

fn refresh(suite: &mut Suite) -> Outcome {
    suite.send("stranger", &ExecuteMsg::RefreshLatency { pairs: vec![PAIR] })
}

fn between(suite: &Suite) -> u16 {
    let known: LatencyResponse = suite.ask(&QueryMsg::Latency {}).unwrap();
    let of =
        |entry: &&caplet_api::auction::LatencyEntry| (entry.a, entry.b) == (CellId(1), CellId(2));
    known.entries.iter().find(of).unwrap().ms
}

#[test]
fn a_latency_is_the_median_of_three_gateways_at_least() {
    let mut suite = Suite::new();
    for (name, cell) in [("north", 1), ("south", 2)] {
        suite.open_gateway(name, cell);
    }
    measure(&mut suite, "gw1", "gw2", 31);
    measure(&mut suite, "gw2", "gw1", 60_000); // it would rather be far away
    refused(refresh(&mut suite), &["cells 2 and 1 were measured by 2 gateways, 3 are needed"]);
    assert_eq!(between(&suite), 100);
    measure(&mut suite, "north", "gw2", 33);
    refresh(&mut suite).unwrap();
    assert_eq!(between(&suite), 33);
    measure(&mut suite, "south", "north", 30);
    // four: the lower of the middle two
    refresh(&mut suite).unwrap();
    assert_eq!(between(&suite), 31);
    refused(suite.send("keeper", &ExecuteMsg::RefreshLatency { pairs: vec![] }), &["0 pairs"]);
}
