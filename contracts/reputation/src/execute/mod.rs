//! Handlers, one verb a file.

mod rate;
mod reinstate;
mod set_rules;

use crate::ContractError;
use caplet_api::reputation::ExecuteMsg;
use caplet_base::admin;
use cosmwasm_std::{Addr, DepsMut, Env, Event, Response};

/// Hands each message to its handler.
pub(crate) fn dispatch(
    deps: DepsMut<'_>,
    env: &Env,
    sender: &Addr,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let DepsMut { storage, api, querier } = deps;
    let now = env.block.time.seconds();
    let events: Vec<Event> = match msg {
        ExecuteMsg::Rate { leases } => {
            admin::assert_running(storage)?;
            rate::rate(storage, querier, now, &leases)?
        }
        ExecuteMsg::Reinstate { device } => reinstate::reinstate(storage, now, device)?,
        ExecuteMsg::SetRules(rules) => set_rules::set_rules(storage, rules)?,
        ExecuteMsg::Admin(msg) => vec![admin::execute(storage, api, sender, msg)?],
    };
    Ok(Response::new().add_events(events))
}
