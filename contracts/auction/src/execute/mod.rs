//! Handlers, one verb a file, and what they share.

mod admit;
mod authority;
mod brought;
mod cancel;
mod clear;
mod create_market;
mod expire;
mod parties;
mod place;
mod relay;
mod set_latency;
mod take;

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
        ExecuteMsg::Take { offer, demand, market } => {
            take::take(storage, &context, market, order_id(offer)?, demand)
        }
        ExecuteMsg::Cancel { market, orders } => cancel::cancel(storage, &context, market, orders),
        ExecuteMsg::Expire { market, side, orders } => {
            expire::expire(storage, &context, market, side, &orders)
        }
        ExecuteMsg::Clear { market, epoch, fills, prices } => {
            clear::clear(storage, &context, market, epoch, &fills, &prices)
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
