//! Bonds of both sides: back for orders that were of use, lost by those that only took room.

use crate::suite::{
    ALICE, CAROL, LOT_FEE, MARKET, ORDER_BOND, RICHES, Suite, market_config, refused,
};
use caplet_api::auction::{ExecuteMsg, MarketConfig};
use caplet_protocol::layout::Side;

const OFFER_BOND: u64 = 30;

fn bonded() -> Suite {
    let config = MarketConfig { offer_bond: OFFER_BOND.into(), ..market_config() };
    let mut suite = Suite::with(config);
    suite.deposit("carol");
    suite
}

fn fees(suite: &Suite) -> u128 {
    suite.ledger().fees.u128()
}

#[test]
fn an_offer_leaves_a_bond_that_returns_when_it_is_filled() {
    let mut suite = bonded();
    let offer = suite.sell(CAROL, 10, 1);
    assert_eq!(suite.order(Side::Offer, offer).unwrap().locked.u128(), OFFER_BOND.into());
    assert_eq!(suite.balance("carol").ordered.u128(), OFFER_BOND.into());
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    assert_eq!((suite.balance("carol").ordered.u128(), suite.free("carol")), (0, RICHES));
    assert_eq!(suite.free("keeper"), u128::from(LOT_FEE));
}

#[test]
fn an_offer_that_cannot_leave_its_bond_is_refused() {
    let config = MarketConfig { offer_bond: OFFER_BOND.into(), ..market_config() };
    let mut suite = Suite::with(config);
    let offer = suite.offer(CAROL, 10, 1);
    let msg = ExecuteMsg::Place { market: MARKET, offers: vec![offer], demands: vec![] };
    refused(suite.send("carol", &msg), &["asks for 30", "has 0 free"]);
}

#[test]
fn whoever_places_and_withdraws_before_a_book_freezes_loses_the_bonds() {
    let mut suite = bonded();
    for round in 1..=3u128 {
        let (offer, demand) = (suite.sell(CAROL, 10, 1), suite.buy(ALICE, 40, 1));
        suite.cancel("carol", Side::Offer, offer).unwrap();
        suite.cancel("alice", Side::Demand, demand).unwrap();
        assert_eq!(fees(&suite), round * u128::from(OFFER_BOND + ORDER_BOND));
        assert_eq!(suite.free("carol"), RICHES - round * u128::from(OFFER_BOND));
        assert_eq!(suite.free("alice"), RICHES - round * u128::from(ORDER_BOND));
    }
}

#[test]
fn an_order_that_stood_for_a_book_gets_its_bond_back_when_it_is_cancelled() {
    let mut suite = bonded();
    let (offer, demand) = (suite.sell(CAROL, 50, 1), suite.buy(ALICE, 40, 1));
    suite.next_epoch();
    suite.clear().unwrap();
    suite.cancel("carol", Side::Offer, offer).unwrap();
    suite.cancel("alice", Side::Demand, demand).unwrap();
    assert_eq!((suite.free("carol"), suite.free("alice"), fees(&suite)), (RICHES, RICHES, 0));
}

#[test]
fn whoever_clears_an_order_away_that_was_of_use_gets_a_tenth_of_its_bond() {
    let mut suite = bonded();
    let (mut offer, mut demand) = (suite.offer(CAROL, 50, 1), suite.demand(ALICE, 40, 1));
    let ends = suite.market().epoch.ends.u64() + 5;
    (offer.not_after, demand.not_after) = (ends.into(), ends.into());
    let (offer, demand) = (suite.place_offer(offer), suite.place_demand(demand));
    suite.next_epoch();
    suite.clear().unwrap();
    suite.wait(6);
    for (side, order) in [(Side::Offer, offer), (Side::Demand, demand)] {
        let orders = vec![order.into()];
        suite.send("keeper", &ExecuteMsg::Expire { market: MARKET, side, orders }).unwrap();
    }
    assert_eq!(suite.free("keeper"), u128::from(OFFER_BOND / 10 + ORDER_BOND / 10));
    assert_eq!(suite.free("carol"), RICHES - u128::from(OFFER_BOND / 10));
    assert_eq!(suite.free("alice"), RICHES - u128::from(ORDER_BOND / 10));
}

#[test]
fn an_offer_of_which_something_was_taken_was_of_use_at_once() {
    let mut suite = bonded();
    let mut offer = suite.offer(CAROL, 10, 1);
    offer.instant = caplet_protocol::Lots(2);
    let offer = suite.place_offer(offer);
    let demand = suite.demand(ALICE, 40, 1);
    let take = ExecuteMsg::Take { offer: offer.into(), demand, market: MARKET, lease: None };
    suite.send("alice", &take).unwrap();
    suite.cancel("carol", Side::Offer, offer).unwrap();
    assert_eq!((suite.free("carol"), fees(&suite)), (RICHES, 0));
}
