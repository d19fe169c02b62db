//! Simulated devices of a benchmark.

use caplet_api::auction::MarketResponse;
use caplet_protocol::{Kind, wire};
use caplet_simulator::{Letting, Plan, Provision, Want};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::time::Duration;

/// What a market's devices pay with: the chain's own coin, as the first asset of a local deployment.
fn coin() -> wire::cost::Asset {
    wire::cost::Asset::Denom("ucap".to_owned())
}

/// Base units a lot: `percent` of the market's base price, on its ladder.
fn price(market: &MarketResponse, percent: u64) -> u64 {
    let ticks = u64::from(market.base.0).saturating_mul(percent).div_ceil(100);
    ticks.saturating_mul(market.config.tick_size.u64())
}

/// A sensor's offer of some lots, below the market's base price.
pub(super) fn letting(market: &MarketResponse, lots: u32) -> Letting {
    Letting {
        kind: Kind::Sensor,
        resource: market.config.resource.clone(),
        unit: market.config.unit.clone(),
        ask: price(market, 70),
        lot_units: market.config.lot_units.u64(),
        asset: coin(),
        lots,
        quality: wire::Quality {
            latency_ms: 150,
            throughput: 20,
            accuracy_ppm: 950_000,
            availability_bps: 9_900,
        },
        tags: Vec::new(),
        relay_fee: 0,
        attestation: Vec::new(),
    }
}

/// A wish for one lot, well above the market's base price.
pub(super) fn want(market: &MarketResponse, lane: wire::LanePreference) -> Want {
    Want {
        kind: Kind::Sensor,
        resource: market.config.resource.clone(),
        unit: market.config.unit.clone(),
        quantity: market.config.lot_units.u64(),
        limit: price(market, 300),
        asset: coin(),
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

/// A device by its name.
pub(super) fn plan(
    name: String,
    provision: Provision,
    lets: Vec<Letting>,
    wants: Vec<Want>,
) -> Plan {
    let seed = Sha256::digest(format!("bench device {name} of {}", provision.owner)).into();
    // no device here is an uplink, so nothing is reached through one
    let origin = SocketAddr::from(([127, 0, 0, 1], 1));
    Plan { name, seed, provision, lets, wants, origin, granted: false }
}
