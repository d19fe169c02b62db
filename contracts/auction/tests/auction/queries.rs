//! Questions.

use crate::suite::{ALICE, CAROL, MARKET, Suite, market_config};
use caplet_api::auction::{
    ConfigResponse, ExecuteMsg, MarketsResponse, OrdersResponse, QueryMsg, TablesResponse,
};
use caplet_api::common::DomainResponse;
use caplet_protocol::layout::Side;

#[test]
fn lists_are_bounded_and_go_on_after_their_cursor() {
    let mut suite = Suite::new();
    for _ in 0..3 {
        let offers = (0..60).map(|_| suite.offer(CAROL, 10, 1)).collect();
        let msg = ExecuteMsg::Place { market: MARKET, offers, demands: vec![] };
        suite.send("carol", &msg).unwrap();
    }
    let side = Side::Offer;
    let list = |start_after: Option<u64>, limit| -> Vec<u64> {
        let start_after = start_after.map(Into::into);
        let msg = QueryMsg::Orders { market: MARKET, side, start_after, limit };
        let answer: OrdersResponse = suite.ask(&msg).unwrap();
        answer.orders.iter().map(|order| order.order.u64()).collect()
    };
    assert_eq!(list(None, None).len(), 30);
    assert_eq!(list(None, Some(1_000)).len(), 100);
    assert_eq!(list(None, Some(0)).len(), 0);
    assert_eq!(list(Some(58), Some(3)), [59, 256, 257]);
    assert_eq!(list(Some(512 + 58), Some(3)), [512 + 59]);
    assert!(list(Some(u64::from(u32::MAX)), Some(3)).is_empty());
}

#[test]
fn cancelled_orders_of_the_frozen_book_stay_in_their_place_in_the_list() {
    let mut suite = Suite::new();
    for _ in 0..4 {
        suite.sell(CAROL, 10, 1);
    }
    suite.next_epoch();
    suite.cancel("carol", Side::Offer, 256).unwrap();
    let numbers = |suite: &Suite| -> Vec<u64> {
        suite.orders(Side::Offer).iter().map(|order| order.order.u64()).collect()
    };
    assert_eq!(numbers(&suite), [0, 256, 512, 768]);
    suite.next_epoch();
    assert_eq!(numbers(&suite), [0, 512, 768]);
}

#[test]
fn markets_are_listed_by_number() {
    let mut suite = Suite::new();
    for _ in 0..4 {
        suite.send("governance", &ExecuteMsg::CreateMarket(market_config())).unwrap();
    }
    let msg = QueryMsg::Markets { start_after: Some(2.into()), limit: Some(2) };
    let answer: MarketsResponse = suite.ask(&msg).unwrap();
    let numbers: Vec<_> = answer.markets.iter().map(|market| market.market.0).collect();
    assert_eq!(numbers, [3, 4]);
}

#[test]
fn tables_show_what_is_live_only() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 1);
    let demand = suite.buy(ALICE, 10, 1);
    suite.cancel("carol", Side::Offer, offer).unwrap();
    suite.cancel("alice", Side::Demand, demand).unwrap();
    let tables: TablesResponse = suite.ask(&QueryMsg::Tables { market: MARKET }).unwrap();
    assert!(tables.classes.is_empty() && tables.vectors.is_empty());
    let unknown: Result<TablesResponse, _> = suite.ask(&QueryMsg::Tables { market: 4.into() });
    assert!(unknown.unwrap_err().contains("there is no market 4"));
}

#[test]
fn peers_and_domain_are_shown() {
    let suite = Suite::new();
    let peers: ConfigResponse = suite.ask(&QueryMsg::Config {}).unwrap();
    let wanted = [&suite.registry, &suite.escrow, &suite.reputation].map(ToString::to_string);
    assert_eq!([peers.registry, peers.escrow, peers.reputation], wanted);
    let domain: DomainResponse = suite.ask(&QueryMsg::Domain {}).unwrap();
    assert_eq!(domain.domain.as_slice(), suite.domain.0);
}
