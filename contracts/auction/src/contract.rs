//! Entry points: check permission, hand over, nothing else.

use crate::{ContractError, execute, migrate as upgrade, peers, permission, query as ask};
use caplet_api::auction::{ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_api::common::MigrateMsg;
use caplet_base::{admin, domain};
#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response};

/// Fixes the owner, the peers, the signing domain and the version.
///
/// # Errors
/// If an address is not one of this chain.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    upgrade::stamp(deps.storage)?;
    peers::init(deps.storage, deps.api, &msg)?;
    admin::init(deps.storage, deps.api, msg.owner, &info.sender)?;
    domain::init(deps.storage, &env)?;
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
    permission::check(deps.storage, &info.sender, &msg)?;
    execute::dispatch(deps, &env, &info.sender, msg)
}

/// Answers a question.
///
/// # Errors
/// If what is asked for does not exist.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps<'_>, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    ask::answer(deps, &env, msg)
}

/// Brings an auction of an older version to this one.
///
/// # Errors
/// If the stored contract is another one, or newer.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut<'_>, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    upgrade::upgrade(deps.storage)?;
    Ok(Response::new())
}
