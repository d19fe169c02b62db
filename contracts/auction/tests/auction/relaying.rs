//! Orders that devices signed and somebody else brings.

use crate::parties::{demand_layout, device_key, offer_layout, signed_demand, signed_offer};
use crate::suite::{ALICE, BOB, CAROL, DAVE, MARKET, RICHES, Suite, UCAP, placed, refused};
use caplet_api::auction::{DemandInput, ExecuteMsg, OfferInput};
use caplet_protocol::layout::{Demand, Offer, Side};
use caplet_protocol::{Domain, MarketId};

fn packed_offer(domain: &Domain, market: MarketId, input: &OfferInput) -> Vec<u8> {
    let preimage = offer_layout(market, input).preimage(domain);
    let mut item = preimage[Offer::LEN - Offer::BODY..].to_vec();
    item.extend(device_key(input.device).sign(&preimage));
    item
}

fn packed_demand(domain: &Domain, market: MarketId, input: &DemandInput) -> Vec<u8> {
    let preimage = demand_layout(market, input).preimage(domain);
    let mut item = preimage[Demand::LEN - Demand::BODY..].to_vec();
    item.extend(device_key(input.device).sign(&preimage));
    item
}

fn relay(offers: Vec<Vec<u8>>, demands: Vec<Vec<u8>>) -> ExecuteMsg {
    let (offers, demands) = (offers.concat().into(), demands.concat().into());
    ExecuteMsg::Relay { market: MARKET, offers, demands }
}

#[test]
fn packed_orders_are_placed_and_the_relayer_gets_its_fees() {
    let mut suite = Suite::new();
    let mut demand = suite.demand(ALICE, 40, 1);
    demand.relay_fee = 9u64.into();
    let offers = [CAROL, DAVE].map(|device| suite.offer(device, 10, 1));
    let domain = suite.domain;
    let msg = relay(
        offers.iter().map(|offer| packed_offer(&domain, MARKET, offer)).collect(),
        vec![packed_demand(&domain, MARKET, &demand)],
    );
    suite.send("keeper", &msg).unwrap();
    assert_eq!(suite.free("keeper"), 9);
    assert_eq!(suite.free("alice"), RICHES - 9 - 457);
    assert_eq!(suite.orders(Side::Offer).len(), 2);
    refused(suite.send("keeper", &msg), &["offer 0 of the message", "its sequence is 1"]);
    suite.next_epoch();
    suite.clear().unwrap();
    assert_eq!(suite.leases().len(), 1);
}

#[test]
fn one_bad_signature_refuses_the_batch_and_is_named() {
    let mut suite = Suite::new();
    let demands = [ALICE, BOB].map(|device| suite.demand(device, 40, 1));
    let domain = suite.domain;
    let mut items: Vec<Vec<u8>> =
        demands.iter().map(|demand| packed_demand(&domain, MARKET, demand)).collect();
    items[1][60] ^= 1;
    refused(
        suite.send("keeper", &relay(vec![], items.clone())),
        &["demand 1 of the message: the signature is not device 2's"],
    );
    items[1][60] ^= 1;
    // a price that was not signed
    items[0][33] ^= 1;
    refused(suite.send("keeper", &relay(vec![], items)), &["demand 0 of the message"]);
}

#[test]
fn an_order_signed_for_another_market_or_auction_is_refused() {
    let mut suite = Suite::new();
    suite.send("governance", &ExecuteMsg::CreateMarket(crate::suite::market_config())).unwrap();
    let demand = suite.demand(ALICE, 40, 1);
    let domain = suite.domain;
    let elsewhere = packed_demand(&domain, MarketId(2), &demand);
    refused(
        suite.send("keeper", &relay(vec![], vec![elsewhere])),
        &["it is signed for market 2, not 1"],
    );
    let foreign = packed_demand(&Domain([7; 32]), MARKET, &demand);
    refused(
        suite.send("keeper", &relay(vec![], vec![foreign])),
        &["the signature is not device 1's", "this auction's domain"],
    );
    // written out, the message names the market
    let other = signed_demand(&domain, MarketId(2), demand);
    let msg = ExecuteMsg::Place { market: MARKET, offers: vec![], demands: vec![other] };
    refused(suite.send("keeper", &msg), &["the signature is not device 1's"]);
}

#[test]
fn packed_lists_must_be_whole_and_bounded() {
    let mut suite = Suite::new();
    let list = |offers: usize, demands: usize| ExecuteMsg::Relay {
        market: MARKET,
        offers: vec![0; offers].into(),
        demands: vec![0; demands].into(),
    };
    refused(suite.send("keeper", &list(111, 0)), &["offers", "111 bytes", "112-byte"]);
    refused(suite.send("keeper", &list(0, 115)), &["demands", "115 bytes", "116-byte"]);
    refused(suite.send("keeper", &list(257 * 112, 0)), &["257 items, at most 256"]);
    refused(suite.send("keeper", &list(0, 0)), &["0 orders in one message"]);
    refused(suite.send("keeper", &list(112, 0)), &["offer 0 of the message"]);
}

#[test]
fn a_signature_spends_the_devices_allowance_and_the_owner_does_not() {
    let mut suite = Suite::new();
    let allow = caplet_api::escrow::ExecuteMsg::Authorise {
        device: ALICE,
        asset: UCAP,
        limit: 500u64.into(),
    };
    suite.tell_escrow("alice", &allow).unwrap();
    let domain = suite.domain;
    let place =
        |demand| ExecuteMsg::Place { market: MARKET, offers: vec![], demands: vec![demand] };
    let mut signed = || {
        let demand = suite.demand(ALICE, 40, 1);
        signed_demand(&domain, MARKET, demand)
    };
    let (first, second, third) = (signed(), signed(), signed());
    let order = placed(&suite.send("keeper", &place(first)).unwrap());
    refused(suite.send("keeper", &place(second)), &["device 1", "457"]);
    suite.next_epoch();
    suite.clear().unwrap();
    suite.cancel("alice", Side::Demand, order).unwrap();
    suite.send("keeper", &place(third)).unwrap();
    suite.buy(ALICE, 40, 1);
}

#[test]
fn an_offer_pays_for_its_relaying_too() {
    let mut suite = Suite::new();
    let coins = [cosmwasm_std::coin(100, "ucap")];
    let deposit = caplet_api::escrow::ExecuteMsg::Deposit { account: None };
    let escrow = suite.escrow.clone();
    use cw_multi_test::{Executor, IntoAddr};
    suite.app.execute_contract("carol".into_addr(), escrow, &deposit, &coins).unwrap();
    let allow = caplet_api::escrow::ExecuteMsg::Authorise {
        device: CAROL,
        asset: UCAP,
        limit: 100u64.into(),
    };
    suite.tell_escrow("carol", &allow).unwrap();
    let mut offer = suite.offer(CAROL, 10, 1);
    offer.relay_fee = 30u64.into();
    let offer = signed_offer(&suite.domain, MARKET, offer);
    let msg = ExecuteMsg::Place { market: MARKET, offers: vec![offer], demands: vec![] };
    suite.send("keeper", &msg).unwrap();
    assert_eq!((suite.free("carol"), suite.free("keeper")), (70, 30));
}
