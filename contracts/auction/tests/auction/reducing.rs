//! Markets of one class that give up the marginal trade.

use crate::suite::{ALICE, BOB, CAROL, DAVE, LOT_FEE, MARKET, Suite, find, market_config, refused};
use caplet_api::auction::{ExecuteMsg, MarketConfig};
use caplet_api::event::{EpochCleared, LeasesOpened};
use caplet_protocol::layout::{OrderFlags, Side};

fn reducing() -> Suite {
    Suite::with(MarketConfig { trade_reduction: true, ..market_config() })
}

#[test]
fn the_marginal_buyer_sets_the_price_and_leaves() {
    let mut suite = reducing();
    suite.sell(CAROL, 10, 1);
    suite.sell(DAVE, 12, 1);
    suite.buy(ALICE, 40, 1);
    let marginal = suite.buy(BOB, 30, 1);
    suite.next_epoch();
    let events = suite.clear().unwrap();
    let opened: LeasesOpened = find(&events).unwrap();
    // bob's 300, less the fee inside the cost, is what alice pays; nobody who trades could move it
    assert_eq!((opened.prices, opened.lots), (vec![300 - LOT_FEE], vec![1]));
    let cleared: EpochCleared = find(&events).unwrap();
    // the proof is of the full optimum: (400 - 100 - 2) + (300 - 120 - 2)
    assert_eq!((cleared.fills, cleared.lots, cleared.welfare), (1, 1, 476));
    assert!(suite.order(Side::Demand, marginal).unwrap().open);
}

#[test]
fn an_unsold_lot_within_reach_sets_the_price_and_all_trade() {
    let mut suite = reducing();
    suite.sell(CAROL, 10, 1);
    suite.sell(DAVE, 12, 1);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    let opened: LeasesOpened = find(&suite.clear().unwrap()).unwrap();
    assert_eq!((opened.prices, opened.lots), (vec![120], vec![1]));
}

#[test]
fn a_single_pair_does_not_trade() {
    let mut suite = reducing();
    suite.sell(CAROL, 10, 1);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    let events = suite.clear().unwrap();
    assert_eq!(find::<EpochCleared>(&events).unwrap().fills, 0);
    assert_eq!((suite.leases().len(), suite.orders(Side::Demand).len()), (0, 1));
}

#[test]
fn such_a_market_has_one_class_whoever_comes_first() {
    let mut suite = reducing();
    let mut fine = suite.offer(CAROL, 10, 1);
    (fine.latency, fine.tags) = (2, 3);
    suite.place_offer(fine);
    suite.stand(DAVE, 2, false);
    suite.sell(DAVE, 12, 1); // another cell, another tier
    suite.buy(ALICE, 40, 1);
    suite.buy(BOB, 30, 1);
    let mut picky = suite.demand(ALICE, 40, 1);
    picky.tags = 1;
    let mut strict = suite.demand(ALICE, 40, 1);
    strict.flags = OrderFlags(OrderFlags::ATTESTED);
    for demand in [picky, strict] {
        let msg = ExecuteMsg::Place { market: MARKET, offers: vec![], demands: vec![demand] };
        refused(suite.send("alice", &msg), &["the market clears one class"]);
    }
    suite.next_epoch();
    suite.clear().unwrap();
    assert_eq!(suite.leases().len(), 1);
}

#[test]
fn a_clearing_short_of_the_optimum_is_refused_there_too() {
    let mut suite = reducing();
    for device in [CAROL, DAVE] {
        suite.sell(device, 10, 1);
    }
    suite.buy(ALICE, 40, 1);
    suite.buy(BOB, 30, 1);
    suite.next_epoch();
    let mut submission = suite.solve();
    submission.fills.pop();
    refused(suite.submit("keeper", &submission), &["the clearing is refused"]);
    suite.clear().unwrap();
}
