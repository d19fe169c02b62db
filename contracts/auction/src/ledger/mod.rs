//! The capacity ledger: what devices can do at a time, and what they have promised of it, slot by slot.
//!
//! Both lanes and the contracts that reserve (futures, pools) share it: in every slot open offers that may
//! reach it, leases that run into it and reservations together never exceed the capacity that the device's
//! owner declared. Fills change nothing in that sum, so a clearing never fails for lack of room.

mod entry;
mod returned;

pub(crate) use returned::mark as mark_returned;

use self::entry::Entry;
use crate::{ContractError, OrderError};
use caplet_api::auction::{CapacityResponse, MAX_SLOTS, SlotResponse};
use caplet_api::layout::{CAPACITY, RESERVED, reserved_sub};
use caplet_base::pages::PageSet;
use caplet_protocol::{DeviceId, Lots, MarketId};
use cosmwasm_std::{StdError, StdResult, Storage};
use std::collections::BTreeMap;

/// The ledger of one market, as one message sees and changes it.
pub(crate) struct Ledger {
    market: MarketId,
    slot_secs: u32,
    now: u64,
    entries: PageSet,
    /// Maps a device to its reserved lots by slot.
    reserved: BTreeMap<DeviceId, PageSet>,
}

/// A run of slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The first.
    pub(crate) first: u32,
    /// How many.
    pub(crate) slots: u16,
}

impl Run {
    /// Its slots; those past the end of time are left out.
    fn each(self) -> impl Iterator<Item = u32> {
        (0..self.slots).filter_map(move |i| self.first.checked_add(i.into()))
    }
}

impl Ledger {
    /// Nothing read yet.
    pub(crate) fn new(market: MarketId, slot_secs: u32, now: u64) -> Self {
        let entries = PageSet::new(CAPACITY, &market.0.to_be_bytes());
        Self { market, slot_secs, now, entries, reserved: BTreeMap::new() }
    }

    /// Counts an offer's lots if its device is on the ledger: whether it is. `until` is when a lease of
    /// it may run at the latest; `allowed` the lots that its reputation allows it at a time, in a market that asks.
    ///
    /// # Errors
    /// If they exceed what is free in some slot up to then, or what is allowed; if the market asks for an allowance and
    /// the device is not on the ledger.
    pub(crate) fn offer(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        lots: u32,
        until: u64,
        allowed: Option<u32>,
    ) -> Result<bool, OrderError> {
        let mut entry = self.entry(storage, device);
        if entry.capacity == 0 {
            return match allowed {
                Some(_) => Err(OrderError::Undeclared { device }),
                None => Ok(false),
            };
        }
        let current = self.slot(self.now);
        let last = self.slot(until.max(entry.until.into()));
        let ahead = self.slot(until).saturating_sub(current);
        if ahead > MAX_SLOTS.into() {
            return Err(OrderError::TooFarAhead { slots: ahead, most: MAX_SLOTS });
        }
        for slot in current..=last {
            let leased = entry.leased(self.begins(slot));
            let held = leased
                .saturating_add(entry.open.into())
                .saturating_add(self.reserved_in(storage, device, slot).into());
            let free = u32::from(entry.capacity).saturating_sub(held);
            if lots > free {
                return Err(OrderError::Capacity { device, lots, free, slot });
            }
            if let Some(allowed) = allowed
                && held.saturating_add(lots) > allowed
            {
                return Err(OrderError::Allowance { device, lots, held, allowed });
            }
        }
        let until = u32::try_from(until).unwrap_or(u32::MAX);
        entry.offer(lots, until).ok_or_else(lost)?;
        self.put(storage, device, &entry)?;
        Ok(true)
    }

    /// An offer on the ledger offers fewer lots.
    pub(crate) fn withdraw(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        lots: u32,
    ) -> StdResult<()> {
        let mut entry = self.entry(storage, device);
        entry.withdraw(lots).ok_or_else(lost)?;
        self.put(storage, device, &entry)
    }

