//! A small contract: a tip jar that counts, pays out, and fails when told to.

use caplet_chain::embedded::{Contract, ContractWrapper, NativeCode};
use cosmwasm_std::{
    BankMsg, Binary, Deps, DepsMut, Empty, Env, Event, MessageInfo, Response, StdError, StdResult,
    to_json_binary,
};
use cw_storage_plus::Item;
use serde::{Deserialize, Serialize};

pub(crate) const COUNT: Item<u64> = Item::new("count");

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExecuteMsg {
    Add { by: u64 },
    PayOut { to: String },
    Fail {},
    Panic {},
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QueryMsg {
    Count {},
    Height {},
    Panic {},
}

fn instantiate(deps: DepsMut, _: Env, _: MessageInfo, start: u64) -> StdResult<Response> {
    COUNT.save(deps.storage, &start)?;
    Ok(Response::new().add_attribute("start", start.to_string()))
}

fn execute(deps: DepsMut, env: Env, _: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    match msg {
        ExecuteMsg::Add { by } => {
            let count = COUNT.load(deps.storage)? + by;
            COUNT.save(deps.storage, &count)?;
            let counted = Event::new("counted").add_attribute("count", count.to_string());
            Ok(Response::new().add_event(counted))
        }
        ExecuteMsg::PayOut { to } => {
            let amount = vec![deps.querier.query_balance(env.contract.address, "ucap")?];
            Ok(Response::new().add_message(BankMsg::Send { to_address: to, amount }))
        }
        ExecuteMsg::Fail {} => Err(StdError::msg("told to fail")),
        ExecuteMsg::Panic {} => panic!("told to panic"),
    }
}

fn query(deps: Deps, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    match msg {
        QueryMsg::Count {} => to_json_binary(&COUNT.load(deps.storage)?),
        QueryMsg::Height {} => to_json_binary(&env.block.height),
        QueryMsg::Panic {} => panic!("told to panic"),
    }
}

fn migrate(deps: DepsMut, _: Env, to: u64) -> StdResult<Response> {
    COUNT.save(deps.storage, &to)?;
    Ok(Response::new())
}

/// The same state, another behaviour: what an incompatible new binary would bring.
fn execute_otherwise(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> StdResult<Response> {
    Ok(execute(deps, env, info, msg)?.add_attribute("version", "2"))
}

fn build() -> Box<dyn Contract<Empty>> {
    Box::new(ContractWrapper::new(execute, instantiate, query).with_migrate(migrate))
}

fn build_otherwise() -> Box<dyn Contract<Empty>> {
    Box::new(ContractWrapper::new(execute_otherwise, instantiate, query).with_migrate(migrate))
}

pub(crate) const JAR: NativeCode = NativeCode { name: "jar", build };
pub(crate) const CHANGED_JAR: NativeCode = NativeCode { name: "jar", build: build_otherwise };
