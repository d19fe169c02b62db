//! What moves lots and the money prepaid for them.

use super::Work;
use crate::ContractError;
use crate::state::{positions, series::Series};
use caplet_mechanism::strip::Strip;
use caplet_protocol::DeviceId;

/// Lots of a range of slots, the same in each.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) from: u16,
    pub(super) to: u16,
    pub(super) lots: u32,
}

impl Block {
    /// A block of lots in slots of a series that can still be exercised.
    pub(super) fn of(
        series: &Series,
        now: u64,
        (from, to): (u16, u16),
        lots: u16,
    ) -> Result<Self, ContractError> {
        series.check_slots(now, from, to)?;
        super::within("lots", lots.into(), 1, u16::MAX.into())?;
        Ok(Self { from, to, lots: lots.into() })
    }

    /// All its lots together.
    pub(super) fn total(self) -> u64 {
        Strip::of(self.from, self.to, self.lots).total()
    }

    /// What is left of a strip without it.
    pub(super) fn out_of(self, strip: &Strip) -> Result<Strip, ContractError> {
        let Self { from, to, lots } = self;
        let left = strip.least(from, to);
        strip.take(from, to, lots).ok_or(ContractError::Lots { asked: lots, left, from, to })
    }

    /// A strip with it.
    pub(super) fn into(self, strip: &Strip) -> Result<Strip, ContractError> {
        let grown = strip.add(self.from, self.to, self.lots);
        grown.ok_or_else(|| ContractError::lost("more lots than were issued"))
    }
}

impl Work<'_, '_> {
    /// Adds lots to a position.
    pub(super) fn give(
        &mut self,
        series: u32,
        device: DeviceId,
        block: Block,
    ) -> Result<(), ContractError> {
        let held = positions::load(self.storage, series, device)?;
        Ok(positions::save(self.storage, series, device, block.into(&held)?)?)
    }

    /// Takes lots from a position.
    pub(super) fn take_from(
        &mut self,
        series: u32,
        device: DeviceId,
        block: Block,
    ) -> Result<(), ContractError> {
        let held = positions::load(self.storage, series, device)?;
        Ok(positions::save(self.storage, series, device, block.out_of(&held)?)?)
    }
}
