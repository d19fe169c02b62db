//! What tests of this room share.

use super::Books;
use super::market::MarketBook;
use super::order::Order;
use super::partners::Partners;
use super::side::SideBook;
use super::tables::Tables;
use caplet_api::auction::{EpochResponse, MarketConfig, MarketResponse, PriceConfig, Tiers};
use caplet_clearing::Class;
use caplet_protocol::{AssetId, Bps, DeviceId, Kind, MarketId, Tick, layout::OrderFlags};
use std::collections::BTreeMap;

/// Books of one market in which each of these devices posts a lot, the first of them for the least.
pub(crate) fn books(market: MarketId, devices: impl Iterator<Item = DeviceId>) -> Books {
    const A_PAGE: u32 = 100;
    let mut pages: BTreeMap<u32, BTreeMap<u8, Order>> = BTreeMap::new();
    for (at, device) in (0u32..).zip(devices) {
        let order = Order {
            device,
            group: 0,
            tick: Tick(10 + u16::try_from(at).unwrap()),
            flags: OrderFlags(0),
            batch: 0,
            instant: 1,
            not_after: u64::MAX,
            epoch: 0,
        };
        pages.entry(at / A_PAGE).or_default().insert(u8::try_from(at % A_PAGE).unwrap(), order);
    }
    let mut offers = SideBook::default();
    for (page, orders) in pages {
        offers.put_page(page, orders);
    }
    let epoch = EpochResponse {
        collecting: 0,
        clearing: None,
        offer_pages: 0,
        demand_pages: 0,
        first_offer_page: 0,
        first_demand_page: 0,
        ends: 10u64.into(),
        last_cleared: None,
    };
    let answer = MarketResponse {
        market,
        config: config(),
        genesis: 0u64.into(),
        epoch,
        base: Tick(1),
        utilisation: 0u64.into(),
        open_orders: 0,
    };
    let mut tables = Tables::default();
    tables.classes.push(Some(Class::default()));
    let (demands, partners) = (SideBook::default(), Partners::default());
    let books = Books::empty();
    books.inner.put(market, MarketBook { answer, tables, offers, demands, partners });
    books
}

/// A market of temperature readings, ten seconds an epoch.
pub(crate) fn config() -> MarketConfig {
    MarketConfig {
        kind: Kind::Sensor,
        resource: "temperature".to_owned(),
        unit: "reading".to_owned(),
        lot_units: 600u64.into(),
        slot_secs: 600,
        asset: AssetId(1),
        tick_size: 100u64.into(),
        epoch_secs: 10,
        settle_secs: 5,
        settle_blocks: 5,
        notice_secs: 5,
        exposure: Bps(2_500),
        lot_fee: 5u64.into(),
        order_bond: 10u64.into(),
        offer_bond: 0u64.into(),
        close_bond: 10u64.into(),
        tiers: Tiers {
            latency_ms: vec![100],
            throughput: vec![],
            accuracy_ppm: vec![],
            reliability: vec![Bps(5_000)],
        },
        tags: vec![],
        price: PriceConfig {
            start: Tick(10),
            floor: Tick(1),
            ceiling: Tick(1_000),
            target: Bps(8_000),
            step: Bps(1_250),
            premium: Bps(400),
            premium_scarce: Bps(6_000),
            premium_tiers: Vec::new(),
        },
        max_orders: 1_000,
        trade_reduction: false,
        quality: Default::default(),
        exposure_per_lot: 0u64.into(),
    }
}
