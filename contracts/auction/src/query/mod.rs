//! Answers, a file for each thing that is asked about.

mod capacity;
mod clearing;
mod explain;
mod market;
mod orders;
mod tables;

use crate::{ContractError, peers};
use caplet_api::auction::QueryMsg;
use caplet_base::{admin, domain};
use cosmwasm_std::{Binary, Deps, Env, to_json_binary};

/// Answers a question as of the block of the query.
pub(crate) fn answer(deps: Deps<'_>, env: &Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let (storage, now) = (deps.storage, env.block.time.seconds());
    let answer = match msg {
        QueryMsg::Admin {} => to_json_binary(&admin::query(storage)?),
        QueryMsg::Domain {} => to_json_binary(&domain::query(storage)?),
        QueryMsg::Config {} => to_json_binary(&peers::query(storage)?),
        QueryMsg::Market { market } => to_json_binary(&market::one(storage, market, now)?),
        QueryMsg::Markets { start_after, limit } => {
            to_json_binary(&market::list(storage, start_after, limit, now)?)
        }
        QueryMsg::Tables { market } => to_json_binary(&tables::of(storage, market)?),
        QueryMsg::Latency {} => to_json_binary(&tables::latency(storage)?),
        QueryMsg::Order { market, side, order } => {
            to_json_binary(&orders::one(storage, market, now, side, order)?)
        }
        QueryMsg::Capacity { market, device, first_slot, slots } => {
            to_json_binary(&capacity::of(storage, market, now, device, first_slot, slots)?)
        }
        QueryMsg::Reservers {} => to_json_binary(&peers::query_reservers(storage)?),
        QueryMsg::Scan { market, keeper } => {
            to_json_binary(&clearing::scan(storage, market, &keeper)?)
        }
        QueryMsg::Standing { market, side, start_after, limit } => {
            to_json_binary(&orders::standing(storage, market, side, start_after, limit)?)
        }
        QueryMsg::Explain { market, demand } => {
            to_json_binary(&explain::explain(storage, market, now, demand)?)
        }
        QueryMsg::Orders { market, side, start_after, limit } => {
            to_json_binary(&orders::list(storage, market, now, side, start_after, limit)?)
        }
    };
    Ok(answer?)
}
