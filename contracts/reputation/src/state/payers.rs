//! What each payer added to each device in a window, so that nobody buys a name, or ruins one, alone.

use caplet_protocol::{AccountId, DeviceId};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{StdResult, Storage, Uint64};
use cw_storage_plus::Map;
use std::collections::{BTreeMap, btree_map::Entry};

/// What a payer added in its latest window.
#[cw_serde]
#[derive(Copy, Default)]
struct Added {
    /// Number of the window, Unix seconds / `window_secs`.
    window: Uint64,
    /// Thousandths of a standard lease.
    weight: Uint64,
    /// Whether one of its complaints was a fault.
    faulted: bool,
}

/// Maps (device, payer) to what the payer added to the device in its latest window.
const ADDED: Map<(u32, u32), Added> = Map::new("payer");

/// The sums that one message changes.
#[derive(Default)]
pub(crate) struct Payers(BTreeMap<(u32, u32), Added>);

impl Payers {
    /// What the payer added to the device in `window` so far, thousandths of a standard lease.
    ///
    /// A lease of an earlier window than the latest one counts in the latest: late ratings gain nothing.
    pub(crate) fn used(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        window: u64,
    ) -> StdResult<u64> {
        Ok(self.of(storage, pair, window)?.weight.u64())
    }

    /// Adds to it.
    pub(crate) fn add(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        window: u64,
        weight: u64,
    ) -> StdResult<()> {
        let added = self.of(storage, pair, window)?;
        added.weight = added.weight.saturating_add(weight.into());
        Ok(())
    }

    /// Notes that a complaint is a fault; true for the payer's first in the window.
    pub(crate) fn fault(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        window: u64,
    ) -> StdResult<bool> {
        let added = self.of(storage, pair, window)?;
        Ok(!std::mem::replace(&mut added.faulted, true))
    }

    fn of(
        &mut self,
        storage: &dyn Storage,
        (device, payer): (DeviceId, AccountId),
        window: u64,
    ) -> StdResult<&mut Added> {
        let added = match self.0.entry((device.0, payer.0)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let known = ADDED.may_load(storage, *place.key())?;
                place.insert(known.unwrap_or_default())
            }
        };
        if window > added.window.u64() {
            *added = Added { window: window.into(), ..Added::default() };
        }
        Ok(added)
    }

    /// Stores them all.
    pub(crate) fn flush(self, storage: &mut dyn Storage) -> StdResult<()> {
        for (key, added) in self.0 {
            ADDED.save(storage, key, &added)?;
        }
        Ok(())
    }
}
