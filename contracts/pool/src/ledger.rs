//! The pool's device on the auction's capacity ledger, slot by slot.

use crate::ContractError;
use caplet_api::auction::{CapacityResponse, QueryMsg, SlotResponse};
use caplet_protocol::{DeviceId, MarketId};
use core::ops::Range;
use cosmwasm_std::{Addr, QuerierWrapper, StdResult, Uint64};

/// Slots that one question shows.
const SHOWN: u32 = 100;

/// Whom to ask for which device.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) querier: QuerierWrapper<'a>,
    pub(crate) auction: &'a Addr,
    pub(crate) market: MarketId,
    pub(crate) device: DeviceId,
    /// Block time, Unix seconds.
    pub(crate) now: u64,
}

/// What is declared, and what is promised of it from the slot that runs on.
pub(crate) struct Ledger {
    known: CapacityResponse,
    now: u64,
}

/// A slot with less left than is asked.
pub(crate) struct Short {
    pub(crate) slot: u32,
    pub(crate) left: u16,
}

impl Source<'_> {
    /// The ledger up to a slot, not included; the slot that runs always.
    pub(crate) fn read(self, end: u32) -> Result<Ledger, ContractError> {
        let mut ledger = Ledger { known: self.ask(None, 1)?, now: self.now };
        self.extend(&mut ledger, end)?;
        Ok(ledger)
    }

    /// Reads on, up to a slot, not included.
    pub(crate) fn extend(self, ledger: &mut Ledger, end: u32) -> Result<(), ContractError> {
        loop {
            let known = &mut ledger.known;
            let next = known.slots.last().map_or(known.current, |last| last.slot.saturating_add(1));
            let left = end.saturating_sub(next);
            if left == 0 {
                return Ok(());
            }
            let more = self.ask(Some(next), left.min(SHOWN))?;
            if more.slots.is_empty() {
                return Err(ContractError::lost("a ledger that shows no slots"));
            }
            known.slots.extend(more.slots);
        }
    }

    fn ask(self, first_slot: Option<u32>, slots: u32) -> StdResult<CapacityResponse> {
        let (market, device, slots) = (self.market, self.device, u16::try_from(slots).ok());
        let ask = QueryMsg::Capacity { market, device, first_slot, slots };
        self.querier.query_wasm_smart(self.auction, &ask)
    }
}

impl Ledger {
    /// Lots declared; 0: the device is not on the ledger.
    pub(crate) fn declared(&self) -> u16 {
        self.known.capacity.map_or(0, |lots| lots.0)
    }

    /// The slot that runs.
    pub(crate) const fn current(&self) -> u32 {
        self.known.current
    }

    /// The slot after the one of a moment.
    pub(crate) fn after(&self, seconds: u64) -> u32 {
        let slot = seconds.checked_div(self.known.slot_secs.into()).unwrap_or_default();
        u32::try_from(slot).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Counts open offers as if their leases may run until then: the ledger keeps one time for all of a device.
    pub(crate) fn stretch(&mut self, until: u64) -> u64 {
        let until = until.max(self.known.open_until.u64());
        self.known.open_until = Uint64::new(until);
        until
    }

    /// The most that is promised in a slot that was read.
    pub(crate) fn promised(&self) -> u16 {
        self.known.slots.iter().map(|slot| self.held(slot)).max().unwrap_or(0)
    }

    /// The first of some slots, all read, where `lots` more are more than `most`.
    pub(crate) fn short(&self, slots: &Range<u32>, lots: u32, most: u16) -> Option<Short> {
        let within = self.known.slots.iter().filter(|slot| slots.contains(&slot.slot));
        let left = |slot: &SlotResponse| most.saturating_sub(self.held(slot));
        let mut at = within.map(|slot| Short { slot: slot.slot, left: left(slot) });
        at.find(|at| lots > u32::from(at.left))
    }

    /// Leases that run into a slot, what is reserved in it, and open offers that may reach it.
    fn held(&self, slot: &SlotResponse) -> u16 {
        let begins = u64::from(slot.slot).saturating_mul(self.known.slot_secs.into());
        let reached = begins.max(self.now) < self.known.open_until.u64();
        let open = if reached { self.known.open.0 } else { 0 };
        slot.leased.0.saturating_add(slot.reserved.0).saturating_add(open)
    }
}
