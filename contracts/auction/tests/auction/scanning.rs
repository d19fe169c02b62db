//! Scans of large books over several transactions.

use crate::solver::{Submission, item};
use crate::suite::{ALICE, BOB, CAROL, DAVE, MARKET, Outcome, Suite, find, refused};
use caplet_api::auction::{ExecuteMsg, LatencyEntry, QueryMsg, ScanResponse};
use caplet_api::event::{EpochCleared, ScanAdvanced};
use caplet_api::packed::FillItem;
use caplet_protocol::CellId;
use caplet_protocol::layout::Side;
use cw_multi_test::IntoAddr;
use proptest::prelude::*;

impl Suite {
    pub(crate) fn begin(&mut self, keeper: &str, what: &Submission, orders: u32) -> Outcome {
        let fills: Vec<FillItem> = what.fills.iter().map(item).collect();
        let (market, epoch) = (MARKET, what.epoch);
        let prices = what.prices.iter().map(|price| price.map(Into::into)).collect();
        let fills = FillItem::pack(&fills).into();
        self.send(keeper, &ExecuteMsg::BeginClear { market, epoch, fills, prices, orders })
    }

    pub(crate) fn go_on(&mut self, keeper: &str, epoch: u32, orders: u32) -> Outcome {
        self.send(keeper, &ExecuteMsg::ContinueClear { market: MARKET, epoch, orders })
    }

    fn scan(&self, keeper: &str) -> Option<ScanResponse> {
        let keeper = keeper.into_addr().to_string();
        self.ask(&QueryMsg::Scan { market: MARKET, keeper }).unwrap()
    }
}

/// A book of several pages a side, frozen.
fn book() -> Suite {
    let mut suite = Suite::new();
    for round in 0..4 {
        suite.sell(CAROL, 10 + round, 2);
        suite.sell(DAVE, 11 + round, 1);
        suite.buy(ALICE, 12 + round, 2);
        suite.buy(BOB, 11 + round, 1);
    }
    suite.next_epoch();
    suite
}

/// Everything that a clearing decides.
fn outcome(suite: &Suite) -> String {
    let orders = [Side::Offer, Side::Demand].map(|side| suite.orders(side));
    let market = suite.market();
    let money = ["alice", "bob", "keeper"].map(|name| suite.balance(name));
    format!("{:?}", (suite.leases(), orders, market.base, market.utilisation, money))
}

#[test]
fn a_scan_in_parts_clears_as_one_transaction_does() {
    let mut whole = book();
    whole.clear().unwrap();
    for part in [1, 3, 7, 100] {
        let mut suite = book();
        let submission = suite.solve();
        let mut events = suite.begin("keeper", &submission, part).unwrap();
        let mut scanned = 0;
        while let Some(advanced) = find::<ScanAdvanced>(&events) {
            assert!(advanced.scanned > scanned, "it moves");
            scanned = advanced.scanned;
            assert_eq!(suite.scan("keeper").unwrap().scanned, scanned);
            events = suite.go_on("keeper", submission.epoch, part).unwrap();
        }
        assert!(find::<EpochCleared>(&events).is_some());
        assert!(suite.scan("keeper").is_none());
        assert_eq!(outcome(&suite), outcome(&whole), "in parts of {part}");
    }
}

#[test]
fn nothing_that_anybody_does_voids_a_scan() {
    let mut suite = book();
    let submission = suite.solve();
    suite.begin("keeper", &submission, 3).unwrap();
    // rivals scan too, badly and well; the book's owners cancel, new classes come, latencies change
    let bad = Submission { fills: vec![], ..submission.clone() };
    suite.begin("gw1", &bad, 5).unwrap();
    suite.begin("gw2", &submission, 2).unwrap();
    suite.cancel("alice", Side::Demand, suite.orders(Side::Demand)[0].order.u64()).unwrap();
    suite.cancel("dave", Side::Offer, suite.orders(Side::Offer)[1].order.u64()).unwrap();
    let mut odd = suite.offer(CAROL, 9, 1);
    (odd.latency, odd.tags) = (2, 3);
    suite.place_offer(odd);
    let entries = vec![LatencyEntry { a: CellId(1), b: CellId(2), ms: 7_000 }];
    suite.send("governance", &ExecuteMsg::SetLatency { entries }).unwrap();
    suite.stand(CAROL, 1, false);
    refused(suite.go_on("gw1", submission.epoch, 100), &["the clearing is refused"]);
    let events = suite.go_on("keeper", submission.epoch, 100).unwrap();
    assert!(find::<EpochCleared>(&events).is_some());
    // who comes second is told before anything is scanned
    refused(suite.go_on("gw2", submission.epoch, 100), &["was cleared last"]);
}

#[test]
fn a_scan_is_of_its_keeper_and_its_epoch() {
    let mut suite = book();
    let submission = suite.solve();
    suite.begin("keeper", &submission, 2).unwrap();
    refused(suite.go_on("gw1", submission.epoch, 9), &["has no scan of epoch 0", "begin_clear"]);
    suite.next_epoch();
    refused(suite.go_on("keeper", submission.epoch, 9), &["epoch 0 cannot be cleared"]);
    refused(suite.go_on("keeper", submission.epoch + 1, 9), &["has no scan of epoch 1"]);
    let submission = suite.solve();
    suite.begin("keeper", &submission, 0).unwrap();
    assert_eq!(suite.scan("keeper").map(|scan| (scan.epoch, scan.scanned)), Some((1, 0)));
    suite.go_on("keeper", submission.epoch, 100).unwrap();
}

#[test]
fn a_lapsed_scan_traps_nothing() {
    let mut suite = book();
    let submission = suite.solve();
    suite.begin("keeper", &submission, 5).unwrap();
    for _ in 0..3 {
        suite.next_epoch();
    }
    suite.clear().unwrap();
    for side in [Side::Offer, Side::Demand] {
        for order in suite.orders(side) {
            suite.cancel(Suite::owner(order.device), side, order.order.u64()).unwrap();
        }
    }
    assert_eq!(suite.ledger().ordered.u128(), 0);
}

#[test]
fn a_clearing_that_is_not_optimal_fails_at_the_end_of_its_scan() {
    let mut suite = book();
    let mut submission = suite.solve();
    submission.fills.pop();
    let mut last = suite.begin("keeper", &submission, 4);
    while last.is_ok() {
        last = suite.go_on("keeper", submission.epoch, 4);
    }
    refused(last, &["the clearing is refused"]);
    suite.clear().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn however_a_scan_is_cut_it_ends_as_the_whole(parts in prop::collection::vec(1u32..6, 1..20)) {
        let mut whole = book();
        whole.clear().unwrap();
        let mut suite = book();
        let submission = suite.solve();
        suite.begin("keeper", &submission, 0).unwrap();
        for part in parts.iter().cycle() {
            let events = suite.go_on("keeper", submission.epoch, *part).unwrap();
            if find::<EpochCleared>(&events).is_some() {
                break;
            }
        }
        prop_assert_eq!(outcome(&suite), outcome(&whole));
    }
}
