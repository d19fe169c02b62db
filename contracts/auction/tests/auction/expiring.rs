//! Orders past their end.

use crate::suite::{
    ALICE, CAROL, EPOCH, MARKET, ORDER_BOND, Outcome, RICHES, Suite, find, refused,
};
use caplet_api::auction::ExecuteMsg;
use caplet_api::event::OrdersEnded;
use caplet_protocol::layout::Side;

fn expire(suite: &mut Suite, sender: &str, side: Side, order: u64) -> Outcome {
    suite.send(sender, &ExecuteMsg::Expire { market: MARKET, side, orders: vec![order.into()] })
}

/// A demand of alice for two lots that holds some seconds.
fn brief(suite: &mut Suite, seconds: u64) -> u64 {
    let mut demand = suite.demand(ALICE, 30, 2);
    demand.not_after = (suite.now() + seconds).into();
    suite.place_demand(demand)
}

#[test]
fn whoever_expires_a_demand_gets_its_bond_and_the_payer_the_rest() {
    let mut suite = Suite::new();
    let demand = brief(&mut suite, 10);
    suite.wait(11);
    let events = expire(&mut suite, "keeper", Side::Demand, demand).unwrap();
    let ended: OrdersEnded = find(&events).unwrap();
    assert_eq!((ended.orders, ended.expired, ended.pending), (vec![demand], true, false));
    assert_eq!(suite.free("keeper"), u128::from(ORDER_BOND));
    assert_eq!(suite.free("alice"), RICHES - u128::from(ORDER_BOND));
    assert_eq!(suite.market().open_orders, 0);
    refused(expire(&mut suite, "keeper", Side::Demand, demand), &["demand 0 is not open"]);
}

#[test]
fn an_expired_offer_only_goes() {
    let mut suite = Suite::new();
    let mut offer = suite.offer(CAROL, 10, 1);
    offer.not_after = (suite.now() + 1).into();
    let offer = suite.place_offer(offer);
    suite.wait(2);
    expire(&mut suite, "stranger", Side::Offer, offer).unwrap();
    assert_eq!(suite.market().open_orders, 0);
}

#[test]
fn an_order_holds_through_its_last_second() {
    let mut suite = Suite::new();
    let demand = brief(&mut suite, 10);
    suite.wait(10);
    refused(expire(&mut suite, "keeper", Side::Demand, demand), &["demand 0 holds until"]);
    suite.wait(1);
    expire(&mut suite, "keeper", Side::Demand, demand).unwrap();
}

#[test]
fn an_order_that_was_open_at_the_freeze_may_be_filled_before_it_is_expired() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let demand = brief(&mut suite, EPOCH + 5);
    suite.next_epoch();
    suite.wait(10);
    refused(
        expire(&mut suite, "keeper", Side::Demand, demand),
        &["demand 0 is in the frozen book of epoch 0"],
    );
    suite.clear().unwrap();
    expire(&mut suite, "keeper", Side::Demand, demand).unwrap();
    assert_eq!(suite.leases().len(), 1);
    assert_eq!(suite.balance("alice").ordered.u128(), 0);
}

#[test]
fn an_order_that_ended_before_the_freeze_is_expired_at_once() {
    let mut suite = Suite::new();
    let demand = brief(&mut suite, 10);
    suite.next_epoch();
    assert!(suite.book().demands.is_empty());
    expire(&mut suite, "keeper", Side::Demand, demand).unwrap();
}
