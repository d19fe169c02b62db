//! Entry points: check permission, hand over, nothing else.

use crate::state::{config, rules};
use crate::{ContractError, execute as verbs, migrate as upgrade, permission, query as ask};
use caplet_api::common::MigrateMsg;
use caplet_api::futures::{ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_base::admin;
#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Reply, Response};

/// Fixes the owner, the peers, the rules and the version.
///
/// # Errors
/// If an address is not one of this chain or a rule does not fit.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut<'_>,
    _env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    permission::no_coins(&info)?;
    upgrade::stamp(deps.storage)?;
    config::init(deps.storage, deps.api, &msg)?;
    rules::set(deps.storage, &msg.rules)?;
    admin::init(deps.storage, deps.api, msg.owner, &info.sender)?;
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
    verbs::dispatch(deps, &env, &info.sender, msg)
}

/// Notes the lease that an exercise opened.
///
/// # Errors
/// If escrow opened none.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn reply(deps: DepsMut<'_>, _env: Env, reply: Reply) -> Result<Response, ContractError> {
    verbs::opened(deps.storage, reply)
}

/// Answers a question.
///
/// # Errors
/// If what is asked for does not exist.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps<'_>, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    ask::answer(deps, &env, msg)
}

/// Brings a futures contract of an older version to this one.
///
/// # Errors
/// If the stored contract is another one, or newer.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut<'_>, env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    upgrade::upgrade(deps.storage, env.block.time.seconds())?;
    Ok(Response::new())
}
