//! Tier and suspension where peers read them.

use caplet_api::layout::{STANDINGS, SUSPENDED, StandingRecord};
use caplet_base::pages::PageSet;
use caplet_protocol::DeviceId;
use cosmwasm_std::{StdResult, Storage};

/// The pages that one message changes; a page that stays the same is not written.
pub(crate) struct Flags(PageSet);

impl Flags {
    /// No page loaded yet.
    pub(crate) fn open() -> Self {
        Self(PageSet::new(STANDINGS, &[]))
    }

    /// Shows a device's tier and whether it is suspended.
    pub(crate) fn show(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        tier: u8,
        suspended: bool,
    ) -> StdResult<()> {
        let flags = if suspended { SUSPENDED } else { 0 };
        self.0.put(storage, device.0, &StandingRecord { tier, flags }.encode())
    }

    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        self.0.flush(storage);
    }
}
