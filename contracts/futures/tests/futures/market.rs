//! In the place of the auction: markets, a capacity ledger by device and slot, and spot leases. It refuses what
//! the auction refuses: more reserved and sold on spot than a device can do.

use caplet_api::auction::{
    EpochResponse, MarketConfig, MarketResponse, PriceConfig, QueryMsg, Tiers,
};
use caplet_api::escrow::{ExecuteMsg as Escrow, Terms};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{INSTANT, OpenItem};
use caplet_protocol::{AssetId, Bps, DeviceId, Kind, Lots, MarketId, Tick};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult, WasmMsg,
    to_json_binary,
};
use cw_multi_test::{Contract, ContractWrapper};
use cw_storage_plus::{Item, Map};

pub(crate) const SLOT: u64 = 3_600;
pub(crate) const CLOSE_BOND: u64 = 7;

/// Lots by device and slot that are promised.
const PROMISED: Map<(u32, u32), u32> = Map::new("promised");
/// Lots that a device can do at a time.
const CAPACITY: Map<u32, u16> = Map::new("capacity");
const BASE: Item<u16> = Item::new("base");
const ESCROW: Item<Addr> = Item::new("escrow");

#[cw_serde]
pub(crate) struct Init {
    pub(crate) escrow: String,
}

#[cw_serde]
pub(crate) enum Msg {
    Reserve {
        market: MarketId,
        device: DeviceId,
        first_slot: u32,
        slots: u16,
        lots: Lots,
    },
    Release {
        market: MarketId,
        device: DeviceId,
        first_slot: u32,
        slots: u16,
        lots: Lots,
    },
    SetCapacity {
        device: DeviceId,
        lots: u16,
    },
    SetBase {
        tick: u16,
    },
    /// A lease as a clearing opens it, in the slot that runs.
    Spot {
        market: MarketId,
        consumer: u32,
        provider: u32,
        price: u64,
        lots: u16,
    },
}

fn shift(deps: &mut DepsMut<'_>, device: u32, first: u32, slots: u16, by: i64) -> StdResult<()> {
    let most = i64::from(CAPACITY.may_load(deps.storage, device)?.unwrap_or(0));
    for slot in first..first + u32::from(slots) {
        let has = i64::from(PROMISED.may_load(deps.storage, (device, slot))?.unwrap_or(0)) + by;
        if has > most || has < 0 {
            let text = format!("device {device}: {has} lots in slot {slot}, it can do {most}");
            return Err(StdError::msg(text));
        }
        PROMISED.save(deps.storage, (device, slot), &u32::try_from(has).unwrap_or(0))?;
    }
    Ok(())
}

fn instantiate(deps: DepsMut<'_>, _: Env, _: MessageInfo, msg: Init) -> StdResult<Response> {
    ESCROW.save(deps.storage, &Addr::unchecked(msg.escrow))?;
    BASE.save(deps.storage, &10)?;
    Ok(Response::new())
}

fn execute(mut deps: DepsMut<'_>, env: Env, _: MessageInfo, msg: Msg) -> StdResult<Response> {
    match msg {
        Msg::Reserve { device, first_slot, slots, lots, .. } => {
            shift(&mut deps, device.0, first_slot, slots, lots.0.into())?;
        }
        Msg::Release { device, first_slot, slots, lots, .. } => {
            shift(&mut deps, device.0, first_slot, slots, -i64::from(lots.0))?;
        }
        Msg::SetCapacity { device, lots } => CAPACITY.save(deps.storage, device.0, &lots)?,
        Msg::SetBase { tick } => BASE.save(deps.storage, &tick)?,
        Msg::Spot { market, consumer, provider, price, lots } => {
            let now = env.block.time.seconds();
            shift(&mut deps, provider, (now / SLOT) as u32, 1, lots.into())?;
            return spot(
                &ESCROW.load(deps.storage)?,
                now,
                (market, consumer, provider, price, lots),
            );
        }
    }
    Ok(Response::new())
}

fn spot(
    escrow: &Addr,
    now: u64,
    (market, consumer, provider, price, lots): (MarketId, u32, u32, u64, u16),
) -> StdResult<Response> {
    let config = config(market);
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
    let unlock = price * u64::from(lots);
    let flags = INSTANT | PLACED_BY_OWNER;
    let item = OpenItem { consumer, provider, price, lots, unlock, fee: 0, demand: 0, flags };
    let items = OpenItem::pack(&[item]).into();
    let msg = to_json_binary(&Escrow::Open { terms, beneficiary: None, items })?;
    Ok(Response::new().add_message(WasmMsg::Execute {
        contract_addr: escrow.to_string(),
        msg,
        funds: vec![],
    }))
}

fn query(deps: Deps<'_>, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    let QueryMsg::Market { market } = msg else { return Err(StdError::msg("markets only")) };
    to_json_binary(&MarketResponse {
        market,
        config: config(market),
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
        base: Tick(BASE.load(deps.storage)?),
        utilisation: 0u64.into(),
        open_orders: 0,
    })
}

/// Market n is paid in asset n; a tick is 10 base units, so the base price is 100 at first.
pub(crate) fn config(market: MarketId) -> MarketConfig {
    MarketConfig {
        kind: Kind::Compute,
        resource: "primes".into(),
        unit: "step".into(),
        lot_units: 600u64.into(),
        slot_secs: SLOT as u32,
        asset: AssetId(market.0 as u16),
        tick_size: 10u64.into(),
        epoch_secs: 60,
        settle_secs: 60,
        settle_blocks: 2,
        notice_secs: 60,
        exposure: Bps(2_000),
        lot_fee: 1u64.into(),
        order_bond: 1u64.into(),
        offer_bond: 0u64.into(),
        close_bond: CLOSE_BOND.into(),
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

pub(crate) fn code() -> Box<dyn Contract<Empty>> {
    Box::new(ContractWrapper::new(execute, instantiate, query))
}
