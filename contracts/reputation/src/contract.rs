//! Entry points: check permission, hand over, nothing else.

use crate::{
    ContractError, execute, migrate as upgrade, permission, query as ask, rules,
    state::{
        config::{self, Config},
        stakes,
    },
};
use caplet_api::common::MigrateMsg;
use caplet_api::reputation::{ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_base::admin;
#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response};

/// Fixes the owner, the peers and the version, and sets the first rules.
///
/// # Errors
/// If an address is not one of this chain, or the rules contradict themselves.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut<'_>,
    _env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    upgrade::stamp(deps.storage)?;
    admin::init(deps.storage, deps.api, msg.owner, &info.sender)?;
    rules::check(&msg.rules)?;
    let config = Config {
        registry: deps.api.addr_validate(&msg.registry)?,
        escrow: deps.api.addr_validate(&msg.escrow)?,
        rules: msg.rules,
        former: None,
    };
    stakes::show_rules(deps.storage, &config.rules, false);
    config::save(deps.storage, &config)?;
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
    execute::dispatch(deps, &env, &info, msg)
}

/// Answers a question.
///
/// # Errors
/// Storage trouble.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps<'_>, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    ask::answer(deps, &env, msg)
}

/// Brings a reputation contract of an older version to this one.
///
/// # Errors
/// If the stored contract is another one, or newer.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut<'_>, env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    upgrade::upgrade(deps.storage, env.block.time.seconds())?;
    Ok(Response::new())
}
