//! The instant lane.

use crate::parties::signed_demand;
use crate::suite::{
    ALICE, ALICE_SELLS, BOB, CAROL, CLOSE_BOND, DAVE, MARKET, Outcome, RICHES, Suite, find,
    market_config, refused,
};
use caplet_api::auction::{DemandInput, ExecuteMsg};
use caplet_api::event::{LeasesOpened, LeasesToppedUp, OfferTaken};
use caplet_api::layout::avoided_key;
use caplet_protocol::{Bps, DeviceId, Lots, layout::Side};

fn take(suite: &mut Suite, sender: &str, offer: u64, demand: DemandInput) -> Outcome {
    suite.send(
        sender,
        &ExecuteMsg::Take { offer: offer.into(), demand, market: MARKET, lease: None },
    )
}

/// An offer with one batch lot and some instant lots.
fn post(suite: &mut Suite, device: DeviceId, ask: u64, instant: u16) -> u64 {
    let mut offer = suite.offer(device, ask, 1);
    offer.instant = Lots(instant);
    suite.place_offer(offer)
}

#[test]
fn an_offers_posted_price_is_taken_at_once() {
    let mut suite = Suite::new();
    let offer = post(&mut suite, CAROL, 12, 2);
    let demand = suite.demand(ALICE, 20, 2);
    let events = take(&mut suite, "alice", offer, demand).unwrap();
    let taken: OfferTaken = find(&events).unwrap();
    assert_eq!((taken.price, taken.lots, taken.offer, taken.consumer), (120, 2, offer, ALICE.0));
    let opened: LeasesOpened = find(&events).unwrap();
    assert_eq!((opened.prices, opened.demands), (vec![120], vec![0]));
    assert_eq!(suite.free("alice"), RICHES - 240 - u128::from(CLOSE_BOND));
    let left = suite.order(Side::Offer, offer).unwrap();
    assert_eq!((left.lots.0, left.instant.0), (1, 0));
}

fn add(suite: &mut Suite, offer: u64, demand: DemandInput, lease: u64) -> Outcome {
    let (offer, lease) = (offer.into(), Some(lease.into()));
    suite.send("alice", &ExecuteMsg::Take { offer, demand, market: MARKET, lease })
}

#[test]
fn lots_are_added_to_a_running_lease_at_its_own_price() {
    let mut suite = Suite::new();
    let offer = post(&mut suite, CAROL, 12, 4);
    let demand = suite.demand(ALICE, 20, 1);
    let opened: LeasesOpened = find(&take(&mut suite, "alice", offer, demand).unwrap()).unwrap();
    let lease = opened.leases[0];
    let free = suite.free("alice");
    let demand = suite.demand(ALICE, 20, 2);
    let events = add(&mut suite, offer, demand, lease).unwrap();
    let added: LeasesToppedUp = find(&events).unwrap();
    assert_eq!((added.leases, added.lots, added.caps), (vec![lease], vec![2], vec![360]));
    assert!(find::<LeasesOpened>(&events).is_none(), "no lease of their own");
    assert_eq!(
        suite.free("alice"),
        free - 240,
        "no second bond, and the rest of the limit is free"
    );
    assert_eq!(
        suite.order(Side::Offer, offer).unwrap().instant.0,
        1,
        "the capacity is the auction's"
    );
    // what is over the limit, below the ask, somebody else's or not there changes nothing
    let leases = |suite: &Suite| suite.leases().iter().map(|l| l.lots.0).collect::<Vec<_>>();
    let before = leases(&suite);
    for (limit, lots, lease, why) in [
        (14, 2, lease, "asked 2 lots, 1 are left"),
        (11, 1, lease, "together above the limit"),
        (20, 1, 999, "there is no lease 999"),
    ] {
        let demand = suite.demand(ALICE, limit, lots);
        refused(add(&mut suite, offer, demand, lease), &[why]);
    }
    let mut paid = suite.demand(ALICE, 20, 1);
    paid.relay_fee = 5u64.into();
    refused(add(&mut suite, offer, paid, lease), &["a relay fee of 5 is paid when a lease opens"]);
    let dear = post(&mut suite, CAROL, 13, 1);
    let demand = suite.demand(ALICE, 20, 1);
    refused(add(&mut suite, dear, demand, lease), &["pays 120 a lot, 130 is asked"]);
    let daves = post(&mut suite, DAVE, 12, 1);
    let demand = suite.demand(ALICE, 20, 1);
    refused(add(&mut suite, daves, demand, lease), &["the lots are of"]);
    let demand = suite.demand(BOB, 20, 1);
    let (offer, lease) = (offer.into(), Some(lease.into()));
    let others = ExecuteMsg::Take { offer, demand, market: MARKET, lease };
    refused(suite.send("bob", &others), &["the lots are of"]);
    assert_eq!(leases(&suite), before);
}

