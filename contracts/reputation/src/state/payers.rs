//! What each payer added to each device in a window, so that nobody buys a name, or ruins one, alone.
//!
//! In pages of a payer's devices: whoever rates many leases at once rates a few payers', and devices of one gateway, which
//! are registered together, serve them.

use super::config::Former;
use caplet_api::layout::Pages;
use caplet_base::pages::PageSet;
use caplet_protocol::{AccountId, DeviceId};
use cosmwasm_std::{StdResult, Storage};
use std::collections::{BTreeMap, btree_map::Entry};

/// Unix seconds at which the window began (u32), then the weight of it under the fault's bit (u32), by device; the sub-key
/// is the payer's account (u32).
const ADDED: Pages = Pages { prefix: 0xBA, per_page: 16, width: 8, compact: true };
/// A record a pair, as they were before there were pages.
const FORMER: u8 = 0xB9;
/// The bit of a fault.
const FAULT: u64 = 1 << 31;
/// Most weight that is kept; a cap is at most 10^9.
const MOST: u64 = 0x7FFF_FFFF;

/// What a payer added in its latest window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Added {
    /// Unix seconds at which the window began, 32 bits until 2106. Its number would not do: rules with longer windows have
    /// lower numbers, and a window that seems to be of long ago counts in the latest.
    from: u64,
    /// Thousandths of a standard lease.
    weight: u64,
    /// Whether one of its complaints was a fault.
    faulted: bool,
}

impl Added {
    fn encode(self) -> [u8; 8] {
        let from = self.from.min(u32::MAX.into());
        let fault = if self.faulted { FAULT } else { 0 };
        ((from << 32) | fault | self.weight.min(MOST)).to_be_bytes()
    }

    /// Bytes that are missing read as zero.
    fn decode(bytes: &[u8]) -> Self {
        let bytes = bytes.iter().copied().chain(std::iter::repeat(0)).take(8);
        let record = bytes.fold(0u64, |sum, byte| (sum << 8) | u64::from(byte));
        Self { from: record >> 32, weight: record & MOST, faulted: record & FAULT != 0 }
    }

    /// From the record of a pair: the fault's bit, the window's number in five bytes, the weight as short as it is.
    fn decode_former(bytes: &[u8], window_secs: u32) -> Self {
        let number = |bytes: &[u8]| bytes.iter().fold(0u64, |n, b| (n << 8) | u64::from(*b));
        let (faulted, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let (window, weight) = rest.split_at_checked(5).unwrap_or_default();
        let from = number(window).saturating_mul(window_secs.into());
        Self { from, weight: number(weight), faulted: *faulted == 1 }
    }
}

fn former_key((device, payer): (DeviceId, AccountId)) -> Vec<u8> {
    let mut key = vec![FORMER];
    key.extend_from_slice(&device.0.to_be_bytes());
    key.extend_from_slice(&payer.0.to_be_bytes());
    key
}

/// The sums that one message changes.
pub(crate) struct Payers {
    pages: BTreeMap<AccountId, PageSet>,
    known: BTreeMap<(DeviceId, AccountId), Added>,
    former: Option<Former>,
}

impl Payers {
    /// Nothing read yet.
    pub(crate) const fn open(former: Option<Former>) -> Self {
        Self { pages: BTreeMap::new(), known: BTreeMap::new(), former }
    }

    /// What the payer added to the device so far in the window that began at `from`, thousandths of a standard lease.
    ///
    /// A lease of an earlier window than the latest one counts in the latest: late ratings gain nothing.
    pub(crate) fn used(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        from: u64,
    ) -> u64 {
        self.of(storage, pair, from).weight
    }

    /// Adds to it.
    pub(crate) fn add(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        from: u64,
        weight: u64,
    ) {
        let added = self.of(storage, pair, from);
        added.weight = added.weight.saturating_add(weight);
    }

    /// Notes that a complaint is a fault; true for the payer's first in the window.
    pub(crate) fn fault(
        &mut self,
        storage: &dyn Storage,
        pair: (DeviceId, AccountId),
        from: u64,
    ) -> bool {
        !std::mem::replace(&mut self.of(storage, pair, from).faulted, true)
    }

