//! Accounts that act for others here.

use caplet_protocol::AccountId;
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Map;

/// Maps an owner's account and an operator's address to the Unix second until when it may act.
const OPERATORS: Map<(u32, &Addr), u64> = Map::new("operators");

/// Lets an operator act until a time; 0 revokes.
pub(crate) fn set(
    storage: &mut dyn Storage,
    owner: AccountId,
    operator: &Addr,
    until: u64,
) -> StdResult<()> {
    if until == 0 {
        OPERATORS.remove(storage, (owner.0, operator));
        return Ok(());
    }
    OPERATORS.save(storage, (owner.0, operator), &until)
}

/// Until when an operator may act; 0 for never.
pub(crate) fn until(storage: &dyn Storage, owner: AccountId, operator: &Addr) -> StdResult<u64> {
    Ok(OPERATORS.may_load(storage, (owner.0, operator))?.unwrap_or(0))
}

/// Whether an operator may act now.
pub(crate) fn may(
    storage: &dyn Storage,
    owner: AccountId,
    operator: &Addr,
    now: u64,
) -> StdResult<bool> {
    Ok(until(storage, owner, operator)? >= now)
}
