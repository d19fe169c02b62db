//! Bids in auctions that have not closed.

use caplet_protocol::DeviceId;
use cosmwasm_schema::cw_serde;
#[cfg(not(target_arch = "wasm32"))]
use cosmwasm_std::Order;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;

/// A bid for whole lines.
#[cw_serde]
#[derive(Copy)]
pub(crate) struct Bid {
    /// Its number within the series: the older is served first.
    pub(crate) number: u32,
    /// Who bids.
    pub(crate) device: DeviceId,
    /// Lots in each slot.
    pub(crate) lots: u16,
    /// Most base units a lot.
    pub(crate) limit: u64,
}

/// Maps a series to its bids, at most `MAX_BIDS`.
const BIDS: Map<u32, Vec<Bid>> = Map::new("bids");

/// A series' bids, the highest first, among equals the oldest.
pub(crate) fn load(storage: &dyn Storage, series: u32) -> StdResult<Vec<Bid>> {
    let mut bids = BIDS.may_load(storage, series)?.unwrap_or_default();
    bids.sort_by_key(|bid| (core::cmp::Reverse(bid.limit), bid.number));
    Ok(bids)
}

/// Stores a series' bids.
pub(crate) fn save(storage: &mut dyn Storage, series: u32, bids: &Vec<Bid>) -> StdResult<()> {
    if bids.is_empty() {
        BIDS.remove(storage, series);
        return Ok(());
    }
    BIDS.save(storage, series, bids)
}

/// All series with bids.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn all(storage: &dyn Storage) -> impl Iterator<Item = StdResult<(u32, Vec<Bid>)>> + '_ {
    BIDS.range(storage, None, None, Order::Ascending)
}
