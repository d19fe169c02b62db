//! How far ahead futures of the pool's device may reserve.

use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Item;

/// The market's slot after the last that a series was issued for. Whatever became of the series, beyond it nothing is
/// reserved: nobody but this contract issues for the pool's device.
const END: Item<u32> = Item::new("promised_end");

/// The slot after the last; 0 before there was a series.
pub(crate) fn end(storage: &dyn Storage) -> StdResult<u32> {
    Ok(END.may_load(storage)?.unwrap_or(0))
}

/// Notes a series that ends before a slot.
pub(crate) fn reach(storage: &mut dyn Storage, slot: u32) -> StdResult<()> {
    let end = end(storage)?.max(slot);
    END.save(storage, &end)
}
