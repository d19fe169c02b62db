//! The deployment of a local network: five markets, three assets, fast clocks.

use super::AttestSpec;
use super::pools::PoolSpec;
use super::spec::{AssetSpec, Spec, TokenSpec};
use caplet_api::auction::{LatencyEntry, MarketConfig, PriceConfig, Tiers};
use caplet_api::escrow::FeeSchedule;
use caplet_api::reputation::{Complaints, Rules, Stakes};
use caplet_api::{futures, pool};
use caplet_protocol::{AssetId, Bps, CellId, Kind, MarketId, Tick};
use cosmwasm_std::{Uint64, Uint128};

/// An IBC denomination as a real chain shows it.
pub const IBC_DENOM: &str = "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2";

/// 2036-01-01: until then nobody has to look at Intel's root on a local network.
const ROOT_UNTIL: u64 = 2_082_758_400;

/// A market of a local network.
struct Local {
    kind: Kind,
    resource: &'static str,
    unit: &'static str,
    lot_units: u64,
    asset: u16,
    tick: u64,
    start: u16,
}

/// Lots are sized so that a lease takes a few seconds; every asset pays for something.
const MARKETS: [Local; 5] = [
    Local {
        kind: Kind::Sensor,
        resource: "temperature",
        unit: "reading",
        lot_units: 20,
        asset: 1,
        tick: 10,
        start: 100,
    },
    Local {
        kind: Kind::Hardware,
        resource: "image/edge",
        unit: "frame",
        lot_units: 12,
        asset: 1,
        tick: 50,
        start: 100,
    },
    Local {
        kind: Kind::Compute,
        resource: "primes",
        unit: "step20k",
        lot_units: 60,
        asset: 3,
        tick: 1_000,
        start: 100,
    },
    Local {
        kind: Kind::Storage,
        resource: "blob",
        unit: "KiB",
        lot_units: 256,
        asset: 2,
        tick: 20,
        start: 100,
    },
    Local {
        kind: Kind::Bandwidth,
        resource: "uplink",
        unit: "KiB",
        lot_units: 256,
        asset: 1,
        tick: 20,
        start: 100,
    },
];

/// The usual deployment of a local network; `holders` get a cw20 token to pay with.
#[must_use]
pub fn local_spec(holders: &[String]) -> Spec {
    let native = |denom: &str, symbol: &str| AssetSpec::Native {
        denom: denom.to_owned(),
        symbol: symbol.to_owned(),
        decimals: 6,
    };
    let balances =
        holders.iter().map(|holder| (holder.clone(), Uint128::new(1_000_000_000_000))).collect();
    Spec {
        assets: vec![
            native("ucap", "CAP"),
            native(IBC_DENOM, "ATOM"),
            AssetSpec::Token(TokenSpec { symbol: "SUN".to_owned(), decimals: 9, balances }),
        ],
        fees: FeeSchedule { protocol: Bps(100), keeper: Bps(50) },
        treasury: None,
        rules: local_rules(),
        futures: Some(local_margins()),
        attest: Some(AttestSpec::intel(ROOT_UNTIL)),
        pools: vec![local_pool()],
        latency: vec![LatencyEntry { a: CellId(1), b: CellId(2), ms: 20 }],
        markets: MARKETS.iter().map(market).collect(),
    }
}

fn market(local: &Local) -> MarketConfig {
    MarketConfig {
        kind: local.kind,
        resource: local.resource.to_owned(),
        unit: local.unit.to_owned(),
        lot_units: Uint64::new(local.lot_units),
        slot_secs: 12,
        asset: AssetId(local.asset),
        tick_size: Uint64::new(local.tick),
        epoch_secs: 2,
        settle_secs: 5,
        settle_blocks: 4,
        notice_secs: 2,
        exposure: Bps(2_500),
        lot_fee: Uint64::new(local.tick),
        order_bond: Uint64::new(local.tick),
        // providers here start without money
        offer_bond: Uint64::zero(),
        close_bond: Uint64::new(local.tick),
        tiers: Tiers {
            latency_ms: vec![1_000, 200, 50],
            throughput: vec![Uint64::new(10), Uint64::new(100)],
            accuracy_ppm: vec![900_000, 990_000],
            reliability: vec![Bps(5_000), Bps(7_000), Bps(8_500), Bps(9_500)],
        },
        tags: vec!["outdoor".to_owned(), "calibrated".to_owned()],
        price: PriceConfig {
            start: Tick(local.start),
            floor: Tick(20),
            ceiling: Tick(2_000),
            target: Bps(8_000),
            step: Bps(1_250),
            premium: Bps(400),
            premium_scarce: Bps(6_000),
            premium_tiers: Vec::new(),
        },
        max_orders: 2_000,
        trade_reduction: false,
        quality: Default::default(),
        exposure_per_lot: 0u64.into(),
    }
}

/// Reputation that moves within a minute, so that a demo shows it.
fn local_rules() -> Rules {
    Rules {
        half_life_secs: 30 * 86_400,
        prior: Bps(6_000),
        prior_weight: Uint64::new(500),
        standard_fee: vec![Uint64::new(20), Uint64::new(40), Uint64::new(1_000)],
        payer_cap: Uint64::new(20_000),
        window_secs: 600,
        tiers: vec![Bps(5_500), Bps(7_000), Bps(8_500)],
        suspend_below: Bps(3_000),
        reinstate_above: Bps(4_500),
        suspend_evidence: Uint64::new(500),
        suspend_faults: 3,
        cooldown_secs: 30,
        probation_secs: 30,
        avoid_secs: 60,
        complaints: Complaints { share: Bps(300), fault: Uint64::new(1_000), most: Bps(2_500) },
        stakes: Stakes::default(),
    }
}

/// Margins of a local network: a tenth of the strike at least, room for a fifth of a rise, a minute of grace.
fn local_margins() -> futures::Rules {
    futures::Rules {
        least: Bps(1_000),
        headroom: Bps(2_000),
        penalty: Bps(1_000),
        grace_secs: 60,
        index_cap: Bps(4_000),
        index_owners: 3,
        index_secs: 3_600,
    }
}

/// A pool of the first market whose members come and go within seconds, so that a demo shows it.
fn local_pool() -> PoolSpec {
    let rules = pool::Rules {
        spares: 1,
        ready: Bps(2_000),
        stake: Uint64::new(100),
        penalty: Bps(1_000),
        epoch_secs: 4,
        answer_secs: 2,
        hold_secs: 600,
        reliability: vec![Bps(9_000), Bps(9_500), Bps(9_800), Bps(9_900)],
    };
    PoolSpec { market: MarketId(1), manager: None, rules }
}
