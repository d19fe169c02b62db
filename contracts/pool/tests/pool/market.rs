//! In the place of the auction: a market, what each device may promise, and leases as a clearing opens them. It
//! refuses what the auction refuses: a device promising more than its owner declared, and declaring less than is promised.

use caplet_api::auction::{
    CancelInput, CapacityResponse, DemandInput, MarketConfig, OfferInput, QueryMsg, SlotResponse,
};
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{INSTANT, TopUpItem};
use caplet_protocol::{DeviceId, Lots, MarketId};
use caplet_testkit::spot::{self, Spot};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult, WasmMsg,
    to_json_binary,
};
use cw_multi_test::{Contract, ContractWrapper};
use cw_storage_plus::{Item, Map};

/// Lots by device that are promised.
const PROMISED: Map<u32, u16> = Map::new("promised");
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
    SetCapacity {
        market: MarketId,
        device: DeviceId,
        lots: Option<Lots>,
    },
    Place {
        market: MarketId,
        offers: Vec<OfferInput>,
        demands: Vec<DemandInput>,
    },
    Cancel {
        market: MarketId,
        orders: Vec<CancelInput>,
    },
    /// A lease as a clearing opens it, of lots that were offered.
    Spot {
        market: MarketId,
        consumer: u32,
        provider: u32,
        price: u64,
        lots: u16,
    },
    /// Lots for a running lease, as a take brings them.
    Grow {
        market: MarketId,
        consumer: u32,
        provider: u32,
        price: u64,
        lots: u16,
        lease: u64,
    },
    /// Lots that come free.
    Free {
        device: u32,
        lots: u16,
    },
}

fn promise(deps: &mut DepsMut<'_>, device: u32, by: i32) -> StdResult<()> {
    let has = i32::from(PROMISED.may_load(deps.storage, device)?.unwrap_or(0)) + by;
    let most = i32::from(CAPACITY.may_load(deps.storage, device)?.unwrap_or(0));
    if has > most || has < 0 {
        return Err(StdError::msg(format!(
            "device {device}: {has} lots promised, it can do {most}"
        )));
    }
    PROMISED.save(deps.storage, device, &u16::try_from(has).unwrap_or(0))
}

fn instantiate(deps: DepsMut<'_>, _: Env, _: MessageInfo, msg: Init) -> StdResult<Response> {
    ESCROW.save(deps.storage, &Addr::unchecked(msg.escrow))?;
    BASE.save(deps.storage, &10)?;
    Ok(Response::new())
}

fn execute(mut deps: DepsMut<'_>, env: Env, _: MessageInfo, msg: Msg) -> StdResult<Response> {
    match msg {
        Msg::SetCapacity { device, lots, .. } => {
            let lots = lots.map_or(0, |lots| lots.0);
            let promised = PROMISED.may_load(deps.storage, device.0)?.unwrap_or(0);
            if promised > lots {
                return Err(StdError::msg(format!(
                    "{promised} lots are promised, {lots} declared"
                )));
            }
            CAPACITY.save(deps.storage, device.0, &lots)?;
        }
        Msg::Place { offers, .. } => {
            for offer in offers {
                promise(&mut deps, offer.device.0, (offer.batch.0 + offer.instant.0).into())?;
            }
        }
        Msg::Cancel { orders, .. } => {
            for order in orders {
                // the order's number is its lots here, of device 9
                promise(&mut deps, 9, -(order.order.u64() as i32))?;
            }
        }
        Msg::Spot { market, consumer, provider, price, lots } => {
            let now = env.block.time.seconds();
            let of = Spot { consumer, provider, price, lots };
            return spot::open(&ESCROW.load(deps.storage)?, &config(market), market, now, of);
        }
        Msg::Grow { market, consumer, provider, price, lots, lease } => {
            let (flags, unlock) = (INSTANT | PLACED_BY_OWNER, price * u64::from(lots));
            let market = market.0;
            let item = TopUpItem {
                lease,
                lane: 0,
                lots,
                unlock,
                flags,
                consumer,
                provider,
                market,
                price,
            };
            let msg = Escrow::TopUp { items: TopUpItem::pack(&[item]).into() };
            let contract_addr = ESCROW.load(deps.storage)?.to_string();
            let msg = to_json_binary(&msg)?;
            let call = WasmMsg::Execute { contract_addr, msg, funds: Vec::new() };
            return Ok(Response::new().add_message(call));
        }
        Msg::Free { device, lots } => promise(&mut deps, device, -i32::from(lots))?,
    }
    Ok(Response::new())
}

fn query(deps: Deps<'_>, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    match msg {
        QueryMsg::Market { market } => {
            to_json_binary(&spot::shown(&env, market, config(market), BASE.load(deps.storage)?))
        }
        QueryMsg::Capacity { device, .. } => to_json_binary(&ledger(deps, &env, device.0)?),
        _ => Err(StdError::msg("the market and its ledger only")),
    }
}

/// All that is promised stands in open offers here.
fn ledger(deps: Deps<'_>, env: &Env, device: u32) -> StdResult<CapacityResponse> {
    let promised = PROMISED.may_load(deps.storage, device)?.unwrap_or(0);
    let capacity = CAPACITY.may_load(deps.storage, device)?.unwrap_or(0);
    let free = Lots(capacity.saturating_sub(promised));
    Ok(CapacityResponse {
        slot_secs: 3_600,
        current: 0,
        capacity: (capacity > 0).then_some(Lots(capacity)),
        open: Lots(promised),
        open_until: (env.block.time.seconds() + 1).into(),
        slots: vec![SlotResponse { slot: 0, leased: Lots(0), reserved: Lots(0), free }],
    })
}

pub(crate) fn config(market: MarketId) -> MarketConfig {
    spot::config(market, 0)
}

pub(crate) fn code() -> Box<dyn Contract<Empty>> {
    Box::new(ContractWrapper::new(execute, instantiate, query))
}
