//! Batches: placed, frozen, cleared, leased.

use crate::suite::{
    ALICE, BOB, CAROL, DAVE, LOT_FEE, MARKET, ORDER_BOND, RICHES, Suite, find, market_config,
};
use caplet_api::auction::ExecuteMsg;
use caplet_api::event::{EpochCleared, LeasesOpened};
use caplet_api::registry::{self, DeviceStatus};
use caplet_protocol::layout::{OrderFlags, Side};

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

#[test]
fn every_fill_becomes_a_lease_of_one_escrow_batch() {
    let mut suite = Suite::new();
    for ask in [10, 11, 12] {
        suite.sell(CAROL, ask, 2);
    }
    suite.buy(ALICE, 40, 3);
    suite.buy(BOB, 45, 3);
    suite.next_epoch();
    let submission = suite.solve();
    let events = suite.submit("keeper", &submission).unwrap();
    assert_eq!(events.iter().filter(|event| event.ty == "wasm-caplet_opened").count(), 1);
    let leases = suite.leases();
    assert_eq!(leases.len(), submission.fills.len());
    // one price for the class, on the terms of the market
    assert!(leases.iter().all(|lease| lease.price == leases[0].price));
    let terms = &leases[0].terms;
    assert_eq!(terms.exposure_cap.u64(), leases[0].price.u64() / 5);
    assert_eq!((terms.close_bond.u64(), terms.settle_secs, terms.settle_blocks), (7, 600, 20));
    assert_eq!((terms.market.0, terms.epoch, terms.lot_units.u64()), (1, 0, 600));
}

#[test]
fn better_placed_and_more_reliable_providers_win_by_what_that_is_worth_to_the_buyer() {
    let mut suite = Suite::new();
    suite.stand(CAROL, 2, false);
    let near = suite.sell(CAROL, 14, 1);
    let far = suite.sell(DAVE, 10, 1);
    let mut caring = suite.demand(ALICE, 60, 1);
    // 95 ms further at a tenth of a tick, 45 % less reliable at ten ticks
    (caring.lambda, caring.rho) = (100, 10);
    suite.place_demand(caring);
    suite.next_epoch();
    let fills = suite.solve().fills;
    assert_eq!(fills[0].offer.to_u64(), near);
    suite.clear().unwrap();
    suite.buy(ALICE, 60, 1);
    suite.next_epoch();
    assert_eq!(suite.solve().fills[0].offer.to_u64(), far);
    suite.clear().unwrap();
    assert_eq!(suite.leases()[1].provider, DAVE);
}

#[test]
fn an_all_or_nothing_demand_is_served_whole_at_the_asks() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 2);
    suite.sell(DAVE, 13, 2);
    let mut whole = suite.demand(ALICE, 40, 3);
    whole.flags = OrderFlags(OrderFlags::ALL_OR_NOTHING);
    suite.place_demand(whole);
    suite.next_epoch();
    suite.clear().unwrap();
    let paid: Vec<_> = suite.leases().iter().map(|l| (l.price.u64(), l.lots.0)).collect();
    assert_eq!(paid, [(100, 2), (130, 1)]);
    assert_eq!(suite.balance("alice").ordered.u128(), 0);
}

#[test]
fn a_provider_suspended_since_the_freeze_gets_no_lease_and_leaves_the_book() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 2);
    suite.sell(DAVE, 12, 1);
    let demand = suite.buy(ALICE, 40, 3);
    suite.next_epoch();
    suite.stand(CAROL, 0, true);
    let cleared: EpochCleared = find(&suite.clear().unwrap()).unwrap();
    assert_eq!((cleared.fills, cleared.lots, cleared.skipped), (2, 3, 1));
    assert_eq!(suite.leases().len(), 1);
    assert!(suite.orders(Side::Offer).is_empty());
    // alice keeps her place for the lots she did not get
    let left = suite.order(Side::Demand, demand).unwrap();
    assert_eq!((left.lots.0, left.locked.u128()), (2, 2 * 407 + 50));
}

#[test]
fn a_consumer_frozen_since_the_freeze_gets_its_money_back_and_the_offer_stays() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 2);
    suite.buy(ALICE, 40, 2);
    suite.next_epoch();
    let status = DeviceStatus::Frozen;
    let freeze = registry::ExecuteMsg::SetStatus { device: ALICE, status };
    suite.tell_registry("alice", &freeze).unwrap();
    let cleared: EpochCleared = find(&suite.clear().unwrap()).unwrap();
    assert_eq!((cleared.fills, cleared.skipped), (1, 1));
    assert_eq!(suite.free("alice"), RICHES);
    assert_eq!(suite.order(Side::Offer, offer).unwrap().lots.0, 2);
    assert!(suite.orders(Side::Demand).is_empty());
}

#[test]
fn an_all_or_nothing_demand_that_loses_a_provider_gets_nothing_and_stays() {
    let mut suite = Suite::new();
    let kept = suite.sell(CAROL, 10, 2);
    suite.sell(DAVE, 13, 2);
    let mut whole = suite.demand(ALICE, 40, 3);
    whole.flags = OrderFlags(OrderFlags::ALL_OR_NOTHING);
    let whole = suite.place_demand(whole);
    suite.next_epoch();
    suite.stand(DAVE, 0, true);
    let cleared: EpochCleared = find(&suite.clear().unwrap()).unwrap();
    assert_eq!((cleared.fills, cleared.skipped), (2, 2));
    assert!(suite.leases().is_empty());
    assert_eq!(suite.order(Side::Demand, whole).unwrap().lots.0, 3);
    assert_eq!(suite.order(Side::Offer, kept).unwrap().lots.0, 2);
}

#[test]
fn a_cancelled_order_of_a_device_that_trades_no_more_ends_in_the_clearing() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 2);
    let demand = suite.buy(ALICE, 40, 2);
    suite.next_epoch();
    suite.cancel("alice", Side::Demand, demand).unwrap();
    suite.cancel("carol", Side::Offer, offer).unwrap();
    suite.stand(ALICE, 0, true);
    suite.stand(CAROL, 0, true);
    suite.clear().unwrap();
    assert_eq!(suite.free("alice"), RICHES);
    assert_eq!(suite.market().open_orders, 0);
}

#[test]
fn a_clearing_of_more_fills_than_escrow_takes_at_a_time_opens_them_all() {
    let mut config = market_config();
    config.max_orders = 20_000;
    let mut suite = Suite::with(config);
    let (market, pages) = (MARKET, 17u64);
    for _ in 0..pages {
        let offers = (0..256).map(|_| suite.offer(CAROL, 1, 1)).collect();
        suite.send("carol", &ExecuteMsg::Place { market, offers, demands: vec![] }).unwrap();
        let demands = (0..256).map(|_| suite.demand(ALICE, 2, 1)).collect();
        suite.send("alice", &ExecuteMsg::Place { market, offers: vec![], demands }).unwrap();
    }
    suite.next_epoch();
    let events = suite.clear().unwrap();
    let cleared: EpochCleared = find(&events).unwrap();
    assert_eq!(u64::from(cleared.fills), pages * 256);
    let opened: Vec<usize> = events
        .iter()
        .filter_map(|event| LeasesOpened::try_from(event).ok())
        .map(|opened| opened.leases.len())
        .collect();
    assert_eq!(opened, [4_096, 256]);
    assert_eq!((suite.market().open_orders, suite.market().epoch.first_offer_page), (0, 17));
}
