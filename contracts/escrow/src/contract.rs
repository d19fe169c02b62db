//! Entry points: check permission, hand over, nothing else.

use crate::{
    ContractError,
    error::MoneyError,
    execute as verbs, migrate as upgrade, permission, query as ask,
    state::{config, fees},
};
use caplet_api::common::MigrateMsg;
use caplet_api::escrow::{ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_base::{admin, domain};
#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response};

/// Fixes owner, signing domain, version, peers, assets and fees. Nobody may lock or open before the
/// owner names openers.
///
/// # Errors
/// If an address is not one of this chain, or an asset or the fees are refused.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    if !info.funds.is_empty() {
        let coins: Vec<String> = info.funds.iter().map(ToString::to_string).collect();
        let coins = coins.join(", ");
        return Err(MoneyError::UnexpectedCoins { name: "instantiate", coins }.into());
    }
    upgrade::stamp(deps.storage)?;
    admin::init(deps.storage, deps.api, msg.owner, &info.sender)?;
    domain::init(deps.storage, &env)?;
    let registry = deps.api.addr_validate(&msg.registry)?;
    let treasury = msg.treasury.map(|address| deps.api.addr_validate(&address)).transpose()?;
    config::init(deps.storage, &config::Config { registry, treasury })?;
    fees::set(deps.storage, msg.fees)?;
    for asset in msg.assets {
        verbs::add_asset::add_asset(deps.storage, deps.api, &deps.querier, &env, asset)?;
    }
    Ok(Response::new())
}

/// Carries out a message whose sender may send it.
///
/// # Errors
/// See [`ContractError`]; nothing is changed then.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn execute(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    permission::check(deps.storage, &info, &msg)?;
    verbs::dispatch(deps, &env, info, msg)
}

/// Answers a question.
///
/// # Errors
/// If what is asked for does not exist.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps<'_>, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    ask::answer(deps, &env, msg)
}

/// Brings an escrow of an older version to this one.
///
/// # Errors
/// If the stored contract is another one, or newer.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut<'_>, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    upgrade::upgrade(deps.storage)?;
    Ok(Response::new())
}