    /// Lots of an offer on the ledger become a lease that begins now.
    pub(crate) fn fill(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        lots: u32,
    ) -> StdResult<()> {
        let mut entry = self.entry(storage, device);
        entry.withdraw(lots).ok_or_else(lost)?;
        let lots = u16::try_from(lots).map_err(|_| lost())?;
        let end = self.now.saturating_add(self.slot_secs.into());
        entry.lease(u32::try_from(end).unwrap_or(u32::MAX), lots).ok_or_else(lost)?;
        self.put(storage, device, &entry)
    }

    /// Declares what a device can do at a time; `None` takes it off the ledger.
    ///
    /// # Errors
    /// If more is promised already.
    pub(crate) fn declare(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        lots: Option<Lots>,
    ) -> Result<(), ContractError> {
        let mut entry = self.entry(storage, device);
        let lots = match lots {
            Some(Lots(0)) => return Err(ContractError::NoCapacity { device }),
            Some(Lots(lots)) => lots,
            None => 0,
        };
        let promised = self.most_promised(storage, device, &entry)?;
        if promised > lots.into() {
            return Err(ContractError::Promised { device, lots, promised });
        }
        entry.capacity = lots;
        Ok(self.put(storage, device, &entry)?)
    }

    /// Holds lots in every slot of a run.
    ///
    /// # Errors
    /// If the device is not on the ledger, a slot is past, or has fewer free.
    pub(crate) fn reserve(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        run: Run,
        lots: u16,
    ) -> Result<(), ContractError> {
        let entry = self.entry(storage, device);
        if entry.capacity == 0 {
            return Err(ContractError::OffLedger { device, market: self.market });
        }
        let current = self.slot(self.now);
        if run.first < current {
            return Err(ContractError::PastSlot { slot: run.first, current });
        }
        for slot in run.each() {
            let free = self.free(storage, device, &entry, slot);
            if u32::from(lots) > free {
                return Err(ContractError::NoRoom { device, slot, lots, free });
            }
            let held = self.reserved_in(storage, device, slot).checked_add(lots);
            self.put_reserved(storage, device, slot, held.ok_or_else(lost)?)?;
        }
        Ok(())
    }

    /// Gives reserved lots of every slot of a run back.
    ///
    /// # Errors
    /// If a slot has fewer reserved.
    pub(crate) fn release(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        run: Run,
        lots: u16,
    ) -> Result<(), ContractError> {
        for slot in run.each() {
            let reserved = self.reserved_in(storage, device, slot);
            let left = reserved.checked_sub(lots);
            let left = left.ok_or(ContractError::NotReserved { device, slot, lots, reserved })?;
            self.put_reserved(storage, device, slot, left)?;
        }
        Ok(())
    }

    /// Returns what is left of a lease that would have ended at `end`; whether the ledger held it.
    pub(crate) fn give_back(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        end: u64,
        lots: u16,
    ) -> StdResult<bool> {
        let mut entry = self.entry(storage, device);
        let Some(()) = u32::try_from(end).ok().and_then(|end| entry.give_back(end, lots)) else {
            return Ok(false);
        };
        self.put(storage, device, &entry)?;
        Ok(true)
    }

    /// Answers the `Capacity` query.
    pub(crate) fn answer(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        first: Option<u32>,
        slots: u16,
    ) -> StdResult<CapacityResponse> {
        let (entry, current) = (self.entry(storage, device), self.slot(self.now));
        let mut shown = Vec::with_capacity(slots.into());
        for slot in (Run { first: first.unwrap_or(current), slots }).each() {
            let leased = entry.leased(self.begins(slot));
            shown.push(SlotResponse {
                slot,
                leased: Lots(u16::try_from(leased).map_err(|_| lost())?),
                reserved: Lots(self.reserved_in(storage, device, slot)),
                free: Lots(
                    u16::try_from(self.free(storage, device, &entry, slot)).map_err(|_| lost())?,
                ),
            });
        }
        Ok(CapacityResponse {
            slot_secs: self.slot_secs,
            current,
            capacity: (entry.capacity > 0).then_some(Lots(entry.capacity)),
            open: Lots(entry.open),
            open_until: u64::from(entry.until).into(),
            slots: shown,
        })
    }

