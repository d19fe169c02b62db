//! What each payer added to each device in a window, so that nobody buys a name, or ruins one, alone.

use caplet_protocol::{AccountId, DeviceId};
use cosmwasm_std::Storage;
use std::collections::{BTreeMap, btree_map::Entry};

/// A record a pair: pairs are too many and too scattered for pages.
const PREFIX: u8 = 0xB9;

/// What a payer added in its latest window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Added {
    /// Number of the window, Unix seconds / `window_secs`.
    window: u64,
    /// Thousandths of a standard lease.
    weight: u64,
    /// Whether one of its complaints was a fault.
    faulted: bool,
}

impl Added {
    /// The fault's bit, the window in five bytes, the weight as short as it is: a cap is at most 10^9.
    fn encode(self) -> Vec<u8> {
        let [_, _, _, window @ ..] = self.window.to_be_bytes();
        let mut out = vec![u8::from(self.faulted)];
        out.extend_from_slice(&window);
        out.extend(self.weight.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
        out
    }

    fn decode(bytes: &[u8]) -> Self {
        let number = |bytes: &[u8]| bytes.iter().fold(0u64, |n, b| (n << 8) | u64::from(*b));
        let (faulted, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let (window, weight) = rest.split_at_checked(5).unwrap_or_default();
        Self { window: number(window), weight: number(weight), faulted: *faulted == 1 }
    }
}

fn key(device: DeviceId, payer: AccountId) -> Vec<u8> {
    let mut key = vec![PREFIX];
    key.extend_from_slice(&device.0.to_be_bytes());
    key.extend_from_slice(&payer.0.to_be_bytes());
    key
}

/// The sums that one message changes.
#[derive(Default)]
pub(crate) struct Payers(BTreeMap<(DeviceId, AccountId), Added>);

impl Payers {
    /// What the payer added to the device in `window` so far, thousandths of a standard lease.
    ///
    /// A lease of an earlier window than the latest one counts in the latest: late ratings gain nothing.
    pub(crate) fn used(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        window: u64,
    ) -> u64 {
        self.of(storage, pair, window).weight
    }

    /// Adds to it.
    pub(crate) fn add(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        window: u64,
        weight: u64,
    ) {
        let added = self.of(storage, pair, window);
        added.weight = added.weight.saturating_add(weight);
    }

    /// Notes that a complaint is a fault; true for the payer's first in the window.
    pub(crate) fn fault(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        window: u64,
    ) -> bool {
        !std::mem::replace(&mut self.of(storage, pair, window).faulted, true)
    }

    fn of(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        window: u64,
    ) -> &mut Added {
        let added = match self.0.entry(pair) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let known = storage.get(&key(pair.0, pair.1)).unwrap_or_default();
                place.insert(Added::decode(&known))
            }
        };
        if window > added.window {
            *added = Added { window, ..Added::default() };
        }
        added
    }

    /// Stores them all.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        for ((device, payer), added) in self.0 {
            storage.set(&key(device, payer), &added.encode());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_added_comes_back(window in 0u64..1 << 40, weight: u64, faulted: bool) {
            let added = Added { window, weight, faulted };
            prop_assert_eq!(Added::decode(&added.encode()), added);
        }
    }
}
