//! What tests of this room share.

use caplet_api::auction::{MarketConfig, PriceConfig, Tiers};
use caplet_protocol::{AssetId, Bps, Kind, Tick};

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