#[test]
fn an_offer_of_instant_lots_only_is_done_when_they_are_gone() {
    let mut suite = Suite::new();
    let mut offer = suite.offer(CAROL, 12, 0);
    offer.instant = Lots(2);
    let offer = suite.place_offer(offer);
    for _ in 0..2 {
        let demand = suite.demand(BOB, 90, 1);
        take(&mut suite, "bob", offer, demand).unwrap();
    }
    assert_eq!(suite.market().open_orders, 0);
    let demand = suite.demand(BOB, 90, 1);
    refused(take(&mut suite, "bob", offer, demand), &["offer 0 is not open"]);
}

#[test]
fn scarcity_puts_a_premium_on_the_base_price() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 10);
    suite.buy(ALICE, 40, 10);
    suite.next_epoch();
    suite.clear().unwrap();
    // all in use: the full premium of 64 % on a base of 10 ticks (U of 1 steps it up by 3 %)
    assert_eq!((suite.market().utilisation.u64(), suite.market().base.0), (10_000, 10));
    let offer = post(&mut suite, DAVE, 12, 2);
    let demand = suite.demand(BOB, 16, 1);
    refused(
        take(&mut suite, "bob", offer, demand),
        &["its price is 164 and its cost to the demand 2, together above the limit 160"],
    );
    let demand = suite.demand(BOB, 17, 1);
    let taken: OfferTaken = find(&take(&mut suite, "bob", offer, demand).unwrap()).unwrap();
    assert_eq!(taken.price, 164);
    // never below an ask
    let dear = post(&mut suite, DAVE, 40, 1);
    let demand = suite.demand(BOB, 50, 1);
    let taken: OfferTaken = find(&take(&mut suite, "bob", dear, demand).unwrap()).unwrap();
    assert_eq!(taken.price, 400);
}

