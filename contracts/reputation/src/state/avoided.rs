//! Which provider failed which consumer lately, where the auction reads it.

use caplet_api::layout::avoided_key;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Order, Storage};
use std::collections::BTreeMap;

/// What one message notes: until when, Unix seconds, by provider and consumer.
#[derive(Default)]
pub(crate) struct Avoided(BTreeMap<(DeviceId, DeviceId), u64>);

impl Avoided {
    /// Notes that a provider is not given to a consumer until then; the latest counts.
    pub(crate) fn note(&mut self, provider: DeviceId, consumer: DeviceId, until: u64) {
        let known = self.0.entry((provider, consumer)).or_default();
        *known = until.max(*known);
    }

    /// Stores what lasts longer than what is stored, and clears a few away that are past: as many are looked at as are
    /// ever added, so the list stays as long as what is true of it.
    pub(crate) fn flush(self, storage: &mut dyn Storage, now: u64) {
        for ((provider, consumer), until) in self.0 {
            let key = avoided_key(provider, consumer);
            let until = u32::try_from(until).unwrap_or(u32::MAX).to_be_bytes();
            // big-endian numbers compare like their bytes
            if storage.get(&key).is_none_or(|known| known.as_slice() < until.as_slice()) {
                storage.set(&key, &until);
            }
            let past: Vec<Vec<u8>> = pairs(storage, Some((provider, consumer)))
                .take(LOOKED_AT)
                .filter(|(_, _, until)| *until <= now)
                .map(|(provider, consumer, _)| avoided_key(provider, consumer))
                .collect();
            for key in past {
                storage.remove(&key);
            }
        }
    }
}

/// Entries looked at after each that is noted.
const LOOKED_AT: usize = 4;

/// Provider, consumer and until when, after a pair.
pub(crate) fn pairs(
    storage: &dyn Storage,
    after: Option<(DeviceId, DeviceId)>,
) -> impl Iterator<Item = (DeviceId, DeviceId, u64)> {
    let zero = DeviceId(0);
    let mut from = after.map_or_else(|| avoided_key(zero, zero), |(p, c)| avoided_key(p, c));
    from.push(0); // the first key past that one; no device is 0
    let mut end = avoided_key(DeviceId(u32::MAX), DeviceId(u32::MAX));
    end.push(0);
    let stored = storage.range(Some(&from), Some(&end), Order::Ascending);
    stored.filter_map(|(key, until)| {
        let (rest, consumer) = key.split_last_chunk()?;
        let (_, provider) = rest.split_last_chunk()?;
        let until = u32::from_be_bytes(until.try_into().ok()?);
        let device = |bytes: &[u8; 4]| DeviceId(u32::from_be_bytes(*bytes));
        Some((device(provider), device(consumer), until.into()))
    })
}
