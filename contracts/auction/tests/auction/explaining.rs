//! Why a demand matched as it did, or not at all.

use crate::attesting::{attest, attested_offer};
use crate::suite::{ALICE, BOB, CAROL, DAVE, LOT_FEE, MARKET, Suite};
use caplet_api::auction::{
    ExecuteMsg, ExplainResponse, LatencyEntry, QueryMsg, Requirement, Verdict,
};
use caplet_protocol::CellId;
use caplet_protocol::layout::{OrderFlags, Side};

fn explain(suite: &Suite, demand: u64) -> ExplainResponse {
    suite.ask(&QueryMsg::Explain { market: MARKET, demand: demand.into() }).unwrap()
}

#[test]
fn every_requirement_says_how_many_offers_it_excludes() {
    let mut suite = Suite::new();
    suite.stand(DAVE, 2, false);
    suite.sell(CAROL, 10, 3);
    suite.sell(CAROL, 11, 1);
    suite.sell(DAVE, 12, 2);
    let mut demand = suite.demand(ALICE, 40, 1);
    (demand.reliability, demand.tags, demand.lambda) = (1, 0, 50);
    let demand = suite.place_demand(demand);
    let why = explain(&suite, demand);
    assert_eq!((why.offers, why.serving, why.serving_lots.u64()), (3, 1, 2));
    let [excluded] = &why.excluded[..] else { panic!("{:?}", why.excluded) };
    let counted = (excluded.requirement, excluded.offers, excluded.alone);
    assert_eq!(counted, (Requirement::Reliability, 2, 2));
    let best = why.cheapest.unwrap();
    // 100 ms at 50 thousandths of a tick each: 5 ticks; and the fee
    assert_eq!((best.ask.u64(), best.cost.u64(), best.bears.u64()), (120, 50 + LOT_FEE, 172));
    assert!(matches!(why.verdict, Verdict::Waiting));
}

/// That of two offers one is excluded, for this alone, and the other serves.
fn one_is_excluded(suite: &Suite, demand: u64, requirement: Requirement) {
    let why = explain(suite, demand);
    let shown: Vec<_> = why.excluded.iter().map(|e| (e.requirement, e.offers, e.alone)).collect();
    assert_eq!(shown, [(requirement, 1, 1)]);
    assert_eq!((why.offers, why.serving), (2, 1));
    assert!(matches!(why.verdict, Verdict::Waiting), "{:?}", why.verdict);
}

#[test]
fn an_offer_out_of_reach_is_excluded_as_such() {
    let mut suite = Suite::new();
    let entry = LatencyEntry { a: CellId(1), b: CellId(2), ms: u16::MAX };
    suite.send("governance", &ExecuteMsg::SetLatency { entries: vec![entry] }).unwrap();
    suite.sell(CAROL, 10, 1);
    suite.sell(DAVE, 12, 1);
    let demand = suite.buy(BOB, 40, 1);
    one_is_excluded(&suite, demand, Requirement::Reachable);
}

#[test]
fn an_offer_that_is_not_accurate_enough_is_excluded_as_such() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let mut accurate = suite.offer(DAVE, 12, 1);
    accurate.accuracy = 1;
    suite.place_offer(accurate);
    let mut demand = suite.demand(BOB, 40, 1);
    demand.accuracy = 1;
    let demand = suite.place_demand(demand);
    one_is_excluded(&suite, demand, Requirement::Accuracy);
}

#[test]
fn an_offer_without_an_attested_enclave_is_excluded_as_such() {
    let mut suite = Suite::new();
    attest(&mut suite, CAROL, 7, 10_000);
    let offer = attested_offer(&mut suite, CAROL);
    suite.place_offer(offer);
    suite.sell(DAVE, 1, 1);
    let mut demand = suite.demand(BOB, 40, 1);
    demand.flags = OrderFlags(OrderFlags::ATTESTED);
    let demand = suite.place_demand(demand);
    one_is_excluded(&suite, demand, Requirement::Attested);
}

#[test]
fn what_only_together_excludes_is_told_apart() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let mut demand = suite.demand(ALICE, 40, 1);
    (demand.latency, demand.throughput, demand.tags) = (2, 1, 1);
    let demand = suite.place_demand(demand);
    let why = explain(&suite, demand);
    let shown: Vec<_> = why.excluded.iter().map(|e| (e.requirement, e.offers, e.alone)).collect();
    let what = [Requirement::Latency, Requirement::Throughput, Requirement::Tags];
    assert_eq!(shown, what.map(|requirement| (requirement, 1, 0)));
    assert!(matches!(why.verdict, Verdict::NoneServes) && why.cheapest.is_none());
}

#[test]
fn the_price_it_would_have_taken_is_the_cheapest_with_its_cost() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 30, 1);
    let demand = suite.buy(ALICE, 20, 1);
    let why = explain(&suite, demand);
    assert!(matches!(why.verdict, Verdict::LimitTooLow));
    let best = why.cheapest.unwrap();
    assert_eq!((best.offer.u64(), best.bears.u64()), (offer, 300 + LOT_FEE));
    assert_eq!((why.within_limit, why.serving), (0, 1));
    // at a limit that bears it, it is served
    suite.cancel("alice", Side::Demand, demand).unwrap();
    suite.buy(ALICE, 31, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    assert_eq!(suite.leases().len(), 1);
}

#[test]
fn it_says_who_was_before_it() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let first = suite.buy(BOB, 40, 1);
    let late = suite.buy(ALICE, 30, 1);
    assert!(matches!(explain(&suite, first).verdict, Verdict::Waiting));
    let why = explain(&suite, late);
    assert!(matches!(why.verdict, Verdict::Outbid));
    assert_eq!(why.rivals_lots.u64(), 1);
    let mut whole = suite.demand(ALICE, 50, 2);
    whole.flags = OrderFlags(OrderFlags::ALL_OR_NOTHING);
    let whole = suite.place_demand(whole);
    assert!(matches!(explain(&suite, whole).verdict, Verdict::TooFewLots));
}
