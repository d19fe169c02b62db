//! A reputation contract as far as the escrow reads it: the page of standings, set at will.

use caplet_api::layout::{STANDINGS, StandingRecord};
use caplet_base::pages::PageSet;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdResult};
use cw_multi_test::{Contract, ContractWrapper};

/// Writes a device's flags.
#[cw_serde]
pub(crate) struct Flag {
    pub(crate) device: u32,
    pub(crate) flags: u8,
}

pub(crate) fn contract() -> Box<dyn Contract<Empty>> {
    let start = |_: DepsMut<'_>, _: Env, _: MessageInfo, _: Empty| -> StdResult<Response> {
        Ok(Response::new())
    };
    let execute =
        |deps: DepsMut<'_>, _: Env, _: MessageInfo, msg: Flag| -> StdResult<Response> {
            let mut pages = PageSet::new(STANDINGS, &[]);
            let record = StandingRecord { tier: 1, flags: msg.flags };
            pages.put(deps.storage, msg.device, &record.encode())?;
            pages.flush(deps.storage);
            Ok(Response::new())
        };
    let query = |_: Deps<'_>, _: Env, _: Empty| -> StdResult<Binary> { Ok(Binary::default()) };
    Box::new(ContractWrapper::new(execute, start, query))
}
