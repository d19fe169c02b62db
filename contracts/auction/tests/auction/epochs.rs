//! The clock.

use crate::suite::{ALICE, BOB, CAROL, EPOCH, Suite, find};
use caplet_api::event::{EpochLapsed, PriceMoved};

#[test]
fn queries_show_the_epoch_of_their_block_without_any_message() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let epoch = suite.market().epoch;
    assert_eq!((epoch.collecting, epoch.clearing, epoch.offer_pages), (0, None, 0));
    suite.next_epoch();
    let epoch = suite.market().epoch;
    assert_eq!((epoch.collecting, epoch.clearing), (1, Some(0)));
    assert_eq!((epoch.offer_pages, epoch.demand_pages, epoch.first_offer_page), (1, 0, 0));
    assert_eq!(epoch.ends.u64(), suite.now() + EPOCH);
    suite.wait(10 * EPOCH);
    let epoch = suite.market().epoch;
    assert_eq!((epoch.collecting, epoch.clearing), (11, Some(10)));
}

#[test]
fn an_order_placed_while_a_book_is_frozen_is_in_the_next() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.buy(BOB, 90, 1);
    assert_eq!(suite.book().demands.len(), 1);
    suite.clear().unwrap();
    assert_eq!(suite.leases()[0].consumer, ALICE);
    suite.sell(CAROL, 10, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    assert_eq!(suite.leases()[1].consumer, BOB);
}

#[test]
fn orders_of_an_epoch_that_lapsed_stay_and_clear_later() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.next_epoch();
    suite.wait(3 * EPOCH);
    let events = suite.clear().unwrap();
    assert_eq!(find::<EpochLapsed>(&events).unwrap().epoch, 3);
    assert_eq!(suite.leases().len(), 1);
    assert_eq!(suite.market().epoch.last_cleared, Some(4));
}

#[test]
fn an_epoch_may_be_cleared_until_the_last_second_of_the_next() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.wait(EPOCH - 1);
    suite.clear().unwrap();
}

#[test]
fn the_first_live_page_moves_past_pages_that_are_gone() {
    let mut suite = Suite::new();
    let offers: Vec<u64> = (0..3).map(|_| suite.sell(CAROL, 10, 1)).collect();
    for (gone, first) in [(1, 0), (0, 2), (2, 3)] {
        suite.cancel("carol", caplet_protocol::layout::Side::Offer, offers[gone]).unwrap();
        assert_eq!(suite.market().epoch.first_offer_page, first);
    }
}

#[test]
fn scarcity_raises_the_base_price_and_plenty_lowers_it() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 10);
    suite.buy(ALICE, 40, 30);
    suite.next_epoch();
    let moved: PriceMoved = find(&suite.clear().unwrap()).unwrap();
    assert_eq!((moved.from, moved.to, moved.utilisation), (10, 11, 30_000));
    let shown = suite.market();
    assert_eq!((shown.base.0, shown.utilisation.u64()), (11, 30_000));
    let rest = suite.orders(caplet_protocol::layout::Side::Demand)[0].order.u64();
    suite.cancel("alice", caplet_protocol::layout::Side::Demand, rest).unwrap();
    suite.sell(CAROL, 10, 10);
    suite.next_epoch();
    let moved: PriceMoved = find(&suite.clear().unwrap()).unwrap();
    assert_eq!((moved.from, moved.to, moved.utilisation), (11, 10, 0));
}

#[test]
fn an_empty_book_is_cleared_for_nothing_and_moves_no_price() {
    let mut suite = Suite::new();
    suite.next_epoch();
    let events = suite.clear().unwrap();
    assert!(find::<PriceMoved>(&events).is_none());
    assert_eq!(suite.market().base.0, 10);
    assert_eq!(suite.leases().len(), 0);
}