    fn of(&mut self, storage: &dyn Storage, pair: (DeviceId, AccountId), from: u64) -> &mut Added {
        let Self { pages, known, former } = self;
        let added = match known.entry(pair) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let (device, payer) = pair;
                let found = Added::decode(of_payer(pages, payer).get(storage, device.0));
                // what was added before there were pages matters to no window that began since
                let former = former
                    .as_ref()
                    .filter(|former| found == Added::default() && from <= former.until);
                place.insert(former.map_or(found, |former| {
                    let stored = storage.get(&former_key(pair)).unwrap_or_default();
                    Added::decode_former(&stored, former.window_secs)
                }))
            }
        };
        if from > added.from {
            *added = Added { from, ..Added::default() };
        }
        added
    }

    /// Stores them all.
    pub(crate) fn flush(self, storage: &mut dyn Storage) -> StdResult<()> {
        let Self { mut pages, known, .. } = self;
        for ((device, payer), added) in known {
            of_payer(&mut pages, payer).put(storage, device.0, &added.encode())?;
        }
        for pages in pages.into_values() {
            pages.flush(storage);
        }
        Ok(())
    }
}

fn of_payer(pages: &mut BTreeMap<AccountId, PageSet>, payer: AccountId) -> &mut PageSet {
    pages.entry(payer).or_insert_with(|| PageSet::new(ADDED, &payer.0.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)] // small numbers
    use super::*;
    use cosmwasm_std::testing::MockStorage;
    use proptest::prelude::*;

    const DAY: u32 = 86_400;
    const PAIR: (DeviceId, AccountId) = (DeviceId(7), AccountId(9));

    /// A record as it was stored before there were pages.
    fn former_record(window: u64, weight: u64, faulted: bool) -> Vec<u8> {
        let [_, _, _, window @ ..] = window.to_be_bytes();
        let mut out = vec![u8::from(faulted)];
        out.extend_from_slice(&window);
        out.extend(weight.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
        out
    }

    proptest! {
        #[test]
        fn what_was_added_comes_back(from: u32, weight in 0..=MOST, faulted: bool) {
            let added = Added { from: from.into(), weight, faulted };
            prop_assert_eq!(Added::decode(&added.encode()), added);
        }

        #[test]
        fn pages_tell_of_every_pair_what_a_record_of_its_own_would(
            acts in proptest::collection::vec(
                (0u32..40, 0u32..3, 0u64..9, 0u64..5_000, any::<bool>(), any::<bool>()), 0..80),
        ) {
            let mut storage = MockStorage::new();
            let mut model: BTreeMap<(DeviceId, AccountId), Added> = BTreeMap::new();
            let mut payers = Payers::open(None);
            for (device, payer, window, weight, fault, flush) in acts {
                let (pair, from) = ((DeviceId(device), AccountId(payer)), window * u64::from(DAY));
                let known = model.entry(pair).or_default();
                if from > known.from {
                    *known = Added { from, ..Added::default() };
                }
                prop_assert_eq!(payers.used(&storage, pair, from), known.weight);
                payers.add(&storage, pair, from, weight);
                known.weight += weight;
                if fault {
                    prop_assert_eq!(payers.fault(&storage, pair, from), !known.faulted);
                    known.faulted = true;
                }
                if flush {
                    payers.flush(&mut storage).unwrap();
                    payers = Payers::open(None);
                }
            }
        }

        #[test]
        fn what_was_stored_before_there_were_pages_counts_as_it_did(
            window in 0u64..100, weight in 1u64..1_000_000_000, faulted: bool,
            later in 0u64..100, lease in 0u64..250,
        ) {
            let mut storage = MockStorage::new();
            storage.set(&former_key(PAIR), &former_record(window, weight, faulted));
            let until = (window + later) * u64::from(DAY) + 7;
            let former = Some(Former { until, window_secs: DAY });
            let mut payers = Payers::open(former.clone());
            let from = lease * u64::from(DAY);
            let used = if lease > window { 0 } else { weight };
            prop_assert_eq!(payers.used(&storage, PAIR, from), used);
            prop_assert_eq!(payers.fault(&storage, PAIR, from), lease > window || !faulted);
            payers.add(&storage, PAIR, from, 1);
            payers.flush(&mut storage).unwrap();
            // from here on its page speaks
            storage.remove(&former_key(PAIR));
            prop_assert_eq!(Payers::open(former).used(&storage, PAIR, from), used + 1);
        }
    }

    #[test]
    fn what_many_devices_were_given_by_one_payer_is_stored_together() {
        let mut storage = MockStorage::new();
        let mut payers = Payers::open(None);
        for device in 16..32 {
            payers.add(&storage, (DeviceId(device), AccountId(3)), 1_700_000_000, 1_000);
        }
        payers.flush(&mut storage).unwrap();
        let stored = storage.get(&ADDED.key(&[0, 0, 0, 3], 1)).unwrap();
        assert!(stored.len() < 32, "{} bytes of sixteen pairs", stored.len());
    }
}
