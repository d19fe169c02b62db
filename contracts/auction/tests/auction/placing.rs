//! Orders enter the book, or are refused with what is wrong.

use crate::suite::{ALICE, BOB, CAROL, DAVE, MARKET, Outcome, Suite, find, market_config, refused};
use caplet_api::auction::{DemandInput, ExecuteMsg, OfferInput, QueryMsg, TablesResponse};
use caplet_api::event::OrdersPlaced;
use caplet_api::registry::{self, DeviceStatus};
use caplet_protocol::layout::{OrderFlags, Side};
use caplet_protocol::{CellId, DeviceId, Lots};

fn place(
    suite: &mut Suite,
    sender: &str,
    offers: Vec<OfferInput>,
    demands: Vec<DemandInput>,
) -> Outcome {
    suite.send(sender, &ExecuteMsg::Place { market: MARKET, offers, demands })
}

/// An offer of carol, changed, is refused saying all of `parts`.
fn bad_offer(change: impl FnOnce(&mut OfferInput, u64), parts: &[&str]) {
    let mut suite = Suite::new();
    let mut offer = suite.offer(CAROL, 10, 1);
    change(&mut offer, suite.now());
    refused(place(&mut suite, "carol", vec![offer], vec![]), parts);
}

/// A demand of alice, changed, is refused saying all of `parts`.
fn bad_demand(change: impl FnOnce(&mut DemandInput, u64), parts: &[&str]) {
    let mut suite = Suite::new();
    let mut demand = suite.demand(ALICE, 10, 1);
    change(&mut demand, suite.now());
    refused(place(&mut suite, "alice", vec![], vec![demand]), parts);
}

#[test]
fn one_message_makes_one_page_a_side() {
    let mut suite = Suite::new();
    let offers = vec![suite.offer(CAROL, 10, 1), suite.offer(CAROL, 11, 2)];
    let events = place(&mut suite, "carol", offers, vec![]).unwrap();
    let event: OrdersPlaced = find(&events).unwrap();
    assert_eq!((event.page, event.count, event.epoch, event.side), (0, 2, 0, Side::Offer as u8));
    let second = suite.order(Side::Offer, 1).unwrap();
    assert_eq!((second.price.u64(), second.lots.0, second.open), (110, 2, true));
    assert!(suite.order(Side::Offer, 2).is_err());
    assert_eq!(suite.market().open_orders, 2);
}

#[test]
fn both_sides_go_in_one_message() {
    let mut suite = Suite::new();
    // alice owns a seller too
    let offer = suite.offer(crate::suite::ALICE_SELLS, 10, 1);
    let demand = suite.demand(ALICE, 10, 1);
    let events = place(&mut suite, "alice", vec![offer], vec![demand]).unwrap();
    assert_eq!(events.iter().filter(|event| event.ty == "wasm-caplet_placed").count(), 2);
}

#[test]
fn prices_are_on_the_ladder() {
    bad_offer(|o, _| o.ask = 105u64.into(), &["offer 0", "105 is not a multiple of the tick 10"]);
    bad_offer(|o, _| o.ask = 0u64.into(), &["its price 0"]);
    bad_offer(|o, _| o.ask = 655_360u64.into(), &["its price 655360", "65535 ticks"]);
    bad_demand(|d, _| d.limit = 11u64.into(), &["demand 0", "its price 11"]);
}

#[test]
fn lots_are_at_least_one() {
    bad_offer(|o, _| o.batch = Lots(0), &["it is for 0 lots"]);
    bad_demand(|d, _| d.lots = Lots(0), &["it is for 0 lots"]);
}

#[test]
fn an_order_ends_in_the_future_and_within_four_bytes() {
    bad_offer(|o, now| o.not_after = now.into(), &["it ended at", "sign one that ends later"]);
    bad_demand(|d, _| d.not_after = (1u64 << 32).into(), &["at most 4294967295"]);
}

#[test]
fn tiers_tags_and_flags_are_the_markets() {
    bad_offer(|o, _| o.latency = 3, &["its latency tier is 3", "tiers 0 to 2"]);
    bad_offer(|o, _| o.throughput = 2, &["its throughput tier is 2", "tiers 0 to 1"]);
    bad_offer(|o, _| o.accuracy = 2, &["its accuracy tier is 2"]);
    bad_offer(|o, _| o.tags = 4, &["its tags 0x4", "2 tags"]);
    bad_offer(|o, _| o.flags = OrderFlags(8), &["its flags 0x8"]);
    let whole = OrderFlags(OrderFlags::ALL_OR_NOTHING);
    bad_offer(|o, _| o.flags = whole, &["its flags 0x1", "0x6"]);
    bad_demand(|d, _| d.reliability = 3, &["its reliability tier is 3", "tiers 0 to 2"]);
    bad_demand(|d, _| d.flags = OrderFlags(128), &["its flags 0x80"]);
}

#[test]
fn devices_must_exist_and_trade() {
    bad_demand(|d, _| d.device = DeviceId(77), &["device 77 is not registered"]);
    bad_demand(|d, _| d.device = DeviceId(0), &["device 0 is not registered"]);
    let mut suite = Suite::new();
    suite.stand(CAROL, 0, true);
    let offer = suite.offer(CAROL, 10, 1);
    refused(place(&mut suite, "carol", vec![offer], vec![]), &["device 3 is suspended"]);
    let status = |status| registry::ExecuteMsg::SetStatus { device: DAVE, status };
    suite.tell_registry("dave", &status(DeviceStatus::Frozen)).unwrap();
    let offer = suite.offer(DAVE, 10, 1);
    refused(place(&mut suite, "dave", vec![offer.clone()], vec![]), &["device 4 is frozen"]);
    suite.tell_registry("dave", &status(DeviceStatus::Retired)).unwrap();
    refused(place(&mut suite, "dave", vec![offer], vec![]), &["device 4 is retired"]);
}

