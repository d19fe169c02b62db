//! Standings of devices, each loaded once a message and written once.

use crate::standing::Standing;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Order, StdResult, Storage};
use cw_storage_plus::{Bound, Map};
use std::collections::{BTreeMap, btree_map::Entry};

/// Maps a rated device to its standing.
const STANDINGS: Map<u32, Standing> = Map::new("standing");

/// A device's standing; `None` for the unrated.
pub(crate) fn find(storage: &dyn Storage, device: DeviceId) -> StdResult<Option<Standing>> {
    STANDINGS.may_load(storage, device.0)
}

/// Replaces a device's standing.
pub(crate) fn save(
    storage: &mut dyn Storage,
    device: DeviceId,
    standing: &Standing,
) -> StdResult<()> {
    STANDINGS.save(storage, device.0, standing)
}

/// Rated devices after a number.
pub(crate) fn list(
    storage: &dyn Storage,
    start_after: Option<DeviceId>,
    limit: usize,
) -> StdResult<Vec<(DeviceId, Standing)>> {
    let start = start_after.map(|device| Bound::exclusive(device.0));
    STANDINGS
        .range(storage, start, None, Order::Ascending)
        .take(limit)
        .map(|item| item.map(|(device, standing)| (DeviceId(device), standing)))
        .collect()
}

/// The standings that one message changes.
#[derive(Default)]
pub(crate) struct Standings(BTreeMap<DeviceId, Standing>);

impl Standings {
    /// A device's standing, to be changed; a fresh one for the unrated.
    pub(crate) fn of(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        now: u64,
    ) -> StdResult<&mut Standing> {
        match self.0.entry(device) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let standing = find(storage, device)?.unwrap_or_else(|| Standing::new(now));
                Ok(place.insert(standing))
            }
        }
    }

    /// Stores them all.
    pub(crate) fn flush(self, storage: &mut dyn Storage) -> StdResult<()> {
        for (device, standing) in self.0 {
            save(storage, device, &standing)?;
        }
        Ok(())
    }
}
