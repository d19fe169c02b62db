//! Exercise, lapse, cash instead of a lease, and reckoning.

use crate::market::{CLOSE_BOND, Msg as Market};
use crate::suite::{ALICE, BOB, CAROL, RICHES, Suite, refused};
use caplet_api::escrow::{self, CloseInput, CloseReason};
use caplet_api::futures::{DeliveryResponse, ExecuteMsg, QueryMsg};
use caplet_api::registry::DeviceStatus;
use caplet_protocol::{Bps, Lots};

fn ready(lots: u16) -> (Suite, u32) {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, lots).unwrap();
    (suite, series)
}

#[test]
fn exercise_opens_an_ordinary_lease_at_the_strike() {
    let (mut suite, series) = ready(5);
    suite.until_slot(series, 1);
    let event = suite.exercise(series, ALICE, 1, 3).unwrap();
    let lease = suite.lease(event.lease);
    assert_eq!((lease.price.u64(), lease.lots, lease.provider), (100, Lots(3), CAROL));
    assert_eq!(
        (lease.terms.start.u64(), lease.terms.end.u64()),
        (suite.now(), suite.now() + 3_600)
    );
    assert_eq!(suite.free("alice"), RICHES - 2_000 - u128::from(CLOSE_BOND));
    let shown: DeliveryResponse =
        suite.ask(&QueryMsg::Delivery { lease: event.lease.into() }).unwrap();
    assert_eq!((shown.series, shown.slot, shown.lots), (series, 1, Lots(3)));
    refused(suite.exercise(series, ALICE, 1, 3).map(|_| vec![]), &["3 lots", "2 are there"]);
    refused(suite.exercise(series, BOB, 1, 1).map(|_| vec![]), &["0 are there"]);
    refused(suite.exercise(series, ALICE, 0, 1).map(|_| vec![]), &["1 to before 4"]);
}

#[test]
fn a_slot_may_be_exercised_before_it_begins() {
    let (mut suite, series) = ready(5);
    let event = suite.exercise(series, ALICE, 3, 5).unwrap();
    let terms = suite.lease(event.lease).terms;
    let begins = (u64::from(suite.series(series).first_slot) + 3) * 3_600;
    assert_eq!((terms.start.u64(), terms.end.u64()), (begins, begins + 3_600));
}

#[test]
fn what_is_not_used_of_an_exercised_lease_returns_and_costs_the_seller_nothing() {
    let (mut suite, series) = ready(5);
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 5).unwrap().lease;
    suite.pay(lease, 200);
    refused(suite.reckon(lease), &["is not closed"]);
    suite.run_out(lease);
    suite.reckon(lease).unwrap();
    refused(suite.reckon(lease), &["is no exercised lease"]);
    // the bond went to the keeper that swept
    assert_eq!(suite.free("alice"), RICHES - 1_500 - 200 - u128::from(CLOSE_BOND));
    assert_eq!(suite.free("carol"), RICHES - 2_400 + 200);
}

#[test]
fn lots_that_are_not_exercised_pay_the_reservation_share() {
    for (share, to_seller) in [(10_000, 2_000), (2_500, 500), (0, 0)] {
        let mut suite = Suite::new();
        let mut input = suite.input();
        input.reservation = Bps(share);
        let series = suite.issue(input);
        suite.buy(series, ALICE, 0, 4, 5).unwrap();
        refused(suite.settle(series, &[ALICE]), &["nothing to do"]);
        suite.until_slot(series, 1);
        suite.settle(series, &[ALICE]).unwrap();
        assert_eq!(suite.held_lots(series, ALICE), 15);
        suite.until_slot(series, 4);
        suite.settle(series, &[ALICE]).unwrap();
        assert_eq!(suite.free("alice"), RICHES - to_seller);
        suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
        assert_eq!(suite.free("carol"), RICHES + to_seller);
    }
}

#[test]
fn a_seller_that_cannot_serve_in_the_slot_pays_in_cash() {
    let (mut suite, series) = ready(5);
    suite.set_status(CAROL, DeviceStatus::Frozen);
    refused(
        suite.exercise(series, ALICE, 0, 2).map(|_| vec![]),
        &["cannot serve now", "exercise then"],
    );
    suite.until_slot(series, 0);
    let event = suite.exercise(series, ALICE, 0, 2).unwrap();
    // the mark is at the strike: the penalty of 10 a lot
    assert_eq!((event.lease, event.paid), (0, 20));
    assert_eq!(suite.free("alice"), RICHES - 1_800 + 20);
    // one that serves again delivers
    suite.set_status(CAROL, DeviceStatus::Active);
    assert_ne!(suite.exercise(series, ALICE, 0, 2).unwrap().lease, 0);
}

