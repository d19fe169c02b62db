//! How devices pay as consumers: evidence like a provider's, without tiers and suspension. Providers read it
//! before they serve on credit.

use crate::rules;
use caplet_api::reputation::Rules;
use caplet_mechanism::reputation::Evidence;
use caplet_protocol::{Bps, DeviceId};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{StdResult, Storage, Uint64};
use cw_storage_plus::Map;
use std::collections::{BTreeMap, btree_map::Entry};

/// How a device pays, as of `updated`.
#[cw_serde]
#[derive(Default)]
pub(crate) struct Consumer {
    /// Decayed weight of leases that were paid, millionths of a standard lease.
    alpha: Uint64,
    /// Decayed weight of those that were not.
    beta: Uint64,
    /// Unix seconds up to which both are decayed.
    updated: Uint64,
    /// Leases rated.
    pub(crate) leases: u32,
    /// Proven lies.
    pub(crate) lies: u32,
}

impl Consumer {
    /// What is left of the evidence at `now`.
    pub(crate) fn evidence(&self, rules: &Rules, now: u64) -> Evidence {
        let known = Evidence { alpha: self.alpha.u64(), beta: self.beta.u64() };
        known.decayed(now.saturating_sub(self.updated.u64()), rules::half_life(rules))
    }

    /// Adds a lease that ended at `ended`: `weight` thousandths at `rating`, and `complaint` of them at 0.
    pub(crate) fn add(
        &mut self,
        rules: &Rules,
        now: u64,
        ended: u64,
        (rating, weight, complaint): (Bps, u64, u64),
    ) {
        let new = Evidence::default().rated(weight, rating).rated(complaint, Bps(0));
        let new = new.decayed(now.saturating_sub(ended), rules::half_life(rules));
        let old = self.evidence(rules, now);
        self.alpha = old.alpha.saturating_add(new.alpha).into();
        self.beta = old.beta.saturating_add(new.beta).into();
        self.updated = now.into();
        self.leases = self.leases.saturating_add(1);
    }
}

/// Maps a consuming device to how it pays.
const CONSUMERS: Map<u32, Consumer> = Map::new("consumer");

/// How a device pays; nothing is known of most.
pub(crate) fn find(storage: &dyn Storage, device: DeviceId) -> StdResult<Consumer> {
    Ok(CONSUMERS.may_load(storage, device.0)?.unwrap_or_default())
}

/// Replaces what is known of a device.
pub(crate) fn save(storage: &mut dyn Storage, device: DeviceId, known: &Consumer) -> StdResult<()> {
    CONSUMERS.save(storage, device.0, known)
}

/// The consumers that one message changes.
#[derive(Default)]
pub(crate) struct Consumers(BTreeMap<DeviceId, Consumer>);

impl Consumers {
    /// What is known of a device, to be changed.
    pub(crate) fn of(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
    ) -> StdResult<&mut Consumer> {
        match self.0.entry(device) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(find(storage, device)?)),
        }
    }

    /// Stores them all.
    pub(crate) fn flush(self, storage: &mut dyn Storage) -> StdResult<()> {
        for (device, known) in self.0 {
            save(storage, device, &known)?;
        }
        Ok(())
    }
}
