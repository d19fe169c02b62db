//! Handlers, one verb a file.

mod rate;
mod reinstate;
mod set_rules;
mod slash;
mod stake;

use crate::ContractError;
use caplet_api::reputation::ExecuteMsg;
use caplet_base::admin;
use caplet_protocol::LeaseId;
use cosmwasm_std::{DepsMut, Env, Event, MessageInfo, Response};

/// Hands each message to its handler.
pub(crate) fn dispatch(
    deps: DepsMut<'_>,
    env: &Env,
    info: &MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let DepsMut { storage, api, querier } = deps;
    let now = env.block.time.seconds();
    let sender = &info.sender;
    if !info.funds.is_empty() && !matches!(msg, ExecuteMsg::Stake { .. }) {
        return Err(ContractError::NoFunds {});
    }
    let events: Vec<Event> = match msg {
        ExecuteMsg::Rate { leases } => {
            admin::assert_running(storage)?;
            rate::rate(storage, querier, now, &leases)?
        }
        ExecuteMsg::Reinstate { device } => reinstate::reinstate(storage, now, device)?,
        ExecuteMsg::Stake { device } => {
            return stake::stake(storage, querier, sender, &info.funds, device);
        }
        ExecuteMsg::Unstake { device } => return stake::unstake(storage, sender, now, device),
        ExecuteMsg::Withdraw { device } => return stake::withdraw(storage, sender, now, device),
        ExecuteMsg::Slash { lease, lane, first, second } => {
            let court = slash::Court { api, querier, now, sender };
            let lease = LeaseId(lease.u64());
            return slash::slash(storage, &court, (lease, lane), [&first, &second]);
        }
        ExecuteMsg::SetRules(rules) => set_rules::set_rules(storage, rules)?,
        ExecuteMsg::Admin(msg) => vec![admin::execute(storage, api, sender, msg)?],
    };
    Ok(Response::new().add_events(events))
}
