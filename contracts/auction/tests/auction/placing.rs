//! Orders come and go.

use crate::suite::{ALICE, BOB, CAROL, RICHES, Suite, refused};
use caplet_protocol::layout::Side;

#[test]
fn a_cancelled_order_gives_everything_back_and_leaves_nothing_behind() {
    let mut suite = Suite::new();
    let demand = suite.buy(ALICE, 30, 2);
    let offer = suite.sell(CAROL, 10, 2);
    refused(suite.cancel("bob", Side::Demand, demand), &["demand 0 is device 1's", "signature"]);
    suite.cancel("alice", Side::Demand, demand).unwrap();
    suite.cancel("carol", Side::Offer, offer).unwrap();
    assert_eq!(suite.free("alice"), RICHES);
    assert_eq!(suite.market().open_orders, 0);
    refused(suite.cancel("alice", Side::Demand, demand), &["demand 0 is not open in market 1"]);
}

#[test]
fn a_demand_beyond_its_owners_means_is_refused_by_escrow() {
    let mut suite = Suite::new();
    let demand = suite.demand(BOB, 60_000, 2);
    let msg = caplet_api::auction::ExecuteMsg::Place {
        market: crate::suite::MARKET,
        offers: vec![],
        demands: vec![demand],
    };
    refused(suite.send("bob", &msg), &["1200064", "1000000"]);
}