    /// Lots of open offers of a device, its capacity, and the most it promises in any slot; for the
    /// invariants.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn standing(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
    ) -> Result<(u16, u16, u32), ContractError> {
        let entry = self.entry(storage, device);
        let promised = self.most_promised(storage, device, &entry)?;
        Ok((entry.open, entry.capacity, promised))
    }

    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        self.entries.flush(storage);
        for reserved in self.reserved.into_values() {
            reserved.flush(storage);
        }
    }

    /// The slot of a moment.
    fn slot(&self, seconds: u64) -> u32 {
        let slot = seconds.checked_div(self.slot_secs.into()).unwrap_or_default();
        u32::try_from(slot).unwrap_or(u32::MAX)
    }

    /// When a slot begins; now, for the one that runs.
    fn begins(&self, slot: u32) -> u64 {
        u64::from(slot).saturating_mul(self.slot_secs.into()).max(self.now)
    }

    fn free(&mut self, storage: &dyn Storage, device: DeviceId, entry: &Entry, slot: u32) -> u32 {
        let reserved = self.reserved_in(storage, device, slot);
        let held = entry.promised(self.begins(slot)).saturating_add(reserved.into());
        u32::from(entry.capacity).saturating_sub(held)
    }

    /// The most that is promised in any slot from now on.
    fn most_promised(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        entry: &Entry,
    ) -> Result<u32, ContractError> {
        let mut most = entry.promised(self.now);
        let sub = reserved_sub(self.market, device);
        let (from, to) = (RESERVED.key(&sub, 0), RESERVED.key(&sub, u32::MAX));
        let stored = storage.range(Some(&from), Some(&to), cosmwasm_std::Order::Ascending);
        let pages: Vec<u32> = stored
            .filter_map(|(key, _)| key.last_chunk().map(|page| u32::from_be_bytes(*page)))
            .collect();
        let current = self.slot(self.now);
        for page in pages {
            let first = page.saturating_mul(RESERVED.per_page);
            for slot in (first..first.saturating_add(RESERVED.per_page)).filter(|s| *s >= current) {
                let reserved = self.reserved_in(storage, device, slot);
                if reserved > 0 {
                    let held = entry.promised(self.begins(slot)).saturating_add(reserved.into());
                    most = most.max(held);
                }
            }
        }
        Ok(most)
    }

    fn entry(&mut self, storage: &dyn Storage, device: DeviceId) -> Entry {
        Entry::decode(self.entries.get(storage, device.0), self.now)
    }

    fn put(&mut self, storage: &dyn Storage, device: DeviceId, entry: &Entry) -> StdResult<()> {
        self.entries.put(storage, device.0, &entry.encode())
    }

    fn pages(&mut self, device: DeviceId) -> &mut PageSet {
        let sub = reserved_sub(self.market, device);
        self.reserved.entry(device).or_insert_with(|| PageSet::new(RESERVED, &sub))
    }

    fn reserved_in(&mut self, storage: &dyn Storage, device: DeviceId, slot: u32) -> u16 {
        let mut bytes = [0; 2];
        for (to, from) in bytes.iter_mut().zip(self.pages(device).get(storage, slot)) {
            *to = *from;
        }
        u16::from_be_bytes(bytes)
    }

    fn put_reserved(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        slot: u32,
        lots: u16,
    ) -> StdResult<()> {
        self.pages(device).put(storage, slot, &lots.to_be_bytes())
    }
}

fn lost() -> StdError {
    StdError::msg("the capacity ledger does not hold what its orders say")
}
