//! Answers, a file for each thing that is asked about.

mod account;
mod device;
mod enclave;
mod gateway;
mod grants;
mod rtts;

use crate::ContractError;
use caplet_api::registry::QueryMsg;
use caplet_base::{admin, domain};
use cosmwasm_std::{Binary, Deps, Env, to_json_binary};

/// Answers a question.
pub(crate) fn answer(deps: Deps<'_>, env: &Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let storage = deps.storage;
    let answer = match msg {
        QueryMsg::Admin {} => to_json_binary(&admin::query(storage)?),
        QueryMsg::Domain {} => to_json_binary(&domain::query(storage)?),
        QueryMsg::Account { address } => to_json_binary(&account::by_address(storage, &address)?),
        QueryMsg::AccountById { account } => to_json_binary(&account::by_number(storage, account)?),
        QueryMsg::Device { device } => to_json_binary(&device::by_number(storage, device)?),
        QueryMsg::DeviceByKey { key } => to_json_binary(&device::by_key(storage, &key)?),
        QueryMsg::Devices { start_after, limit } => {
            to_json_binary(&device::list(storage, start_after, limit)?)
        }
        QueryMsg::Gateway { address } => to_json_binary(&gateway::by_address(storage, &address)?),
        QueryMsg::Gateways { start_after, limit } => {
            to_json_binary(&gateway::list(storage, start_after, limit)?)
        }
        QueryMsg::CellLatency { a, b } => {
            to_json_binary(&rtts::between(storage, a, b, env.block.time.seconds())?)
        }
        QueryMsg::Rtts { gateway } => {
            to_json_binary(&rtts::of(storage, gateway, env.block.time.seconds())?)
        }
        QueryMsg::Enclave { device } => {
            to_json_binary(&enclave::of(storage, device, env.block.time.seconds())?)
        }
        QueryMsg::Enclaves { start_after, limit } => {
            let now = env.block.time.seconds();
            to_json_binary(&enclave::list(storage, start_after, limit, now)?)
        }
        QueryMsg::Attesters {} => to_json_binary(&enclave::attesters(storage)?),
        QueryMsg::Grants { device } => {
            to_json_binary(&grants::of(storage, device, env.block.time.seconds())?)
        }
    };
    Ok(answer?)
}
