//! Handlers, one verb a file, and what they share.

mod admit;
mod authority;
mod brought;
mod cancel;
mod capacity;
pub(crate) mod clear;
mod create_market;
mod expire;
mod parties;
mod place;
mod reclass;
mod refresh_latency;
mod relay;
mod renew;
mod set_latency;
mod take;

use self::capacity::Claim;
use crate::ContractError;
use crate::peers::{self, Peers};
use caplet_api::auction::ExecuteMsg;
use caplet_base::admin;
use caplet_protocol::OrderId;
use cosmwasm_std::{Addr, Api, DepsMut, Env, QuerierWrapper, Response, Uint64};

/// What a handler knows of the world.
pub(crate) struct Context<'a> {
    pub(crate) api: &'a dyn Api,
    pub(crate) querier: QuerierWrapper<'a>,
    pub(crate) sender: &'a Addr,
    /// Block time, Unix seconds.
    pub(crate) now: u64,
    pub(crate) peers: Peers,
}

/// Hands each message to its handler.
pub(crate) fn dispatch(
    deps: DepsMut<'_>,
    env: &Env,
    sender: &Addr,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let DepsMut { storage, api, querier } = deps;
    let peers = peers::load(storage)?;
    let context = Context { api, querier, sender, now: env.block.time.seconds(), peers };
    match msg {
        ExecuteMsg::CreateMarket(config) => {
            let accepted = create_market::accepted(&context)?;
            create_market::create_market(storage, context.now, &config, &accepted)
        }
        ExecuteMsg::SetLatency { entries } => set_latency::set_latency(storage, &entries),
        ExecuteMsg::Place { market, offers, demands } => {
            place::written_out(storage, &context, market, offers, demands)
        }
        ExecuteMsg::Relay { market, offers, demands } => {
            relay::relay(storage, &context, market, &offers, &demands)
        }
        ExecuteMsg::Take { offer, demand, market, lease } => {
            let lease = lease.map(|lease| lease.u64());
            take::take(storage, &context, market, order_id(offer)?, demand, lease)
        }
        ExecuteMsg::Cancel { market, orders } => cancel::cancel(storage, &context, market, orders),
        ExecuteMsg::Expire { market, side, orders } => {
            expire::expire(storage, &context, market, side, &orders)
        }
        ExecuteMsg::Clear { market, epoch, fills, prices } => {
            clear::clear(storage, &context, market, epoch, &fills, &prices)
        }
        ExecuteMsg::BeginClear { market, epoch, fills, prices, orders } => {
            clear::begin(storage, &context, (market, epoch), &fills, &prices, orders)
        }
        ExecuteMsg::ContinueClear { market, epoch, orders } => {
            clear::go_on_with(storage, &context, market, epoch, orders)
        }
        ExecuteMsg::Renew { market, side, orders } => {
            renew::renew(storage, &context, market, side, &orders)
        }
        ExecuteMsg::Reclass { market, side, orders } => {
            reclass::reclass(storage, &context, market, side, &orders)
        }
        ExecuteMsg::SetCapacity { market, device, lots } => {
            capacity::set(storage, &context, market, device, lots)
        }
        ExecuteMsg::Reserve { market, device, first_slot, slots, lots } => {
            let claim = Claim { device, first_slot, slots, lots };
            capacity::reserve(storage, &context, market, &claim)
        }
        ExecuteMsg::Release { market, device, first_slot, slots, lots } => {
            let claim = Claim { device, first_slot, slots, lots };
            capacity::release(storage, &context, market, &claim)
        }
        ExecuteMsg::Return { market, leases } => {
            capacity::give_back(storage, &context, market, &leases)
        }
        ExecuteMsg::SetReservers { contracts } => {
            capacity::set_reservers(storage, &context, &contracts)
        }
        ExecuteMsg::RefreshLatency { pairs } => {
            refresh_latency::refresh_latency(storage, &context, &pairs)
        }
        ExecuteMsg::Admin(msg) => {
            Ok(Response::new().add_event(admin::execute(storage, api, sender, msg)?))
        }
    }
}

/// An order's id as messages write it.
pub(crate) fn order_id(number: Uint64) -> Result<OrderId, ContractError> {
    OrderId::from_u64(number.u64()).ok_or(ContractError::NotAnOrder(number.u64()))
}

/// Passes lists of 1 to `most`.
fn bounded(what: &'static str, count: usize, most: usize) -> Result<(), ContractError> {
    if (1..=most).contains(&count) {
        return Ok(());
    }
    Err(ContractError::Count { what, count, most })
}
