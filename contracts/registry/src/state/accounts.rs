//! Accounts: addresses numbered from 1, both ways.

use crate::ContractError;
use caplet_api::{layout, registry::AccountResponse};
use caplet_protocol::AccountId;
use cosmwasm_std::{Addr, StdError, StdResult, Storage};
use cw_storage_plus::{Item, Map};

/// How many accounts there are, which is also the last number given.
const COUNT: Item<u32> = Item::new("accounts");
/// Maps an account number to its address; the way back is under `layout::account_key`, raw, so that
/// peers read it too.
const ADDRESSES: Map<u32, Addr> = Map::new("account");

/// The number of an address, if it has one.
pub(crate) fn find(storage: &dyn Storage, address: &str) -> StdResult<Option<AccountId>> {
    let Some(bytes) = storage.get(&layout::account_key(address)) else { return Ok(None) };
    let number: [u8; 4] =
        bytes.try_into().map_err(|_| StdError::msg("an account number is not four bytes"))?;
    Ok(Some(AccountId(u32::from_be_bytes(number))))
}

/// The number of an address, and whether it was given just now.
pub(crate) fn open(
    storage: &mut dyn Storage,
    address: &Addr,
) -> Result<(AccountId, bool), ContractError> {
    if let Some(account) = find(storage, address.as_str())? {
        return Ok((account, false));
    }
    let number = count(storage)?.checked_add(1).ok_or(ContractError::Full { what: "accounts" })?;
    COUNT.save(storage, &number)?;
    ADDRESSES.save(storage, number, address)?;
    storage.set(&layout::account_key(address.as_str()), &number.to_be_bytes());
    Ok((AccountId(number), true))
}

/// The last number given; 0 before the first.
pub(crate) fn count(storage: &dyn Storage) -> StdResult<u32> {
    Ok(COUNT.may_load(storage)?.unwrap_or_default())
}

/// The address of an account.
pub(crate) fn address(storage: &dyn Storage, account: AccountId) -> Result<Addr, ContractError> {
    match ADDRESSES.may_load(storage, account.0)? {
        Some(address) => Ok(address),
        None => Err(ContractError::NoAccountNumber { account: account.0, last: count(storage)? }),
    }
}

/// An account as queries show it.
pub(crate) fn response(
    storage: &dyn Storage,
    account: AccountId,
) -> Result<AccountResponse, ContractError> {
    Ok(AccountResponse { account, address: address(storage, account)?.into() })
}
