//! Cancels, above all of orders in a frozen book: the clearing in flight still fits, the money waits.

use crate::parties::signed_cancel;
use crate::suite::{ALICE, BOB, CAROL, DAVE, MARKET, ORDER_BOND, RICHES, Suite, find, refused};
use caplet_api::auction::{CancelInput, ExecuteMsg};
use caplet_api::event::{EpochCleared, EpochLapsed, OrdersEnded};
use caplet_protocol::Lots;
use caplet_protocol::layout::Side;

#[test]
fn a_cancelled_order_gives_everything_back_and_leaves_nothing_behind() {
    let mut suite = Suite::new();
    let demand = suite.buy(ALICE, 30, 2);
    let offer = suite.sell(CAROL, 50, 2);
    suite.next_epoch();
    suite.clear().unwrap(); // it stood for a book, so its bond returns too
    let events = suite.cancel("alice", Side::Demand, demand).unwrap();
    let ended: OrdersEnded = find(&events).unwrap();
    assert_eq!((ended.orders, ended.expired, ended.pending), (vec![demand], false, false));
    suite.cancel("carol", Side::Offer, offer).unwrap();
    assert_eq!(suite.free("alice"), RICHES);
    assert_eq!(suite.market().open_orders, 0);
    refused(suite.cancel("alice", Side::Demand, demand), &["demand 0 is not open in market 1"]);
}

#[test]
fn nobody_else_cancels_without_the_devices_signature() {
    let mut suite = Suite::new();
    let demand = suite.buy(ALICE, 30, 2);
    refused(suite.cancel("bob", Side::Demand, demand), &["does not own device 1", "sign it"]);
    refused(suite.cancel("stranger", Side::Demand, demand), &["does not own device 1"]);
    let domain = suite.domain;
    let cancel = |device, side| ExecuteMsg::Cancel {
        market: MARKET,
        orders: vec![CancelInput {
            side: Side::Demand,
            ..signed_cancel(&domain, MARKET, device, side, demand)
        }],
    };
    let other_side = cancel(ALICE, Side::Offer);
    refused(suite.send("keeper", &other_side), &["the signature is not device 1's"]);
    refused(suite.send("keeper", &cancel(BOB, Side::Demand)), &["the signature is not device 1's"]);
    suite.send("keeper", &cancel(ALICE, Side::Demand)).unwrap();
    assert_eq!(suite.free("alice"), RICHES - u128::from(ORDER_BOND));
}

#[test]
fn a_list_is_cancelled_whole_or_not_at_all() {
    let mut suite = Suite::new();
    let demand = suite.buy(ALICE, 30, 2);
    let one = CancelInput { side: Side::Demand, order: demand.into(), signature: None };
    let cancel = |orders| ExecuteMsg::Cancel { market: MARKET, orders };
    let twice = cancel(vec![one.clone(), one.clone()]);
    refused(suite.send("alice", &twice), &["demand 0 is not open"]);
    refused(suite.send("alice", &cancel(vec![])), &["0 orders in one message, 1 to 100"]);
    refused(suite.send("alice", &cancel(vec![one; 101])), &["101 orders in one message"]);
    let absurd = CancelInput { side: Side::Demand, order: (1u64 << 40).into(), signature: None };
    refused(suite.send("alice", &cancel(vec![absurd])), &["1099511627776 is no order number"]);
    suite.cancel("alice", Side::Demand, demand).unwrap();
}

#[test]
fn a_cancel_of_a_frozen_demand_voids_no_clearing_in_flight() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let demand = suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    let in_flight = suite.solve();
    let events = suite.cancel("alice", Side::Demand, demand).unwrap();
    assert!(find::<OrdersEnded>(&events).unwrap().pending);
    // a keeper that starts now still sees it
    assert!(suite.order(Side::Demand, demand).unwrap().open);
    assert_eq!(suite.solve().fills, in_flight.fills);
    suite.submit("keeper", &in_flight).unwrap();
    assert_eq!(suite.leases().len(), 1);
    assert!(suite.order(Side::Demand, demand).is_err());
    assert_eq!(suite.balance("alice").ordered.u128(), 0);
}

