//! A change of tier, or a suspension, reaches orders that are open already.

use crate::suite::{
    ALICE, BOB, CAROL, CLOSE_BOND, DAVE, MARKET, ORDER_BOND, Outcome, RICHES, Suite, find,
    market_config, refused,
};
use caplet_api::auction::{ExecuteMsg, MarketConfig, QueryMsg, TablesResponse};
use caplet_api::event::{EpochCleared, OffersMoved, OrdersEnded, OrdersPlaced};
use caplet_protocol::{DeviceId, Lots, layout::Side};

impl Suite {
    pub(crate) fn reclass(&mut self, side: Side, orders: &[u64]) -> Outcome {
        let orders = orders.iter().copied().map(Into::into).collect();
        self.send("stranger", &ExecuteMsg::Reclass { market: MARKET, side, orders })
    }

    /// Reliability tier of the class that an offer is in.
    pub(crate) fn tier_of(&self, offer: u64) -> u8 {
        let slot = self.order(Side::Offer, offer).unwrap().class.unwrap();
        let tables: TablesResponse = self.ask(&QueryMsg::Tables { market: MARKET }).unwrap();
        tables.classes.iter().find(|class| class.slot == slot).unwrap().reliability
    }
}

/// The number that the first offer of a move has now.
fn moved(outcome: Outcome) -> u64 {
    let events = outcome.unwrap();
    let moved: OffersMoved = find(&events).unwrap();
    assert_eq!(find::<OrdersPlaced>(&events).unwrap().page, moved.page);
    u64::from(moved.page) * 256
}

/// A demand that wants reliability tier 1 or better.
fn picky(suite: &mut Suite, device: DeviceId, limit: u64) -> u64 {
    let mut demand = suite.demand(device, limit, 1);
    demand.reliability = 1;
    suite.place_demand(demand)
}

#[test]
fn an_offer_is_in_its_new_class_from_the_next_book_on() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 3);
    let wants = picky(&mut suite, ALICE, 40);
    suite.next_epoch();
    suite.stand(CAROL, 2, false);
    // the frozen book is as it was: no offer serves the demand, and a clearing in flight stays valid
    let in_flight = suite.solve();
    assert!(in_flight.fills.is_empty());
    refused(
        suite.reclass(Side::Offer, &[offer]),
        &["in the frozen book of epoch 0", "come back when that is cleared"],
    );
    suite.submit("keeper", &in_flight).unwrap();
    let offer = moved(suite.reclass(Side::Offer, &[offer]));
    assert_eq!(suite.tier_of(offer), 2);
    suite.next_epoch();
    let cleared: EpochCleared = find(&suite.clear().unwrap()).unwrap();
    assert_eq!((cleared.fills, cleared.skipped), (1, 0));
    assert!(suite.order(Side::Demand, wants).is_err());
    assert_eq!(suite.order(Side::Offer, offer).unwrap().lots.0, 2);
}

#[test]
fn a_lost_tier_leaves_the_class_that_promised_it() {
    let mut suite = Suite::new();
    suite.stand(CAROL, 1, false);
    let offer = suite.sell(CAROL, 10, 1);
    suite.stand(CAROL, 0, false);
    let offer = moved(suite.reclass(Side::Offer, &[offer]));
    assert_eq!(suite.tier_of(offer), 0);
    picky(&mut suite, ALICE, 40);
    suite.next_epoch();
    assert!(suite.solve().fills.is_empty());
    suite.clear().unwrap();
}

#[test]
fn what_moves_keeps_its_lots_of_both_lanes_its_money_and_its_bond() {
    let config = MarketConfig { offer_bond: 30u64.into(), ..market_config() };
    let mut suite = Suite::with(config);
    suite.deposit("carol");
    suite.declare(CAROL, Some(7)).unwrap();
    let mut offer = suite.offer(CAROL, 10, 3);
    offer.instant = Lots(4);
    let offer = suite.place_offer(offer);
    suite.buy(ALICE, 40, 1);
    let demand = suite.demand(BOB, 90, 1);
    suite
        .send("bob", &ExecuteMsg::Take { offer: offer.into(), demand, market: MARKET, lease: None })
        .unwrap();
    suite.next_epoch();
    suite.clear().unwrap();
    suite.stand(CAROL, 1, false);
    let before = suite.order(Side::Offer, offer).unwrap();
    let number = moved(suite.reclass(Side::Offer, &[offer]));
    let after = suite.order(Side::Offer, number).unwrap();
    assert_eq!((after.lots, after.instant, after.locked), (Lots(2), Lots(3), before.locked));
    assert_eq!((after.not_after, after.epoch), (before.not_after, before.epoch));
    assert_eq!(suite.capacity(CAROL, None).open, Lots(5));
    // it was of use before it moved, and still is
    suite.cancel("carol", Side::Offer, number).unwrap();
    assert_eq!(suite.free("carol"), RICHES);
}

