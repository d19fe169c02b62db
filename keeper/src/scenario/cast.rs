//! The devices of the story.

use caplet_api::auction::MarketResponse;
use caplet_api::escrow::{AssetKind, AssetResponse};
use caplet_protocol::{Kind, wire};
use caplet_simulator::{Letting, Want};
use std::time::Duration;

/// A device of the story.
pub(super) struct Part {
    pub(super) name: &'static str,
    /// Which gateway, 0 or 1.
    pub(super) gateway: usize,
    /// Whether its gateway serves and uses its leases for it.
    pub(super) granted: bool,
    pub(super) lets: Vec<Letting>,
    pub(super) wants: Vec<Want>,
}

/// How a provider prices, in percent of the market's base price.
struct Let {
    name: &'static str,
    gateway: usize,
    kind: Kind,
    percent: u64,
    lots: u32,
}

struct Wish {
    name: &'static str,
    gateway: usize,
    kind: Kind,
    percent: u64,
    lots: u64,
    lane: wire::LanePreference,
}

const LETS: [Let; 7] = [
    Let { name: "weather-1", gateway: 0, kind: Kind::Sensor, percent: 70, lots: 3 },
    Let { name: "camera-1", gateway: 0, kind: Kind::Hardware, percent: 75, lots: 2 },
    Let { name: "node-1", gateway: 0, kind: Kind::Compute, percent: 70, lots: 2 },
    Let { name: "box-1", gateway: 1, kind: Kind::Storage, percent: 70, lots: 3 },
    Let { name: "uplink-1", gateway: 1, kind: Kind::Bandwidth, percent: 70, lots: 3 },
    Let { name: "weather-2", gateway: 1, kind: Kind::Sensor, percent: 50, lots: 2 },
    Let { name: "camera-2", gateway: 1, kind: Kind::Hardware, percent: 55, lots: 2 },
];

use wire::LanePreference::{Any, Batch, Instant};

const WISHES: [Wish; 7] = [
    Wish {
        name: "thermostat-1",
        gateway: 0,
        kind: Kind::Sensor,
        percent: 160,
        lots: 1,
        lane: Batch,
    },
    Wish { name: "backup-1", gateway: 0, kind: Kind::Storage, percent: 150, lots: 1, lane: Batch },
    Wish { name: "tv-1", gateway: 0, kind: Kind::Bandwidth, percent: 150, lots: 1, lane: Any },
    Wish { name: "robot-1", gateway: 1, kind: Kind::Hardware, percent: 170, lots: 1, lane: Batch },
    Wish { name: "robot-2", gateway: 0, kind: Kind::Hardware, percent: 150, lots: 1, lane: Batch },
    Wish { name: "lab-1", gateway: 1, kind: Kind::Compute, percent: 150, lots: 1, lane: Batch },
    Wish {
        name: "greenhouse-1",
        gateway: 1,
        kind: Kind::Sensor,
        percent: 260,
        lots: 1,
        lane: Instant,
    },
];

/// The device that dies in the middle of its leases.
pub(super) const DIES: &str = "camera-2";
/// The device that is too small for more than MQTT: its calls go sealed.
const CONSTRAINED: &str = "greenhouse-1";
/// The device that begins to lie.
pub(super) const LIES: &str = "weather-2";

fn asset_of(assets: &[AssetResponse], market: &MarketResponse) -> wire::cost::Asset {
    let asset = assets.iter().find(|asset| asset.asset == market.config.asset);
    match asset.map(|asset| &asset.kind) {
        Some(AssetKind::Cw20 { address }) => wire::cost::Asset::Cw20(address.clone()),
        Some(AssetKind::Native { denom }) => wire::cost::Asset::Denom(denom.clone()),
        None => wire::cost::Asset::Denom(String::new()),
    }
}

/// `percent` of a market's base price a lot, on its ladder.
fn price(market: &MarketResponse, percent: u64) -> u64 {
    let ticks = u64::from(market.base.0).saturating_mul(percent).div_ceil(100);
    ticks.saturating_mul(market.config.tick_size.u64())
}

/// `lots` lots let out at `percent` of a market's base price.
pub(super) fn letting(
    percent: u64,
    lots: u32,
    market: &MarketResponse,
    assets: &[AssetResponse],
) -> Letting {
    Letting {
        kind: market.config.kind,
        resource: market.config.resource.clone(),
        unit: market.config.unit.clone(),
        ask: price(market, percent),
        lot_units: market.config.lot_units.u64(),
        asset: asset_of(assets, market),
        lots,
        quality: wire::Quality {
            latency_ms: 150,
            throughput: 20,
            accuracy_ppm: 950_000,
            availability_bps: 9_900,
        },
        tags: vec!["calibrated".to_owned()],
        relay_fee: 0,
        attestation: Vec::new(),
    }
}

/// `lots` lots wanted at `percent` of a market's base price at most.
pub(super) fn want(
    percent: u64,
    lots: u64,
    lane: wire::LanePreference,
    market: &MarketResponse,
    assets: &[AssetResponse],
) -> Want {
    Want {
        kind: market.config.kind,
        resource: market.config.resource.clone(),
        unit: market.config.unit.clone(),
        quantity: market.config.lot_units.u64().saturating_mul(lots),
        limit: price(market, percent).saturating_mul(lots),
        asset: asset_of(assets, market),
        qos: wire::Requirement {
            max_latency_ms: 1_000,
            min_throughput: 10,
            min_accuracy_ppm: 900_000,
            min_reliability_bps: 0,
        },
        weights: wire::Weights { rho: 30, lambda: 50 },
        tags: Vec::new(),
        lane,
        times: None,
        pace: Duration::from_millis(120),
        relay_fee: market.config.tick_size.u64(),
        attested: false,
    }
}

/// The cast, for the markets as they are. A kind without a market has no part.
pub(super) fn cast(markets: &[MarketResponse], assets: &[AssetResponse]) -> Vec<Part> {
    let of = |kind: Kind| markets.iter().find(|market| market.config.kind == kind);
    let lets = LETS.iter().filter_map(|one| {
        let lets = vec![letting(one.percent, one.lots, of(one.kind)?, assets)];
        Some(Part { name: one.name, gateway: one.gateway, granted: true, lets, wants: Vec::new() })
    });
    let wants = WISHES.iter().filter_map(|one| {
        let wants = vec![want(one.percent, one.lots, one.lane, of(one.kind)?, assets)];
        let granted = one.name != CONSTRAINED;
        Some(Part { name: one.name, gateway: one.gateway, granted, lets: Vec::new(), wants })
    });
    lets.chain(wants).collect()
}
