//! What each side may still complain: earned by fees burned, spent by complaints.

use crate::rules;
use caplet_api::reputation::{Rules, Speaker};
use caplet_mechanism::reputation::Voice;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{StdResult, Storage, Uint64};
use cw_storage_plus::Map;
use std::collections::BTreeMap;

/// A voice as of `updated`.
#[cw_serde]
#[derive(Copy, Default)]
struct Kept {
    /// Millionths of a standard lease.
    left: Uint64,
    /// Unix seconds.
    updated: Uint64,
}

/// Maps (0: payer's account, 1: providing device; its number) to what it may still complain.
const VOICES: Map<(u8, u32), Kept> = Map::new("voice");

const fn key(of: Speaker) -> (u8, u32) {
    match of {
        Speaker::Payer(account) => (0, account.0),
        Speaker::Provider(device) => (1, device.0),
    }
}

/// A voice at `now`.
pub(crate) fn find(
    storage: &dyn Storage,
    rules: &Rules,
    now: u64,
    of: Speaker,
) -> StdResult<Voice> {
    let Kept { left, updated } = VOICES.may_load(storage, key(of))?.unwrap_or_default();
    let elapsed = now.saturating_sub(updated.u64());
    Ok(Voice(left.u64()).decayed(elapsed, rules::half_life(rules)))
}

/// The voices that one message changes.
#[derive(Default)]
pub(crate) struct Voices(BTreeMap<(u8, u32), Voice>);

impl Voices {
    /// A voice at `now`, to be changed.
    pub(crate) fn of(
        &mut self,
        storage: &dyn Storage,
        rules: &Rules,
        now: u64,
        of: Speaker,
    ) -> StdResult<&mut Voice> {
        let known = match self.0.get(&key(of)) {
            Some(known) => *known,
            None => find(storage, rules, now, of)?,
        };
        Ok(self.0.entry(key(of)).or_insert(known))
    }

    /// Lends up to `wanted` thousandths of what is left, and says how many.
    pub(crate) fn lend(
        &mut self,
        storage: &dyn Storage,
        rules: &Rules,
        now: u64,
        of: Speaker,
        wanted: u64,
    ) -> StdResult<u64> {
        if wanted == 0 {
            return Ok(0);
        }
        let voice = self.of(storage, rules, now, of)?;
        let lent = wanted.min(voice.lends());
        *voice = voice.spent(lent);
        Ok(lent)
    }

    /// Stores them all.
    pub(crate) fn flush(self, storage: &mut dyn Storage, now: u64) -> StdResult<()> {
        for (key, voice) in self.0 {
            VOICES.save(storage, key, &Kept { left: voice.0.into(), updated: now.into() })?;
        }
        Ok(())
    }
}
