//! Those who would gain from futures what is not theirs.

use crate::market::Msg as Market;
use crate::suite::{ALICE, BOB, CAROL, DAVE, ERIN, FRANK, GRACE, MARKET, RICHES, Suite, refused};
use caplet_api::futures::ExecuteMsg;
use caplet_api::registry::DeviceStatus;

/// Three pairs of honest owners trade around a price.
fn honest(suite: &mut Suite, price: u64) {
    suite.tell_market(&Market::SetCapacity { device: BOB, lots: 10_000 }).unwrap();
    suite.tell_market(&Market::SetCapacity { device: ERIN, lots: 10_000 }).unwrap();
    suite.tell_market(&Market::SetCapacity { device: DAVE, lots: 10_000 }).unwrap();
    for (consumer, provider) in [(ALICE, DAVE), (FRANK, BOB), (GRACE, ERIN)] {
        suite.trade(consumer, provider, price, 2);
    }
}

#[test]
fn a_seller_that_defaults_when_the_price_rises_loses_more_than_it_gains() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    // spot rises to 150, which is (1 + h) M of when the collateral was posted; the seller walks away
    honest(&mut suite, 150);
    assert_eq!(suite.mark().index.unwrap().u64(), 150);
    suite.set_status(CAROL, DeviceStatus::Retired);
    suite.send("alice", &ExecuteMsg::Default { series }).unwrap();
    suite.settle(series, &[ALICE]).unwrap();
    let lost = RICHES - suite.balance("carol", crate::suite::UCAP).free.u128();
    // 40 lots could now be sold 50 dearer
    assert!(lost >= 40 * 50 + 40 * 10, "{lost}");
    assert!(suite.free("alice") >= RICHES + 40 * 50);
}

#[test]
fn the_index_is_not_pushed_by_trades_with_oneself() {
    let mut suite = Suite::new();
    suite.tell_market(&Market::SetCapacity { device: CAROL, lots: 1_000 }).unwrap();
    honest(&mut suite, 100);
    let before = suite.mark();
    // one owner on both sides is not a trade; one owner against others is capped
    let own = Market::Spot { market: MARKET, consumer: 5, provider: 3, price: 9_000, lots: 100 };
    suite.tell_market(&own).unwrap();
    for _ in 0..20 {
        suite.trade(FRANK, CAROL, 5_000, 20);
    }
    let after = suite.mark();
    assert_eq!((before.index, after.index), (after.index, Some(100u64.into())));
    assert_eq!(after.settle.u64(), 100);
}

#[test]
fn one_expensive_trade_before_a_default_does_not_set_its_price() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    suite.tell_market(&Market::SetCapacity { device: DAVE, lots: 100 }).unwrap();
    suite.stand(CAROL, 0, true);
    suite.trade(ALICE, DAVE, 100_000, 50);
    suite.send("alice", &ExecuteMsg::Default { series }).unwrap();
    assert_eq!(suite.series(series).defaults[0].paid.u64(), 10);
}

#[test]
fn what_futures_opened_is_no_evidence_of_the_market() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 10).unwrap().lease;
    let msg = ExecuteMsg::Observe { market: MARKET, leases: vec![lease.into()] };
    refused(suite.send("keeper", &msg), &["nothing to do"]);
    let unknown = ExecuteMsg::Observe { market: MARKET, leases: vec![999_999u64.into()] };
    refused(suite.send("keeper", &unknown), &["escrow has no lease 999999"]);
}

#[test]
fn a_thin_market_falls_back_to_the_base_price() {
    let mut suite = Suite::new();
    suite.tell_market(&Market::SetCapacity { device: DAVE, lots: 100 }).unwrap();
    suite.trade(ALICE, DAVE, 100_000, 50);
    let mark = suite.mark();
    assert_eq!((mark.index, mark.mark.u64(), mark.trades), (None, 100, 1));
}

#[test]
fn old_trades_leave_the_index() {
    let mut suite = Suite::new();
    honest(&mut suite, 150);
    assert_eq!(suite.mark().mark.u64(), 150);
    suite.wait(9 * 3_600);
    assert_eq!((suite.mark().index, suite.mark().mark.u64()), (None, 100));
}

#[test]
fn a_seller_cannot_take_collateral_that_running_leases_need() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    suite.until_slot(series, 3);
    suite.exercise(series, ALICE, 3, 10).unwrap();
    suite.send("carol", &ExecuteMsg::Release { series, amount: 1_800u64.into() }).unwrap();
    let more = ExecuteMsg::Release { series, amount: 1u64.into() };
    refused(suite.send("carol", &more), &["599 is below 600"]);
}

#[test]
fn a_lot_is_never_settled_twice() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 10).unwrap().lease;
    suite.finish(lease);
    suite.reckon(lease).unwrap();
    refused(suite.reckon(lease), &["is no exercised lease"]);
    suite.until_slot(series, 2);
    suite.settle(series, &[ALICE, ALICE]).unwrap();
    refused(suite.settle(series, &[ALICE]), &["nothing to do"]);
    // the exercised slot was not charged as lapsed: 1,000 of 4,000 prepaid went to the seller
    assert_eq!(suite.free("alice"), RICHES - 3_000 + 100);
}
