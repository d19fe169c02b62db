//! Lots that are for sale as long as their position has them.

use crate::ContractError;
use caplet_protocol::DeviceId;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Order, StdResult, Storage};
use cw_storage_plus::{Bound, Item, Map};

/// A listing.
#[cw_serde]
#[derive(Copy)]
pub(crate) struct Listing {
    /// The series.
    pub(crate) series: u32,
    /// Who sells.
    pub(crate) device: DeviceId,
    /// First slot.
    pub(crate) from: u16,
    /// The slot after the last.
    pub(crate) to: u16,
    /// Lots left in each of them.
    pub(crate) lots: u16,
    /// Base units a lot, what is prepaid included.
    pub(crate) price: u64,
}

/// Maps a number to its listing.
const LISTINGS: Map<u64, Listing> = Map::new("listings");
/// Last number given.
const LAST: Item<u64> = Item::new("last_listing");

/// Numbers and stores a listing.
pub(crate) fn add(storage: &mut dyn Storage, listing: &Listing) -> Result<u64, ContractError> {
    let last = LAST.may_load(storage)?.unwrap_or(0);
    let number = last.checked_add(1).ok_or(ContractError::Exhausted("listings"))?;
    LAST.save(storage, &number)?;
    LISTINGS.save(storage, number, listing)?;
    Ok(number)
}

/// A listing.
pub(crate) fn load(storage: &dyn Storage, listing: u64) -> Result<Listing, ContractError> {
    LISTINGS.may_load(storage, listing)?.ok_or(ContractError::UnknownListing { listing })
}

/// Stores what is left of a listing.
pub(crate) fn save(storage: &mut dyn Storage, number: u64, listing: &Listing) -> StdResult<()> {
    if listing.lots == 0 {
        LISTINGS.remove(storage, number);
        return Ok(());
    }
    LISTINGS.save(storage, number, listing)
}

/// Listings after a number, ascending.
pub(crate) fn range(
    storage: &dyn Storage,
    after: Option<u64>,
) -> impl Iterator<Item = StdResult<(u64, Listing)>> + '_ {
    LISTINGS.range(storage, after.map(Bound::exclusive), None, Order::Ascending)
}
