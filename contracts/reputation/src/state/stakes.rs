//! What is at stake for devices, and for which lanes a lie was proven.

use super::config;
use crate::rules;
use caplet_api::layout::{ALLOWANCE_KEY, AllowanceRecord, STAKED, StakedRecord};
use caplet_api::reputation::Rules;
use caplet_base::pages::PageSet;
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

/// Replaces a device's stake, and what peers see of it.
pub(crate) fn save(storage: &mut dyn Storage, device: DeviceId, stake: &Stake) -> StdResult<()> {
    let rules = shown(storage);
    let counts =
        stake.unbonds_at.is_none() && stake.denom == config::load(storage)?.rules.stakes.denom;
    let amount = if counts { u64::try_from(stake.amount.u128()).unwrap_or(u64::MAX) } else { 0 };
    let generation = if amount == 0 { 0 } else { rules.generation };
    let mut pages = PageSet::new(STAKED, &[]);
    pages.put(storage, device.0, &StakedRecord { amount, generation }.encode())?;
    pages.flush(storage);
    if stake.amount.is_zero() {
        STAKES.remove(storage, device.0);
        return Ok(());
    }
    STAKES.save(storage, device.0, stake)
}

fn shown(storage: &dyn Storage) -> AllowanceRecord {
    AllowanceRecord::decode(&storage.get(&ALLOWANCE_KEY).unwrap_or_default())
}

/// Shows peers what allowances are reckoned with from now on. Stakes of another denomination count no more: those that
/// were shown are of an earlier generation then.
pub(crate) fn show_rules(storage: &mut dyn Storage, rules: &Rules, same_denom: bool) {
    let generation = shown(storage).generation;
    // the number of a stake that counts is never 0; after 255 denominations the first one's is used again
    let generation = if same_denom { generation } else { generation.checked_add(1).unwrap_or(1) };
    let record = AllowanceRecord {
        starter: u64::try_from(rules.stakes.starter.u128()).unwrap_or(u64::MAX),
        standard_fee: rules::standard_fee(rules, rules.stakes.asset).unwrap_or_default(),
        half_life: rules.half_life_secs,
        generation,
    };
    storage.set(&ALLOWANCE_KEY, &record.encode());
}

/// Notes a lie; false if it was noted before.
pub(crate) fn note_lie(storage: &mut dyn Storage, lease: LeaseId, lane: Lane) -> StdResult<bool> {
    let key = (lease.0, lane.0);
    let new = !LIES.has(storage, key);
    LIES.save(storage, key, &())?;
    Ok(new)
}
