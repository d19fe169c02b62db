//! Handlers, one verb a file, and what they share.

mod approve;
mod bid;
mod buy;
mod call;
mod close;
mod close_auction;
mod default;
mod end_sale;
mod exercise;
mod issue;
mod list;
mod novate;
mod observe;
mod positions;
mod reckon;
mod release;
mod settle;
mod substitute;
mod take;
mod top_up;
mod transfer;

pub(crate) use exercise::opened;

use crate::ContractError;
use crate::context::Context;
use crate::state::{config, rules};
use crate::till::Till;
use caplet_api::futures::{ExecuteMsg, MAX_ITEMS};
use caplet_base::admin;
use cosmwasm_std::{DepsMut, Env, Response, Storage};

/// What every handler works with.
pub(crate) struct Work<'a, 'q> {
    pub(crate) storage: &'a mut dyn Storage,
    pub(crate) context: Context<'q>,
    pub(crate) till: Till,
}

/// Hands each message to its handler.
pub(crate) fn dispatch(
    deps: DepsMut<'_>,
    env: &Env,
    sender: &cosmwasm_std::Addr,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let DepsMut { storage, api, querier } = deps;
    let peers = config::load(storage)?;
    let till = Till::new(&peers);
    let context = Context { querier, sender, now: env.block.time.seconds(), peers };
    let mut work = Work { storage, context, till };
    match msg {
        ExecuteMsg::SetRules(new) => rules::set(work.storage, &new)?,
        ExecuteMsg::Admin(msg) => {
            let event = admin::execute(work.storage, api, sender, msg)?;
            work.till.say(event);
        }
        ExecuteMsg::Approve { operator, until } => {
            let operator = api.addr_validate(&operator)?;
            approve::approve(&mut work, &operator, until.u64())?;
        }
        other => trade(&mut work, other)?,
    }
    Ok(work.till.done())
}

/// Messages of buyers and of whoever settles; the rest is the seller's.
fn trade(work: &mut Work<'_, '_>, msg: ExecuteMsg) -> Result<(), ContractError> {
    match msg {
        ExecuteMsg::Buy { series, device, from, to, lots } => {
            buy::buy(work, series, device, (from, to), lots.0)
        }
        ExecuteMsg::Bid { series, device, lots, limit } => {
            bid::bid(work, series, device, lots.0, limit.u64())
        }
        ExecuteMsg::CloseAuction { series } => close_auction::close_auction(work, series),
        ExecuteMsg::Transfer { series, from, to, first, end, lots } => {
            transfer::transfer(work, series, from, to, (first, end), lots.0)
        }
        ExecuteMsg::List { series, device, from, to, lots, price } => {
            list::list(work, series, device, (from, to), lots.0, price.u64())
        }
        ExecuteMsg::Unlist { listing } => list::unlist(work, listing.u64()),
        ExecuteMsg::Take { listing, device, lots, limit } => {
            take::take(work, listing.u64(), device, lots.0, limit.u64())
        }
        ExecuteMsg::Exercise { series, device, slot, lots, consumer } => {
            exercise::exercise(work, series, device, slot, lots.0, consumer)
        }
        ExecuteMsg::Settle { series, devices } => settle::settle(work, series, &devices),
        ExecuteMsg::Reckon { leases } => reckon::reckon(work, &leases),
        other => sell(work, other),
    }
}

/// Messages of sellers, and of whoever watches them.
fn sell(work: &mut Work<'_, '_>, msg: ExecuteMsg) -> Result<(), ContractError> {
    match msg {
        ExecuteMsg::Issue(input) => issue::issue(work, input, None),
        ExecuteMsg::IssueBacked { series, backer } => issue::issue(work, series, Some(backer)),
        ExecuteMsg::EndSale { series } => end_sale::end_sale(work, series),
        ExecuteMsg::Observe { market, leases } => observe::observe(work, market, &leases),
        ExecuteMsg::Call { series } => call::call(work, series),
        ExecuteMsg::TopUp { series, amount } => top_up::top_up(work, series, amount.u64()),
        ExecuteMsg::Release { series, amount } => release::release(work, series, amount.u64()),
        ExecuteMsg::Default { series } => default::default(work, series),
        ExecuteMsg::Substitute { series, device } => substitute::substitute(work, series, device),
        ExecuteMsg::OfferNovation { series, to } => novate::offer(work, series, to),
        ExecuteMsg::Novate { series, device, collateral } => {
            novate::novate(work, series, device, collateral.u64())
        }
        ExecuteMsg::Close { series } => close::close(work, series),
        other => Err(ContractError::lost(&format!("{other:?} has no handler"))),
    }
}

/// Passes numbers within a range.
fn within(what: &'static str, given: u64, least: u64, most: u64) -> Result<(), ContractError> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    Err(ContractError::Range { what, given, least, most })
}

/// Passes lists of 1 to [`MAX_ITEMS`].
fn bounded(what: &'static str, count: usize) -> Result<(), ContractError> {
    let given = u64::try_from(count).unwrap_or(u64::MAX);
    within(what, given, 1, u64::try_from(MAX_ITEMS).unwrap_or(u64::MAX))
}
