//! In the place of the auction: markets, a capacity ledger by device and slot, and spot leases. It refuses what
//! the auction refuses: more reserved and sold on spot than a device can do.

use caplet_api::auction::{MarketConfig, QueryMsg};
use caplet_protocol::{DeviceId, Lots, MarketId};
use caplet_testkit::spot::{self, Spot};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult,
    to_json_binary,
};
use cw_multi_test::{Contract, ContractWrapper};
use cw_storage_plus::{Item, Map};

pub(crate) use caplet_testkit::spot::SLOT;
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
            let of = Spot { consumer, provider, price, lots };
            return spot::open(&ESCROW.load(deps.storage)?, &config(market), market, now, of);
        }
    }
    Ok(Response::new())
}

fn query(deps: Deps<'_>, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    let QueryMsg::Market { market } = msg else { return Err(StdError::msg("markets only")) };
    to_json_binary(&spot::shown(&env, market, config(market), BASE.load(deps.storage)?))
}

pub(crate) fn config(market: MarketId) -> MarketConfig {
    spot::config(market, CLOSE_BOND)
}

pub(crate) fn code() -> Box<dyn Contract<Empty>> {
    Box::new(ContractWrapper::new(execute, instantiate, query))
}
