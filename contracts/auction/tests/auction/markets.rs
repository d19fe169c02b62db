//! What governance may define.

use crate::suite::{CAROL, MARKET, Suite, find, market_config, refused};
use caplet_api::auction::{ExecuteMsg, LatencyEntry, LatencyResponse, MarketConfig, QueryMsg};
use caplet_api::event::MarketCreated;
use caplet_protocol::{AssetId, Bps, CellId, Tick};

#[test]
fn markets_are_numbered_from_one() {
    let mut suite = Suite::without_market();
    for number in 1..=3 {
        let create = ExecuteMsg::CreateMarket(market_config());
        let created: MarketCreated = find(&suite.send("governance", &create).unwrap()).unwrap();
        assert_eq!(created.market, number);
    }
    assert_eq!(suite.market().config, market_config());
}

#[test]
fn every_field_is_checked_and_named() {
    type Change = fn(&mut MarketConfig);
    let cases: [(Change, &str); 37] = [
        (|c| c.resource = String::new(), "resource is ``"),
        (|c| c.resource = "Camera".into(), "resource is `Camera`"),
        (|c| c.resource = "x".repeat(65), "1 to 64"),
        (|c| c.unit = "two words".into(), "unit is `two words`"),
        (|c| c.lot_units = 0u64.into(), "lot_units is 0"),
        (|c| c.slot_secs = 0, "slot_secs is 0"),
        (|c| c.epoch_secs = 0, "epoch_secs is 0"),
        (|c| c.asset = AssetId(0), "asset is 0"),
        (|c| c.asset = AssetId(9), "asset 9 is not among them"),
        (|c| c.tick_size = 0u64.into(), "tick size is 0"),
        (|c| c.tick_size = (1u64 << 47).into(), "tick size is 140737488355328"),
        (|c| c.lot_fee = u64::MAX.into(), "fee per lot is"),
        (|c| c.settle_secs = 604_801, "settle_secs is 604801"),
        (|c| c.settle_blocks = 604_801, "settle_blocks is 604801"),
        (|c| c.exposure = Bps(2_501), "exposure is 2501"),
        (|c| c.order_bond = u64::MAX.into(), "order_bond is"),
        (|c| c.close_bond = u64::MAX.into(), "close_bond is"),
        (|c| c.max_orders = 0, "max_orders is 0"),
        (|c| c.max_orders = 20_001, "max_orders is 20001"),
        (|c| c.tiers.latency_ms = vec![20, 100], "tiers.latency_ms must be strictly falling"),
        (|c| c.tiers.throughput = vec![9u64.into(); 2], "tiers.throughput must be strictly rising"),
        (|c| c.tiers.accuracy_ppm = (0..8).collect(), "tiers.accuracy_ppm has 8 entries"),
        (|c| c.tiers.reliability = vec![], "tiers.reliability has 0 entries"),
        (|c| c.tiers.reliability = vec![Bps(9), Bps(8)], "reliability of tier 1 is 8 bps"),
        (|c| c.tags = vec!["a".into(), "a".into()], "tag `a` is there twice"),
        (|c| c.tags = (0..33).map(|i| format!("t{i}")).collect(), "tags has 33 entries"),
        (|c| c.price.floor = Tick(0), "price floor is 0"),
        (|c| c.price.start = Tick(1_001), "price.start is 1001"),
        (|c| c.price.target = Bps(0), "target is 0 bps"),
        (|c| c.offer_bond = u64::MAX.into(), "offer_bond is 18446744073709551615"),
        (|c| c.price.premium_tiers = vec![Bps(5_001)], "price.premium_tiers is 5001"),
        (|c| c.price.premium_tiers = vec![Bps(0); 4], "price.premium_tiers has 4 entries"),
        (
            |c| c.price.premium_tiers = vec![Bps(9), Bps(8)],
            "price.premium_tiers must be rising or equal",
        ),
        (|c| c.quality.floor = Bps(999), "quality.floor is 999, allowed is 1000 to 10000"),
        (|c| c.quality.floor = Bps(10_001), "quality.floor is 10001"),
        (|c| c.quality.full = Bps(0), "quality.full is 0"),
        (|c| c.quality.step = Bps(10_001), "quality.step is 10001"),
    ];
    let mut suite = Suite::without_market();
    for (change, says) in cases {
        let mut config = market_config();
        change(&mut config);
        refused(suite.send("governance", &ExecuteMsg::CreateMarket(config)), &[says]);
    }
    let first: Result<caplet_api::auction::MarketResponse, _> =
        suite.ask(&QueryMsg::Market { market: MARKET });
    assert!(first.unwrap_err().contains("there is no market 1"));
}

#[test]
fn latencies_are_shown_once_a_pair() {
    let mut suite = Suite::new();
    let entries = vec![LatencyEntry { a: CellId(9), b: CellId(1), ms: 65_535 }];
    suite.send("governance", &ExecuteMsg::SetLatency { entries }).unwrap();
    let shown: LatencyResponse = suite.ask(&QueryMsg::Latency {}).unwrap();
    let pairs: Vec<_> = shown.entries.iter().map(|e| (e.a.0, e.b.0, e.ms)).collect();
    assert_eq!(pairs, [(1, 1, 5), (1, 2, 100), (1, 9, 65_535), (2, 2, 5)]);
    let none = ExecuteMsg::SetLatency { entries: vec![] };
    refused(suite.send("governance", &none), &["0 latencies in one message, 1 to 1024"]);
}

#[test]
fn markets_do_not_touch_each_other() {
    let mut suite = Suite::new();
    suite.send("governance", &ExecuteMsg::CreateMarket(market_config())).unwrap();
    let offer = suite.offer(CAROL, 10, 1);
    let msg = ExecuteMsg::Place { market: 2.into(), offers: vec![offer], demands: vec![] };
    suite.send("carol", &msg).unwrap();
    assert_eq!(suite.market().open_orders, 0);
    assert!(suite.order(caplet_protocol::layout::Side::Offer, 0).is_err());
}
