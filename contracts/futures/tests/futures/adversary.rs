//! Those who would gain from futures what is not theirs.

use crate::market::Msg as Market;
use crate::suite::{
    ALICE, BOB, CAROL, CAROL_TOO, DAVE, ERIN, FRANK, GRACE, GRACE_SECS, MARKET, RICHES, Suite,
    refused,
};
use caplet_api::futures::ExecuteMsg;
use caplet_api::registry::DeviceStatus;
use caplet_protocol::DeviceId;

/// Three pairs of owners, consumer and provider, all six strangers.
const PAIRS: [(DeviceId, DeviceId); 3] = [(ALICE, DAVE), (FRANK, BOB), (GRACE, ERIN)];

/// Their providers can do whatever is asked.
fn able(suite: &mut Suite) {
    for (_, device) in PAIRS {
        suite.tell_market(&Market::SetCapacity { device, lots: 10_000 }).unwrap();
    }
}

/// The pairs trade at a price, and the index is told.
fn honest(suite: &mut Suite, price: u64) {
    able(suite);
    for (consumer, provider) in PAIRS {
        suite.trade(consumer, provider, price, 2);
    }
}

/// Nothing is left of a series that Alice has bought but what is owed or set aside: the mark has tripled.
fn default(suite: &mut Suite, series: u32) {
    suite.tell_market(&Market::SetBase { tick: 30 }).unwrap();
    suite.send("bob", &ExecuteMsg::Call { series }).unwrap();
    suite.wait(GRACE_SECS.into());
    suite.send("bob", &ExecuteMsg::Default { series }).unwrap();
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
    // by these words a keeper knows that others told before (`keeper/src/forward/feed.rs`)
    refused(suite.send("keeper", &msg), &["nothing to do: none of these leases"]);
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
fn what_is_set_aside_for_a_lease_is_out_of_reach_of_its_seller_and_of_a_default() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 10).unwrap().lease;
    default(&mut suite, series);
    // 1,800 for 30 lots, and as much a lot for those that run
    let shown = suite.series(series);
    assert_eq!((shown.defaults[0].paid.u64(), shown.owed.u64()), (60, 1_800));
    assert_eq!((shown.collateral.u64(), shown.required.u128()), (600, 600));
    let release = ExecuteMsg::Release { series, amount: 1u64.into() };
    refused(suite.send("carol", &release), &["599 is below 600"]);
    suite.settle(series, &[ALICE]).unwrap();
    suite.finish(lease);
    suite.reckon(lease).unwrap();
    assert_eq!(suite.free("alice"), RICHES + 40 * 60);
}

#[test]
fn collateral_that_is_gone_is_not_taken_out_of_another_series() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    default(&mut suite, series);
    let mut other = suite.input();
    (other.device, other.collateral) = (CAROL_TOO, 14_400u64.into());
    suite.issue(other);
    let release = ExecuteMsg::Release { series, amount: 1u64.into() };
    refused(suite.send("carol", &release), &["no collateral is left"]);
}

#[test]
fn who_tells_only_of_the_dear_leases_is_answered_by_whoever_tells_of_the_others() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    able(&mut suite);
    let cheap = PAIRS.map(|(consumer, provider)| suite.spot(consumer, provider, 100, 6));
    let dear = PAIRS.map(|(consumer, provider)| suite.spot(consumer, provider, 150, 2));
    // whatever two owners on either side traded, it is no index
    suite.observe(&dear[..2]).unwrap();
    assert_eq!((suite.mark().index, suite.mark().mark.u64()), (None, 100));
    // with a third it is, though most lots went for less: the caps weigh what was told, not what was left out
    suite.observe(&dear[2..]).unwrap();
    assert_eq!(suite.mark().mark.u64(), 150);
    suite.send("stranger", &ExecuteMsg::Call { series }).unwrap();
    // anybody may tell the rest, and a default waits long enough for it
    suite.observe(&cheap).unwrap();
    assert_eq!(suite.mark().mark.u64(), 100);
    suite.wait(GRACE_SECS.into());
    refused(suite.send("stranger", &ExecuteMsg::Default { series }), &["covers the margin again"]);
}

#[test]
fn an_old_call_defaults_no_seller_whose_collateral_met_it_in_between() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    let base = |suite: &mut Suite, tick| suite.tell_market(&Market::SetBase { tick }).unwrap();
    let (call, default) = (ExecuteMsg::Call { series }, ExecuteMsg::Default { series });
    // Bob calls while the mark is high; it falls, and nobody comes by
    base(&mut suite, 12);
    suite.send("bob", &call).unwrap();
    base(&mut suite, 10);
    suite.wait(GRACE_SECS.into());
    refused(suite.send("bob", &default), &["covers the margin again"]);
    // the moment the mark is high again he comes back with it
    suite.wait(GRACE_SECS.into());
    base(&mut suite, 12);
    refused(suite.send("bob", &default), &["too old to act on"]);
    suite.send("bob", &call).unwrap();
    refused(suite.send("bob", &default), &["the grace of its margin call runs"]);
    // all of which Carol has to put up what is missing
    suite.wait(u64::from(GRACE_SECS) - 1);
    suite.send("carol", &ExecuteMsg::TopUp { series, amount: 1_200u64.into() }).unwrap();
    suite.wait(1);
    refused(suite.send("bob", &default), &["its margin is not called"]);
    // nor may he come sooner than that, if Carol or anybody ended his call while it was met
    base(&mut suite, 20);
    suite.send("bob", &call).unwrap();
    base(&mut suite, 10);
    suite.send("carol", &call).unwrap();
    base(&mut suite, 20);
    suite.wait(GRACE_SECS.into());
    refused(suite.send("bob", &default), &["its margin is not called"]);
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