#[test]
fn a_provider_that_ends_its_lease_early_pays_for_what_it_left_undone() {
    let (mut suite, series) = ready(5);
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 5).unwrap().lease;
    suite.pay(lease, 250);
    suite.finish(lease);
    suite.reckon(lease).unwrap();
    // 250 unpaid are 2 whole lots at 10 each
    assert_eq!(suite.free("alice"), RICHES - 1_500 - 250 + 20);
    assert_eq!(suite.series(series).collateral.u64(), 2_400 - 20);
}

#[test]
fn what_an_unfinished_lease_is_paid_does_not_depend_on_who_is_reckoned_first() {
    let outcome = |paid_first: bool| {
        let mut suite = Suite::new();
        let mut input = suite.input();
        (input.slots, input.collateral) = (1, 600u64.into());
        let series = suite.issue(input);
        for device in [ALICE, BOB] {
            suite.buy(series, device, 0, 1, 5).unwrap();
        }
        suite.until_slot(series, 0);
        let paid = suite.exercise(series, ALICE, 0, 5).unwrap().lease;
        let unpaid = suite.exercise(series, BOB, 0, 5).unwrap().lease;
        // 210 are due a lot by now, 60 stood behind each
        suite.tell_market(&Market::SetBase { tick: 30 }).unwrap();
        suite.pay(paid, 499);
        let order = if paid_first { [paid, unpaid] } else { [unpaid, paid] };
        order.iter().for_each(|lease| suite.finish(*lease));
        order.iter().for_each(|lease| drop(suite.reckon(*lease).unwrap()));
        // what the paid one did not need stands for others again
        assert_eq!(suite.series(series).collateral.u64(), 300);
        suite.until_slot(series, 1);
        suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
        ["alice", "bob", "carol"].map(|name| suite.free(name))
    };
    assert_eq!(outcome(true), [RICHES - 499, RICHES + 300, RICHES + 499 - 300]);
    assert_eq!(outcome(false), outcome(true));
}

#[test]
fn a_lease_has_what_stood_behind_its_lots_when_it_was_opened_and_no_later_top_up() {
    let (mut suite, series) = ready(10);
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 10).unwrap().lease;
    suite.send("carol", &ExecuteMsg::TopUp { series, amount: 5_000u64.into() }).unwrap();
    suite.tell_market(&Market::SetBase { tick: 30 }).unwrap();
    suite.finish(lease);
    suite.reckon(lease).unwrap();
    assert_eq!(suite.free("alice"), RICHES - 3_000 + 600);
    assert_eq!(suite.series(series).collateral.u64(), 2_400 + 5_000 - 600);
}

#[test]
fn a_consumer_that_closes_early_is_owed_nothing() {
    let (mut suite, series) = ready(5);
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 5).unwrap().lease;
    let reason = CloseReason::ConsumerClosed;
    let items = vec![CloseInput { lease: lease.into(), reason, signature: None }];
    suite.tell_escrow("alice", &escrow::ExecuteMsg::Close { items }).unwrap();
    suite.wait(120);
    let leases = vec![lease.into()];
    suite.tell_escrow("keeper", &escrow::ExecuteMsg::Sweep { leases }).unwrap();
    suite.reckon(lease).unwrap();
    assert_eq!(suite.series(series).collateral.u64(), 2_400);
}

#[test]
fn another_device_of_the_holder_may_consume_and_no_strangers() {
    let (mut suite, series) = ready(5);
    suite.until_slot(series, 0);
    let exercise = |consumer| ExecuteMsg::Exercise {
        series,
        device: ALICE,
        slot: 0,
        lots: Lots(1),
        consumer: Some(consumer),
    };
    refused(suite.send("alice", &exercise(BOB)), &["have different owners"]);
    suite.send("alice", &exercise(ALICE)).unwrap();
}

#[test]
fn a_series_closes_when_nothing_is_left_and_not_before() {
    let (mut suite, series) = ready(5);
    let close = ExecuteMsg::Close { series };
    suite.until_slot(series, 3);
    let lease = suite.exercise(series, ALICE, 3, 5).unwrap().lease;
    refused(suite.send("stranger", &close), &["positions are not settled"]);
    suite.settle(series, &[ALICE]).unwrap();
    refused(suite.send("stranger", &close), &["exercised leases are not reckoned"]);
    suite.pay(lease, 500);
    suite.reckon(lease).unwrap();
    refused(suite.send("stranger", &close), &["lots are on sale"]);
    suite.until_slot(series, 4);
    suite.send("stranger", &close).unwrap();
    assert_eq!(suite.free("carol"), RICHES + 2_000);
    assert_eq!(suite.free("alice"), RICHES - 2_000);
    refused(suite.send("stranger", &close), &["there is no series"]);
}