#[test]
fn a_better_tier_may_have_a_premium_that_the_market_sets_and_takers_see() {
    let mut config = market_config();
    config.price.premium_tiers = vec![Bps(0), Bps(1_000), Bps(2_500)];
    let mut suite = Suite::with(config);
    let mut prices = Vec::new();
    for tier in 0..4 {
        suite.stand(CAROL, tier, false);
        let offer = post(&mut suite, CAROL, 5, 1);
        let shown = suite.order(Side::Offer, offer).unwrap();
        let demand = suite.demand(BOB, 90, 1);
        let taken: OfferTaken = find(&take(&mut suite, "bob", offer, demand).unwrap()).unwrap();
        assert_eq!(shown.posted.map(|price| price.u64()), Some(taken.price));
        assert_eq!(suite.order(Side::Offer, offer).unwrap().posted, None);
        prices.push(taken.price);
    }
    // on a base of 10 ticks of 10, nothing used yet; the market has three tiers, so tier 3 is its tier 2
    assert_eq!(prices, [100, 110, 125, 125]);
    // never below an ask, and no word of it in the batch
    let dear = post(&mut suite, CAROL, 30, 1);
    assert_eq!(suite.order(Side::Offer, dear).unwrap().posted.map(|p| p.u64()), Some(300));
    suite.buy(ALICE, 6, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    let last = suite.leases().into_iter().find(|lease| lease.consumer == ALICE).unwrap();
    assert!(last.price.u64() <= 60);
}

#[test]
fn an_owner_does_not_trade_with_itself() {
    let mut suite = Suite::new();
    let offer = post(&mut suite, ALICE_SELLS, 12, 2);
    let demand = suite.demand(ALICE, 90, 1);
    refused(take(&mut suite, "alice", offer, demand), &["devices 5 and 1 have one owner"]);
}

#[test]
fn what_is_asked_must_be_there_and_fit() {
    let mut suite = Suite::new();
    let offer = post(&mut suite, CAROL, 12, 2);
    let demand = suite.demand(ALICE, 90, 3);
    refused(take(&mut suite, "alice", offer, demand), &["asked 3 lots, 2 are left in its instant"]);
    let mut picky = suite.demand(ALICE, 90, 1);
    picky.tags = 1;
    refused(take(&mut suite, "alice", offer, picky), &["its class does not meet the demand"]);
    let mut weighed = suite.demand(ALICE, 80, 1);
    // 5 ms at 10 ticks, and half a point of reliability lost at 40 ticks
    (weighed.lambda, weighed.rho) = (10_000, 40);
    refused(take(&mut suite, "alice", offer, weighed), &["its cost to the demand 702"]);
    let demand = suite.demand(ALICE, 90, 1);
    refused(take(&mut suite, "alice", 256 * 7, demand), &["offer 1792 is not open"]);
    let demand = suite.demand(ALICE, 90, 1);
    refused(take(&mut suite, "alice", 1 << 41, demand), &["is no order number"]);
}

#[test]
fn an_offer_of_a_device_that_trades_no_more_is_not_taken() {
    let mut suite = Suite::new();
    let offer = post(&mut suite, CAROL, 12, 2);
    suite.stand(CAROL, 0, true);
    let demand = suite.demand(ALICE, 90, 1);
    refused(take(&mut suite, "alice", offer, demand), &["its device 3 is suspended, frozen"]);
    suite.stand(CAROL, 0, false);
    suite.wait(3_601);
    let demand = suite.demand(ALICE, 90, 1);
    refused(take(&mut suite, "alice", offer, demand), &["it ended at"]);
}

#[test]
fn it_works_while_a_book_is_frozen() {
    let mut suite = Suite::new();
    let offer = post(&mut suite, CAROL, 12, 2);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    let in_flight = suite.solve();
    let demand = suite.demand(BOB, 90, 2);
    take(&mut suite, "bob", offer, demand).unwrap();
    suite.submit("keeper", &in_flight).unwrap();
    assert_eq!(suite.leases().len(), 2);
    assert_eq!(suite.market().open_orders, 0);
}

#[test]
fn a_signed_demand_is_taken_by_anybody_for_its_relay_fee() {
    let mut suite = Suite::new();
    let offer = post(&mut suite, CAROL, 12, 2);
    let mut demand = suite.demand(ALICE, 90, 1);
    demand.relay_fee = 11u64.into();
    let unsigned = demand.clone();
    let signed = signed_demand(&suite.domain, MARKET, demand);
    refused(take(&mut suite, "keeper", offer, unsigned), &["carries no signature"]);
    take(&mut suite, "keeper", offer, signed.clone()).unwrap();
    assert_eq!(suite.free("keeper"), 11);
    refused(take(&mut suite, "keeper", offer, signed), &["its sequence is 1"]);
}

#[test]
fn money_that_is_not_there_takes_nothing() {
    let mut suite = Suite::new();
    let offer = post(&mut suite, CAROL, 60_000, 2);
    let demand = suite.demand(BOB, 60_001, 2);
    refused(take(&mut suite, "bob", offer, demand), &["1000000"]);
}

#[test]
fn who_failed_a_consumer_is_not_given_to_it_until_the_time_is_over_and_to_others_all_along() {
    let mut suite = Suite::new();
    let offer = post(&mut suite, CAROL, 12, 3);
    let until = suite.now() + 60;
    let reputation = suite.reputation.clone();
    suite
        .app
        .contract_storage_mut(&reputation)
        .set(&avoided_key(CAROL, ALICE), &u32::try_from(until).unwrap().to_be_bytes());
    let demand = suite.demand(ALICE, 20, 1);
    refused(take(&mut suite, "alice", offer, demand), &["failed device", "take another offer"]);
    let demand = suite.demand(BOB, 20, 1);
    take(&mut suite, "bob", offer, demand).unwrap();
    suite.wait(60);
    let demand = suite.demand(ALICE, 20, 1);
    take(&mut suite, "alice", offer, demand).unwrap();
}
