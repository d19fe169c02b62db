//! What is at stake for devices, and for which lanes a lie was proven.

use caplet_protocol::{DeviceId, Lane, LeaseId};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, StdResult, Storage, Uint64, Uint128};
use cw_storage_plus::Map;

/// A device's stake.
#[cw_serde]
pub(crate) struct Stake {
    /// Who put it up and gets it back.
    pub(crate) staker: Addr,
    /// Its denomination, whatever new rules name.
    pub(crate) denom: String,
    /// Base units.
    pub(crate) amount: Uint128,
    /// Unix seconds from which it may be withdrawn, once it unbonds.
    pub(crate) unbonds_at: Option<Uint64>,
}

/// Maps a device to what is at stake for it; nothing is kept of nothing.
const STAKES: Map<u32, Stake> = Map::new("stake");
/// Maps (lease, lane) to nothing: a lie about it was proven, and is punished once.
const LIES: Map<(u64, u16), ()> = Map::new("lie");

/// A device's stake.
pub(crate) fn find(storage: &dyn Storage, device: DeviceId) -> StdResult<Option<Stake>> {
    STAKES.may_load(storage, device.0)
}

/// Base units in `denom` that count for a device: all but what unbonds.
pub(crate) fn counts(storage: &dyn Storage, device: DeviceId, denom: &str) -> StdResult<u128> {
    let stake = find(storage, device)?;
    let stake = stake.filter(|stake| stake.unbonds_at.is_none() && stake.denom == denom);
    Ok(stake.map_or(0, |stake| stake.amount.u128()))
}

/// Replaces a device's stake.
pub(crate) fn save(storage: &mut dyn Storage, device: DeviceId, stake: &Stake) -> StdResult<()> {
    if stake.amount.is_zero() {
        STAKES.remove(storage, device.0);
        return Ok(());
    }
    STAKES.save(storage, device.0, stake)
}

/// Notes a lie; false if it was noted before.
pub(crate) fn note_lie(storage: &mut dyn Storage, lease: LeaseId, lane: Lane) -> StdResult<bool> {
    let key = (lease.0, lane.0);
    let new = !LIES.has(storage, key);
    LIES.save(storage, key, &())?;
    Ok(new)
}