#[test]
fn only_the_owner_places_without_a_signature() {
    let mut suite = Suite::new();
    for sender in ["bob", "gw1", "governance", "stranger"] {
        let demand = suite.demand(ALICE, 10, 1);
        let outcome = place(&mut suite, sender, vec![], vec![demand]);
        refused(outcome, &["it carries no signature", "does not own device 1"]);
    }
}

#[test]
fn a_sequence_is_used_once_whatever_the_market() {
    let mut suite = Suite::new();
    suite.send("governance", &ExecuteMsg::CreateMarket(market_config())).unwrap();
    let demand = suite.demand(ALICE, 10, 1);
    place(&mut suite, "alice", vec![], vec![demand.clone()]).unwrap();
    let again = ExecuteMsg::Place { market: 2.into(), offers: vec![], demands: vec![demand] };
    refused(suite.send("alice", &again), &["its sequence is 1, device 1's last was 1"]);
    let (first, mut second) = (suite.demand(ALICE, 10, 1), suite.demand(ALICE, 10, 1));
    second.sequence = first.sequence;
    let outcome = place(&mut suite, "alice", vec![], vec![first, second]);
    refused(outcome, &["demand 1 of the message", "its sequence is 2"]);
}

#[test]
fn a_demand_beyond_its_owners_means_is_refused_by_escrow() {
    let mut suite = Suite::new();
    let demand = suite.demand(BOB, 60_000, 2);
    refused(place(&mut suite, "bob", vec![], vec![demand]), &["1200064", "1000000"]);
}

#[test]
fn sums_beyond_64_bits_are_refused() {
    let mut config = market_config();
    config.tick_size = (1u64 << 46).into();
    let mut suite = Suite::with(config);
    let mut demand = suite.demand(ALICE, 1, 65_535);
    demand.limit = (60_000u64 << 46).into();
    refused(place(&mut suite, "alice", vec![], vec![demand]), &["65535 lots at", "exceed"]);
}

#[test]
fn a_full_market_takes_no_more_until_something_ends() {
    let mut config = market_config();
    config.max_orders = 3;
    let mut suite = Suite::with(config);
    let offers = (0..3).map(|_| suite.offer(CAROL, 10, 1)).collect();
    place(&mut suite, "carol", offers, vec![]).unwrap();
    let demand = suite.demand(ALICE, 10, 1);
    let outcome = place(&mut suite, "alice", vec![], vec![demand.clone()]);
    refused(outcome, &["market 1 has 3 open orders, 1 more exceed its most of 3"]);
    suite.cancel("carol", Side::Offer, 1).unwrap();
    place(&mut suite, "alice", vec![], vec![demand]).unwrap();
}

#[test]
fn a_message_holds_256_orders_a_side() {
    let mut suite = Suite::new();
    let offers: Vec<_> = (0..257).map(|_| suite.offer(CAROL, 10, 1)).collect();
    let outcome = place(&mut suite, "carol", offers.clone(), vec![]);
    refused(outcome, &["257 orders of a side in one message, 1 to 256"]);
    place(&mut suite, "carol", offers[..256].to_vec(), vec![]).unwrap();
    assert_eq!(suite.orders(Side::Offer).len(), 256);
    assert_eq!(suite.order(Side::Offer, 255).unwrap().order.u64(), 255);
    refused(place(&mut suite, "carol", vec![], vec![]), &["0 orders in one message"]);
}

#[test]
fn an_unknown_market_is_named() {
    let mut suite = Suite::new();
    let demand = suite.demand(ALICE, 10, 1);
    let msg = ExecuteMsg::Place { market: 5.into(), offers: vec![], demands: vec![demand] };
    refused(suite.send("alice", &msg), &["there is no market 5"]);
}

#[test]
fn an_offer_snaps_to_a_class_of_what_the_chain_knows_of_its_device() {
    let mut suite = Suite::new();
    suite.stand(DAVE, 7, false);
    let mut offer = suite.offer(DAVE, 10, 1);
    (offer.latency, offer.throughput, offer.tags) = (2, 1, 3);
    // it says so of itself, the registry does not
    offer.flags = OrderFlags(OrderFlags::ATTESTED);
    suite.place_offer(offer);
    suite.sell(CAROL, 10, 1);
    suite.sell(CAROL, 99, 1);
    let tables: TablesResponse = suite.ask(&QueryMsg::Tables { market: MARKET }).unwrap();
    let [dave, carol] = &tables.classes[..] else { panic!("{:?}", tables.classes) };
    assert_eq!((dave.cell, dave.latency, dave.throughput, dave.tags), (CellId(2), 2, 1, 3));
    // the market knows tiers 0 to 2
    assert_eq!((dave.reliability, dave.attested, dave.offers), (2, false, 1));
    assert_eq!((carol.cell, carol.reliability, carol.offers), (CellId(1), 0, 2));
}

#[test]
fn demands_with_equal_requirements_share_a_vector() {
    let mut suite = Suite::new();
    suite.buy(ALICE, 10, 1);
    let order = suite.buy(ALICE, 20, 3);
    suite.buy(BOB, 10, 1);
    let tables: TablesResponse = suite.ask(&QueryMsg::Tables { market: MARKET }).unwrap();
    let counts: Vec<_> = tables.vectors.iter().map(|v| (v.vector, v.cell.0, v.demands)).collect();
    assert_eq!(counts, [(0, 1, 2), (1, 2, 1)]);
    assert_eq!(suite.order(Side::Demand, order).unwrap().vector, Some(0));
}
