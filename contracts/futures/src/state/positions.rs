//! Who holds how many lots of a series in which slots.

use super::runs;
use caplet_mechanism::strip::Strip;
use caplet_protocol::DeviceId;
use cosmwasm_schema::serde::{Deserialize, Serialize};
use cosmwasm_std::{Order, StdResult, Storage};
use cw_storage_plus::{Bound, Map};

#[derive(Clone, Serialize, Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
struct Held {
    #[serde(with = "runs")]
    lots: Strip,
}

/// Maps a series and a device to what it holds; there is no entry for nothing.
const POSITIONS: Map<(u32, u32), Held> = Map::new("positions");

/// What a device holds.
pub(crate) fn load(storage: &dyn Storage, series: u32, device: DeviceId) -> StdResult<Strip> {
    let held = POSITIONS.may_load(storage, (series, device.0))?;
    Ok(held.map(|held| held.lots).unwrap_or_default())
}

/// Stores what a device holds.
pub(crate) fn save(
    storage: &mut dyn Storage,
    series: u32,
    device: DeviceId,
    lots: Strip,
) -> StdResult<()> {
    if lots.is_empty() {
        POSITIONS.remove(storage, (series, device.0));
        return Ok(());
    }
    POSITIONS.save(storage, (series, device.0), &Held { lots })
}

/// Positions of a series after a holder, ascending.
pub(crate) fn range(
    storage: &dyn Storage,
    series: u32,
    after: Option<DeviceId>,
) -> impl Iterator<Item = StdResult<(DeviceId, Strip)>> + '_ {
    let from = after.map(|device| Bound::exclusive(device.0));
    let held = POSITIONS.prefix(series).range(storage, from, None, Order::Ascending);
    held.map(|entry| entry.map(|(device, held)| (DeviceId(device), held.lots)))
}
