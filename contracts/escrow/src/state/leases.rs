//! Lanes, deals and states of leases, in pages of 64 slots: hot (redeemed), cold (lanes), and two
//! that a settlement does not read.

use crate::ContractError;
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_api::layout::{
    DEALS, DealRecord, LANES, LaneRecord, PLACED_BY_OWNER, Pages, REDEEMED, STATES, StateRecord,
};
use caplet_base::pages::PageSet;
use caplet_protocol::{Lane, LeaseId};
use cosmwasm_std::Storage;

/// Slots a page has, the same for every kind of page here.
pub(crate) const SLOTS: u32 = 64;

/// A lane's place: the lease's slot plus the lane's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(u64);

impl Slot {
    /// The slot of a lane; `None` past the last page there can be.
    pub(crate) fn of(lease: LeaseId, lane: Lane) -> Option<Self> {
        let slot = lease.0.checked_add(u64::from(lane.0))?;
        REDEEMED.locate_slot(slot).map(|_| Self(slot))
    }

    fn at(self, pages: &Pages) -> Result<(u32, u32), ContractError> {
        pages.locate_slot(self.0).ok_or(ContractError::Broken("a slot is past the last page"))
    }
}

/// What [`DealRecord::flags`] keeps of [`PLACED_BY_OWNER`]: bit 0.
pub(crate) const BY_OWNER: u8 = 1;

/// The deal flag of an item's flags.
pub(crate) const fn deal_flags(item: u8) -> u8 {
    if item & PLACED_BY_OWNER != 0 { BY_OWNER } else { 0 }
}

/// A lease as its messages see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    pub(crate) id: LeaseId,
    pub(crate) deal: DealRecord,
    pub(crate) record: StateRecord,
}

impl Lease {
    /// Where it stands.
    pub(crate) fn state(&self) -> LeaseState {
        match self.record.state {
            0 => LeaseState::Open,
            1 => LeaseState::Notice,
            2 => LeaseState::Closing,
            _ => LeaseState::Closed,
        }
    }

    /// Why it ended, once it has.
    pub(crate) fn reason(&self) -> Option<CloseReason> {
        CloseReason::from_u8(self.record.reason)
    }

    /// Passes while it is served.
    pub(crate) fn assert_live(&self, verb: &'static str) -> Result<(), ContractError> {
        match self.state() {
            LeaseState::Open | LeaseState::Notice => Ok(()),
            state => Err(ContractError::NotLive { lease: self.id, state, verb }),
        }
    }

    /// The slot of one of its lanes.
    pub(crate) fn slot(&self, lane: Lane) -> Result<Slot, ContractError> {
        let lanes = self.deal.lanes;
        let missing = ContractError::NoLane { lease: self.id, lane, lanes };
        Slot::of(self.id, lane).filter(|_| lane.0 < u16::from(lanes)).ok_or(missing)
    }

    /// Slots of its lanes.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + use<> {
        let id = self.id;
        (0..u16::from(self.deal.lanes)).filter_map(move |lane| Slot::of(id, Lane(lane)))
    }

    /// Whether no device's allowance is involved.
    pub(crate) fn by_owner(&self) -> bool {
        self.deal.flags & BY_OWNER != 0
    }
}

/// Lease pages as one message sees and changes them.
pub(crate) struct Leases {
    redeemed: PageSet,
    lanes: PageSet,
    deals: PageSet,
    states: PageSet,
}

impl Default for Leases {
    fn default() -> Self {
        Self {
            redeemed: PageSet::new(REDEEMED, &[]),
            lanes: PageSet::new(LANES, &[]),
            deals: PageSet::new(DEALS, &[]),
            states: PageSet::new(STATES, &[]),
        }
    }
}

impl Leases {
    /// A lane; all zero where there never was one, `fees` zero where its lease is closed.
    pub(crate) fn lane(
        &mut self,
        storage: &dyn Storage,
        slot: Slot,
    ) -> Result<LaneRecord, ContractError> {
        let (page, place) = slot.at(&LANES)?;
        Ok(LaneRecord::decode(self.lanes.read(storage, page, place)))
    }

    /// Replaces a lane.
    pub(crate) fn set_lane(
        &mut self,
        storage: &dyn Storage,
        slot: Slot,
        lane: &LaneRecord,
    ) -> Result<(), ContractError> {
        let (page, place) = slot.at(&LANES)?;
        Ok(self.lanes.write(storage, page, place, &lane.encode())?)
    }

    /// Base units a lane has redeemed, gross; kept after the lease is closed, for its rating.
    pub(crate) fn redeemed(
        &mut self,
        storage: &dyn Storage,
        slot: Slot,
    ) -> Result<u64, ContractError> {
        let (page, place) = slot.at(&REDEEMED)?;
        let bytes = self.redeemed.read(storage, page, place);
        // a page ends with the last byte that is not zero: what is missing is zeros
        Ok((0..8).fold(0, |value, at| {
            (value << 8) | u64::from(bytes.get(at).copied().unwrap_or_default())
        }))
    }

    /// Raises what a lane has redeemed.
    pub(crate) fn set_redeemed(
        &mut self,
        storage: &dyn Storage,
        slot: Slot,
        redeemed: u64,
    ) -> Result<(), ContractError> {
        let (page, place) = slot.at(&REDEEMED)?;
        Ok(self.redeemed.write(storage, page, place, &redeemed.to_be_bytes())?)
    }

    /// A lease.
    ///
    /// # Errors
    /// If there never was one with this number.
    pub(crate) fn lease(
        &mut self,
        storage: &dyn Storage,
        id: LeaseId,
    ) -> Result<Lease, ContractError> {
        self.find(storage, id)?.ok_or(ContractError::UnknownLease { lease: id })
    }

    /// A lease, if there ever was one with this number.
    pub(crate) fn find(
        &mut self,
        storage: &dyn Storage,
        id: LeaseId,
    ) -> Result<Option<Lease>, ContractError> {
        let Some((page, place)) = DEALS.locate_slot(id.0) else { return Ok(None) };
        let deal = DealRecord::decode(self.deals.read(storage, page, place));
        if deal.terms == 0 {
            return Ok(None);
        }
        let record = StateRecord::decode(self.states.read(storage, page, place));
        Ok(Some(Lease { id, deal, record }))
    }

    /// Writes what was agreed.
    pub(crate) fn set_deal(
        &mut self,
        storage: &dyn Storage,
        slot: Slot,
        deal: &DealRecord,
    ) -> Result<(), ContractError> {
        let (page, place) = slot.at(&DEALS)?;
        Ok(self.deals.write(storage, page, place, &deal.encode())?)
    }

    /// Replaces where a lease stands.
    pub(crate) fn set_state(
        &mut self,
        storage: &dyn Storage,
        id: LeaseId,
        state: &StateRecord,
    ) -> Result<(), ContractError> {
        let (page, place) = Slot(id.0).at(&STATES)?;
        Ok(self.states.write(storage, page, place, &state.encode())?)
    }

    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        for pages in [self.redeemed, self.lanes, self.deals, self.states] {
            pages.flush(storage);
        }
    }
}