#[test]
fn a_suspended_device_opens_no_lease_from_that_moment_and_its_orders_leave_with_the_fold() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 2);
    let demand = suite.buy(ALICE, 40, 1);
    let later = suite.buy(BOB, 5, 1);
    suite.next_epoch();
    let in_flight = suite.solve();
    suite.stand(CAROL, 0, true);
    suite.stand(BOB, 0, true);
    for (side, order) in [(Side::Offer, offer), (Side::Demand, later)] {
        let ended: OrdersEnded = find(&suite.reclass(side, &[order]).unwrap()).unwrap();
        assert!(ended.pending && !ended.expired);
    }
    // the frozen book counts them, no lease comes of them
    let cleared: EpochCleared = find(&suite.submit("keeper", &in_flight).unwrap()).unwrap();
    assert_eq!((cleared.fills, cleared.skipped), (1, 1));
    assert!(suite.leases().is_empty());
    assert!(suite.order(Side::Offer, offer).is_err());
    // the next message folds the log: the money is back, the bond too; the other side waits as before
    suite.buy(ALICE, 5, 1);
    assert!(suite.order(Side::Demand, later).is_err());
    assert_eq!((suite.free("bob"), suite.balance("bob").ordered.u128()), (RICHES, 0));
    assert_eq!(suite.order(Side::Demand, demand).unwrap().lots.0, 1);
}

#[test]
fn orders_of_a_suspended_device_that_no_book_froze_with_leave_at_once() {
    let mut suite = Suite::new();
    let (offer, demand) = (suite.sell(DAVE, 10, 2), suite.buy(ALICE, 5, 1));
    let locked = suite.order(Side::Demand, demand).unwrap().locked.u128();
    assert_eq!(locked, u128::from(50 + CLOSE_BOND + ORDER_BOND));
    suite.stand(DAVE, 0, true);
    suite.stand(ALICE, 0, true);
    let ended: OrdersEnded = find(&suite.reclass(Side::Offer, &[offer]).unwrap()).unwrap();
    assert_eq!((ended.orders, ended.pending), (vec![offer], false));
    suite.reclass(Side::Demand, &[demand]).unwrap();
    // its bond too: that it ends is not its sender's doing
    assert_eq!((suite.free("alice"), suite.market().open_orders), (RICHES, 0));
}

#[test]
fn what_is_as_it_should_be_is_left_alone_and_who_comes_second_is_told() {
    let mut suite = Suite::new();
    let (right, wrong) = (suite.sell(DAVE, 10, 1), suite.sell(CAROL, 10, 1));
    let demand = suite.buy(ALICE, 5, 1);
    refused(suite.reclass(Side::Offer, &[right]), &["none of these", "leave them"]);
    refused(suite.reclass(Side::Demand, &[demand]), &["none of these"]);
    refused(suite.reclass(Side::Offer, &[]), &["0 orders in one message"]);
    suite.stand(CAROL, 1, false);
    let number = moved(suite.reclass(Side::Offer, &[right, wrong, 256 * 99]));
    assert!(suite.order(Side::Offer, right).unwrap().open);
    refused(suite.reclass(Side::Offer, &[right, wrong, number]), &["none of these"]);
}

#[test]
fn without_a_class_that_it_may_be_in_an_offer_ends() {
    let mut suite = Suite::new();
    suite.stand(CAROL, 2, false);
    suite.stand(DAVE, 2, false);
    let mut offer = suite.offer(CAROL, 10, 1);
    offer.tags = 3;
    let best = suite.place_offer(offer);
    // all other slots are of better tiers than it will have, or of other promises than its own
    for number in 0..63u8 {
        let mut offer = suite.offer(DAVE, 10, 1);
        (offer.latency, offer.throughput) = (number % 3, number / 3 % 2);
        (offer.accuracy, offer.tags) = (number / 6 % 2, u32::from(number / 12 % 4));
        suite.stand(DAVE, 2 - number / 48, false);
        suite.place_offer(offer);
    }
    let tables: TablesResponse = suite.ask(&QueryMsg::Tables { market: MARKET }).unwrap();
    assert_eq!(tables.classes.len(), 64);
    suite.stand(CAROL, 0, false);
    let ended: OrdersEnded = find(&suite.reclass(Side::Offer, &[best]).unwrap()).unwrap();
    assert_eq!(ended.orders, [best]);
}