#[test]
fn what_a_clearing_does_not_fill_of_cancelled_orders_ends_with_the_fold() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 1);
    let demand = suite.buy(ALICE, 40, 3);
    let unfilled = suite.buy(BOB, 20, 1);
    suite.next_epoch();
    suite.cancel("alice", Side::Demand, demand).unwrap();
    suite.cancel("bob", Side::Demand, unfilled).unwrap();
    suite.cancel("carol", Side::Offer, offer).unwrap();
    assert_eq!(suite.market().open_orders, 3);
    assert_eq!(suite.free("bob"), RICHES - 207 - 50);
    suite.clear().unwrap();
    assert_eq!((suite.leases().len(), suite.market().open_orders), (1, 0));
    assert_eq!(suite.free("bob"), RICHES);
    let lease = &suite.leases()[0];
    assert_eq!(suite.free("alice"), RICHES - lease.price.u64() as u128 - 7 - 2);
}

#[test]
fn money_of_cancelled_orders_returns_when_their_epoch_lapses() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let demand = suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.cancel("alice", Side::Demand, demand).unwrap();
    suite.next_epoch();
    let shown = suite.order(Side::Demand, demand).unwrap();
    assert_eq!((shown.open, shown.locked.u128()), (false, 457));
    assert!(suite.orders(Side::Demand).is_empty());
    let demand = suite.demand(BOB, 5, 1);
    let msg = ExecuteMsg::Place { market: MARKET, offers: vec![], demands: vec![demand] };
    let events = suite.send("bob", &msg).unwrap();
    assert_eq!(find::<EpochLapsed>(&events).unwrap().epoch, 0);
    assert_eq!(suite.free("alice"), RICHES);
}

#[test]
fn a_long_log_is_released_in_bounded_steps_and_keeps_nothing() {
    let mut suite = Suite::new();
    for _ in 0..2 {
        let demands = (0..70).map(|_| suite.demand(ALICE, 1, 1)).collect();
        let msg = ExecuteMsg::Place { market: MARKET, offers: vec![], demands };
        suite.send("alice", &msg).unwrap();
    }
    suite.next_epoch();
    for page in 0..2u64 {
        let order = |slot: u64| CancelInput {
            side: Side::Demand,
            order: (page * 256 + slot).into(),
            signature: None,
        };
        let orders = (0..70).map(order).collect();
        suite.send("alice", &ExecuteMsg::Cancel { market: MARKET, orders }).unwrap();
    }
    suite.next_epoch();
    for left in [90, 40, 0] {
        let offer = suite.sell(CAROL, 10, 1);
        suite.cancel("carol", Side::Offer, offer).ok();
        // two messages, fifty entries each
        let open = suite.market().open_orders;
        assert!(open <= left, "{open} are still counted, at most {left} should be");
    }
    assert_eq!(suite.free("alice"), RICHES);
}

#[test]
fn only_batch_lots_of_a_frozen_offer_stay_fillable() {
    let mut suite = Suite::new();
    let mut both = suite.offer(CAROL, 10, 2);
    both.instant = Lots(2);
    let both = suite.place_offer(both);
    let mut instant = suite.offer(DAVE, 10, 0);
    instant.instant = Lots(2);
    let instant = suite.place_offer(instant);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    let events = suite.cancel("dave", Side::Offer, instant).unwrap();
    assert!(!find::<OrdersEnded>(&events).unwrap().pending, "it is not in the frozen book");
    suite.cancel("carol", Side::Offer, both).unwrap();
    let shown = suite.order(Side::Offer, both).unwrap();
    assert_eq!((shown.open, shown.lots.0, shown.instant.0), (true, 2, 0));
    let demand = suite.demand(BOB, 90, 1);
    let take = ExecuteMsg::Take { offer: both.into(), demand, market: MARKET, lease: None };
    refused(suite.send("bob", &take), &["offer 0 is not open"]);
    let cleared: EpochCleared = find(&suite.clear().unwrap()).unwrap();
    assert_eq!((cleared.fills, suite.market().open_orders), (1, 0));
}

#[test]
fn an_order_that_is_pending_is_not_cancelled_again() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 1);
    suite.next_epoch();
    suite.cancel("carol", Side::Offer, offer).unwrap();
    refused(suite.cancel("carol", Side::Offer, offer), &["offer 0 is not open"]);
}

#[test]
fn a_suspended_device_still_gets_its_money_back() {
    let mut suite = Suite::new();
    let demand = suite.buy(ALICE, 30, 2);
    suite.stand(ALICE, 0, true);
    suite.cancel("alice", Side::Demand, demand).unwrap();
    assert_eq!(suite.free("alice"), RICHES - u128::from(ORDER_BOND));
}
