//! Entry points: check permission, hand over, nothing else.

use crate::{ContractError, execute, migrate as upgrade, permission, query as ask, state};
use caplet_api::attest::{ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_api::common::{DomainResponse, MigrateMsg};
use caplet_api::registry;
use caplet_base::admin;
#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response};

/// Fixes the owner, the registry with its domain, the root and the policy.
///
/// # Errors
/// If an address is not one of this chain, the registry is none, the root is over or the policy is none.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    upgrade::stamp(deps.storage)?;
    admin::init(deps.storage, deps.api, msg.owner, &info.sender)?;
    let registry = deps.api.addr_validate(&msg.registry)?;
    let domain: DomainResponse =
        deps.querier.query_wasm_smart(&registry, &registry::QueryMsg::Domain {})?;
    state::set_peer(deps.storage, &state::Peer { registry, domain: domain.domain })?;
    state::set_root(deps.storage, &msg.root, env.block.time.seconds())?;
    state::set_policy(deps.storage, &msg.policy)?;
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
/// If storage fails.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps<'_>, _env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    ask::answer(deps.storage, msg)
}

/// Brings a verifier of an older version to this one.
///
/// # Errors
/// If the stored contract is another one, or newer.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut<'_>, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    upgrade::upgrade(deps.storage)?;
    Ok(Response::new())
}
