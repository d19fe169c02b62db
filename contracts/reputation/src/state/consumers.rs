//! How devices pay as consumers: evidence like a provider's, without tiers and suspension. Providers read it
//! before they serve on credit.

use crate::rules;
use caplet_api::layout::Pages;
use caplet_api::reputation::Rules;
use caplet_base::pages::PageSet;
use caplet_mechanism::reputation::Evidence;
use caplet_protocol::{Bps, DeviceId};
use cosmwasm_std::{StdError, StdResult, Storage};
use std::collections::{BTreeMap, btree_map::Entry};

/// alpha and beta (u64 each), updated, leases and lies (u32 each) by device.
const CONSUMERS: Pages = Pages { prefix: 0xB7, per_page: 8, width: 28, compact: true };

/// How a device pays, as of `updated`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Consumer {
    /// Decayed weight of leases that were paid, millionths of a standard lease.
    alpha: u64,
    /// Decayed weight of those that were not.
    beta: u64,
    /// Unix seconds up to which both are decayed; 32 bits until 2106.
    updated: u32,
    /// Leases rated.
    pub(crate) leases: u32,
    /// Proven lies.
    pub(crate) lies: u32,
}

impl Consumer {
    fn encode(&self) -> [u8; 28] {
        let mut out = [0; 28];
        let Self { alpha, beta, updated, leases, lies } = *self;
        let fields = [alpha.to_be_bytes(), beta.to_be_bytes()].concat();
        let more = [updated.to_be_bytes(), leases.to_be_bytes(), lies.to_be_bytes()].concat();
        for (to, from) in out.iter_mut().zip(fields.into_iter().chain(more)) {
            *to = from;
        }
        out
    }

    /// Bytes that are missing read as zero.
    fn decode(bytes: &[u8]) -> Self {
        let mut bytes = bytes.iter().copied();
        let mut number = |len: usize| {
            (0..len).fold(0u64, |sum, _| (sum << 8) | u64::from(bytes.next().unwrap_or_default()))
        };
        let (alpha, beta) = (number(8), number(8));
        let mut narrow = || u32::try_from(number(4)).unwrap_or(u32::MAX);
        Self { alpha, beta, updated: narrow(), leases: narrow(), lies: narrow() }
    }

    /// What is left of the evidence at `now`.
    pub(crate) fn evidence(&self, rules: &Rules, now: u64) -> Evidence {
        let known = Evidence { alpha: self.alpha, beta: self.beta };
        known.decayed(now.saturating_sub(self.updated.into()), rules::half_life(rules))
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
        self.alpha = old.alpha.saturating_add(new.alpha);
        self.beta = old.beta.saturating_add(new.beta);
        self.updated = u32::try_from(now).unwrap_or(u32::MAX);
        self.leases = self.leases.saturating_add(1);
    }
}

/// How a device pays; nothing is known of most.
pub(crate) fn find(storage: &dyn Storage, device: DeviceId) -> Consumer {
    Consumer::decode(PageSet::new(CONSUMERS, &[]).get(storage, device.0))
}

/// Replaces what is known of a device.
pub(crate) fn save(storage: &mut dyn Storage, device: DeviceId, known: &Consumer) -> StdResult<()> {
    let mut pages = PageSet::new(CONSUMERS, &[]);
    pages.put(storage, device.0, &known.encode())?;
    pages.flush(storage);
    Ok(())
}

/// The consumers that one message changes.
pub(crate) struct Consumers {
    pages: PageSet,
    known: BTreeMap<DeviceId, Consumer>,
}

impl Consumers {
    /// Nothing read yet.
    pub(crate) fn open() -> Self {
        Self { pages: PageSet::new(CONSUMERS, &[]), known: BTreeMap::new() }
    }

    /// What is known of a device, to be changed.
    pub(crate) fn of(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
    ) -> StdResult<&mut Consumer> {
        if let Entry::Vacant(place) = self.known.entry(device) {
            place.insert(Consumer::decode(self.pages.get(storage, device.0)));
        }
        self.known.get_mut(&device).ok_or_else(|| StdError::msg("a consumer was not read"))
    }

    /// Stores them all.
    pub(crate) fn flush(mut self, storage: &mut dyn Storage) -> StdResult<()> {
        for (device, known) in self.known {
            self.pages.put(storage, device.0, &known.encode())?;
        }
        self.pages.flush(storage);
        Ok(())
    }
}
