//! Answers to questions, one file a subject.

mod balances;
mod leases;
mod ledger;

use crate::{
    ContractError,
    state::{allowances::Allowances, assets, books::Books, config, fees},
};
use caplet_api::escrow::{AllowanceResponse, AssetsResponse, ConfigResponse, QueryMsg};
use caplet_base::{admin, domain};
use caplet_protocol::{AssetId, DeviceId};
use cosmwasm_std::{Binary, Deps, Env, Storage, to_json_binary};

/// Answers `msg` as JSON.
pub(crate) fn answer(deps: Deps<'_>, env: &Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let Deps { storage, api, querier } = deps;
    Ok(match msg {
        QueryMsg::Admin {} => to_json_binary(&admin::query(storage)?),
        QueryMsg::Domain {} => to_json_binary(&domain::query(storage)?),
        QueryMsg::Config {} => to_json_binary(&config(storage)?),
        QueryMsg::Assets {} => to_json_binary(&AssetsResponse { assets: assets::all(storage)? }),
        QueryMsg::Balance { address, asset } => {
            let address = api.addr_validate(&address)?;
            to_json_binary(&balances::one(storage, &querier, &address, asset)?)
        }
        QueryMsg::Balances { asset, start_after, limit } => {
            to_json_binary(&balances::list(storage, asset, start_after, limit)?)
        }
        QueryMsg::Allowance { device, asset } => {
            to_json_binary(&allowance(storage, device, asset)?)
        }
        QueryMsg::Lease { lease } => to_json_binary(&leases::one(storage, lease.u64().into())?),
        QueryMsg::Leases { start_after, limit } => {
            let start_after = start_after.map(|lease| lease.u64().into());
            to_json_binary(&leases::list(storage, start_after, limit)?)
        }
        QueryMsg::Ledger { asset } => {
            to_json_binary(&ledger::ledger(storage, &querier, &env.contract.address, asset)?)
        }
    }?)
}

fn config(storage: &dyn Storage) -> Result<ConfigResponse, ContractError> {
    let config = config::load(storage)?;
    Ok(ConfigResponse {
        registry: config.registry.into(),
        reputation: config::reputation(storage)?.map(Into::into),
        openers: config::openers(storage)?.into_iter().map(Into::into).collect(),
        fees: fees::load(storage, fees::current(storage)?)?,
        treasury: config.treasury.map(Into::into),
    })
}

fn allowance(
    storage: &dyn Storage,
    device: DeviceId,
    asset: AssetId,
) -> Result<AllowanceResponse, ContractError> {
    Books::default().of(storage, asset)?;
    let allowance = Allowances::default().get(storage, device, asset);
    let (limit, committed) = (allowance.limit.into(), allowance.committed.into());
    Ok(AllowanceResponse { limit, committed })
}
