//! Accounts by address and by number.

use crate::{ContractError, state::accounts};
use caplet_api::registry::AccountResponse;
use caplet_protocol::AccountId;
use cosmwasm_std::Storage;

pub(super) fn by_address(
    storage: &dyn Storage,
    address: &str,
) -> Result<AccountResponse, ContractError> {
    let account = accounts::find(storage, address)?
        .ok_or_else(|| ContractError::NoAccount { address: address.into() })?;
    Ok(AccountResponse { account, address: address.into() })
}

pub(super) fn by_number(
    storage: &dyn Storage,
    account: AccountId,
) -> Result<AccountResponse, ContractError> {
    accounts::response(storage, account)
}
