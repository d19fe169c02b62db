//! A store of standing pages in the place of the reputation contract: only its pages are read.

use caplet_api::layout::{STANDINGS, SUSPENDED, StandingRecord};
use caplet_base::pages::PageSet;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult};
use cw_multi_test::{Contract, ContractWrapper};

/// Sets where a device stands.
#[cw_serde]
pub struct Set {
    /// The device.
    pub device: u32,
    /// Its tier.
    pub tier: u8,
    /// Whether it is suspended.
    pub suspended: bool,
}

fn instantiate(_: DepsMut<'_>, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
    Ok(Response::new())
}

fn execute(deps: DepsMut<'_>, _: Env, _: MessageInfo, msg: Set) -> StdResult<Response> {
    let mut pages = PageSet::new(STANDINGS, &[]);
    let flags = if msg.suspended { SUSPENDED } else { 0 };
    let record = StandingRecord { tier: msg.tier, flags };
    pages.put(deps.storage, msg.device, &record.encode())?;
    pages.flush(deps.storage);
    Ok(Response::new())
}

fn query(_: Deps<'_>, _: Env, _: Empty) -> StdResult<Binary> {
    Err(StdError::msg("only its pages are read"))
}

/// Its code.
#[must_use]
pub fn code() -> Box<dyn Contract<Empty>> {
    Box::new(ContractWrapper::new(execute, instantiate, query))
}
