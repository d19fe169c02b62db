//! Gateways by address and as a list.

use crate::{
    ContractError,
    state::{accounts, gateways},
};
use caplet_api::registry::{GatewayResponse, GatewaysResponse};
use caplet_base::cursor;
use caplet_protocol::AccountId;
use cosmwasm_std::Storage;

pub(super) fn by_address(
    storage: &dyn Storage,
    address: &str,
) -> Result<GatewayResponse, ContractError> {
    let none = || ContractError::NoGateway { address: address.into() };
    let account = accounts::find(storage, address)?.ok_or_else(none)?;
    let gateway = gateways::find(storage, account)?.ok_or_else(none)?;
    show(storage, account, gateway)
}

pub(super) fn list(
    storage: &dyn Storage,
    start_after: Option<AccountId>,
    limit: Option<u32>,
) -> Result<GatewaysResponse, ContractError> {
    let gateways = gateways::list(storage, start_after, cursor::limit(limit))?
        .into_iter()
        .map(|(account, gateway)| show(storage, account, gateway))
        .collect::<Result<_, _>>()?;
    Ok(GatewaysResponse { gateways })
}

fn show(
    storage: &dyn Storage,
    account: AccountId,
    gateway: gateways::Gateway,
) -> Result<GatewayResponse, ContractError> {
    Ok(GatewayResponse {
        account: accounts::response(storage, account)?,
        key: gateway.key,
        addresses: gateway.addresses,
        sequence: gateway.sequence,
        not_after: gateway.not_after,
        cell: gateways::cell(storage, account)?,
    })
}
