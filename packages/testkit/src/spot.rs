//! What stands-in of the auction have in common: a market, and a lease as a clearing opens it.

use caplet_api::auction::{EpochResponse, MarketConfig, MarketResponse, PriceConfig, Tiers};
use caplet_api::escrow::{ExecuteMsg as Escrow, Terms};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{INSTANT, OpenItem};
use caplet_protocol::{AssetId, Bps, Kind, MarketId, Tick};
use cosmwasm_std::{Addr, Env, Response, StdResult, WasmMsg, to_json_binary};

/// Seconds of a slot.
pub const SLOT: u64 = 3_600;

/// A lease on spot.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// The consuming device.
    pub consumer: u32,
    /// The providing device.
    pub provider: u32,
    /// Base units a lot.
    pub price: u64,
    /// Lots.
    pub lots: u16,
}

/// Opens a lease from now to the end of the slot that runs.
///
/// # Errors
/// If the message cannot be written.
pub fn open(
    escrow: &Addr,
    config: &MarketConfig,
    market: MarketId,
    now: u64,
    of: Spot,
) -> StdResult<Response> {
    let terms = Terms {
        market,
        epoch: 1,
        asset: config.asset,
        start: now.into(),
        end: ((now / SLOT + 1) * SLOT).into(),
        lot_units: config.lot_units,
        settle_secs: config.settle_secs,
        settle_blocks: config.settle_blocks,
        notice_secs: config.notice_secs,
        exposure_cap: 0u64.into(),
        close_bond: 0u64.into(),
    };
    let Spot { consumer, provider, price, lots } = of;
    let unlock = price * u64::from(lots);
    let flags = INSTANT | PLACED_BY_OWNER;
    let item = OpenItem { consumer, provider, price, lots, unlock, fee: 0, demand: 0, flags };
    let items = OpenItem::pack(&[item]).into();
    let msg = to_json_binary(&Escrow::Open { terms, beneficiary: None, items })?;
    let contract_addr = escrow.to_string();
    Ok(Response::new().add_message(WasmMsg::Execute { contract_addr, msg, funds: vec![] }))
}

/// A market whose base price is `base` ticks.
#[must_use]
pub fn shown(env: &Env, market: MarketId, config: MarketConfig, base: u16) -> MarketResponse {
    MarketResponse {
        market,
        config,
        genesis: 0u64.into(),
        epoch: EpochResponse {
            collecting: 0,
            clearing: None,
            offer_pages: 0,
            demand_pages: 0,
            first_offer_page: 0,
            first_demand_page: 0,
            ends: env.block.time.seconds().into(),
            last_cleared: None,
        },
        base: Tick(base),
        utilisation: 0u64.into(),
        open_orders: 0,
    }
}

/// Market n is paid in asset n; a tick is 10 base units, so the base price is 100 at first.
#[must_use]
pub fn config(market: MarketId, close_bond: u64) -> MarketConfig {
    MarketConfig {
        kind: Kind::Compute,
        resource: "primes".into(),
        unit: "step".into(),
        lot_units: 600u64.into(),
        slot_secs: 3_600,
        asset: AssetId(u16::try_from(market.0).unwrap_or(u16::MAX)),
        tick_size: 10u64.into(),
        epoch_secs: 60,
        settle_secs: 60,
        settle_blocks: 2,
        notice_secs: 60,
        exposure: Bps(2_000),
        lot_fee: 1u64.into(),
        order_bond: 1u64.into(),
        offer_bond: 0u64.into(),
        close_bond: close_bond.into(),
        tiers: Tiers {
            latency_ms: vec![100, 20],
            throughput: vec![10u64.into()],
            accuracy_ppm: vec![900_000],
            reliability: vec![Bps(5_000), Bps(8_000)],
        },
        tags: vec!["outdoor".into(), "night".into()],
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
        max_orders: 600,
        trade_reduction: false,
        quality: Default::default(),
        exposure_per_lot: 0u64.into(),
    }
}
