//! Batches: placed, frozen, cleared, leased.

use crate::suite::{ALICE, BOB, CAROL, DAVE, LOT_FEE, ORDER_BOND, RICHES, Suite, find};
use caplet_api::event::{EpochCleared, LeasesOpened};
use caplet_protocol::layout::Side;

#[test]
fn a_batch_goes_from_orders_to_leases_and_all_money_is_accounted_for() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 3);
    let demand = suite.buy(ALICE, 30, 2);
    assert_eq!(suite.balance("alice").ordered.u128(), 2 * (300 + 7) + 50);
    suite.next_epoch();
    let events = suite.clear().unwrap();
    let cleared: EpochCleared = find(&events).unwrap();
    assert_eq!((cleared.epoch, cleared.fills, cleared.lots, cleared.skipped), (0, 1, 2, 0));
    let opened: LeasesOpened = find(&events).unwrap();
    assert_eq!((opened.demands, opened.lots), (vec![demand], vec![2]));
    // a rest of the offer is left at its ask of 100, and nobody is left wanting: 100 it is
    assert_eq!(opened.prices, [100]);
    assert_eq!(suite.free("keeper"), u128::from(2 * LOT_FEE));
    let ledger = suite.ledger();
    assert_eq!((ledger.reserved.u128(), ledger.bonds.u128(), ledger.ordered.u128()), (200, 7, 0));
    assert_eq!(suite.free("alice"), RICHES - 200 - 7 - 4);
    assert_eq!(suite.order(Side::Offer, offer).unwrap().lots.0, 1);
    assert!(suite.order(Side::Demand, demand).is_err());
    let lease = &suite.leases()[0];
    assert_eq!(lease.terms.end.u64() - lease.terms.start.u64(), 600);
    assert_eq!((lease.consumer, lease.provider), (ALICE, CAROL));
}

#[test]
fn a_payer_that_withdraws_between_place_and_clear_cannot_fail_a_batch() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 2);
    suite.buy(ALICE, 30, 1);
    suite.buy(BOB, 30, 1);
    suite.next_epoch();
    let asset = crate::suite::UCAP;
    let all = caplet_api::escrow::ExecuteMsg::Withdraw { asset, amount: None, to: None };
    suite.tell_escrow("alice", &all).unwrap();
    assert_eq!(suite.free("alice"), 0);
    suite.clear().unwrap();
    assert_eq!(suite.leases().len(), 2);
}

#[test]
fn the_order_bond_comes_back_when_the_demand_is_full_and_not_before() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let demand = suite.buy(ALICE, 30, 2);
    suite.next_epoch();
    suite.clear().unwrap();
    let left = suite.order(Side::Demand, demand).unwrap();
    assert_eq!((left.lots.0, left.locked.u128()), (1, u128::from(300 + 7 + ORDER_BOND)));
    suite.sell(DAVE, 10, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    assert!(suite.order(Side::Demand, demand).is_err());
    assert_eq!(suite.balance("alice").ordered.u128(), 0);
}
