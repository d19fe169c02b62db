//! Which provider failed which consumer lately, where the auction reads it.

use caplet_api::layout::avoided_key;
use caplet_protocol::DeviceId;
use cosmwasm_std::Storage;
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

    /// Stores what lasts longer than what is stored.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        for ((provider, consumer), until) in self.0 {
            let key = avoided_key(provider, consumer);
            let until = u32::try_from(until).unwrap_or(u32::MAX).to_be_bytes();
            // big-endian numbers compare like their bytes
            if storage.get(&key).is_none_or(|known| known.as_slice() < until.as_slice()) {
                storage.set(&key, &until);
            }
        }
    }
}
