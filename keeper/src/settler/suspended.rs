//! Which devices are suspended, as reputation's pages say.
//!
//! Reputation's events say at once whose suspension began or ended; a page is read again now and then all the same.

use super::Duty;
use caplet_api::event::{EventError, SuspensionChanged};
use caplet_api::layout::{STANDINGS, SUSPENDED, StandingRecord};
use caplet_chain::Event;
use caplet_protocol::DeviceId;
use std::collections::{BTreeMap, BTreeSet};

/// Seconds of chain time after which a device's page is read again though no event said that it changed.
const FRESH_SECS: u64 = 300;

/// What is known of devices' suspensions.
#[derive(Debug, Default)]
pub(super) struct Suspended {
    /// Maps a device to whether it is suspended, and the chain time at which that was read.
    known: BTreeMap<DeviceId, (bool, u64)>,
}

impl Suspended {
    /// Forgets what changed, by events of the reputation contract.
    ///
    /// # Errors
    /// If an event of ours does not decode: contract and keeper are of different versions.
    pub(super) fn follow(&mut self, events: &[Event]) -> Result<(), EventError> {
        for device in changed(events)? {
            self.known.remove(&device);
        }
        Ok(())
    }

    /// Forgets everything: events were missed.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// Forgets all devices but these.
    pub(super) fn retain(&mut self, devices: &BTreeSet<DeviceId>) {
        self.known.retain(|device, _| devices.contains(device));
    }

    /// Whether a device is suspended, at `now`.
    pub(super) async fn is_suspended(
        &mut self,
        duty: &Duty,
        device: DeviceId,
        now: u64,
    ) -> anyhow::Result<bool> {
        if let Some(suspended) = self.fresh(device, now) {
            return Ok(suspended);
        }
        let reputation = &duty.context.deployment.contracts.reputation;
        let (page, place) = STANDINGS.locate(device.0);
        let bytes = duty.context.chain.raw(reputation, STANDINGS.key(&[], page)).await?;
        let bytes = bytes.unwrap_or_default();
        let record = StandingRecord::decode(STANDINGS.slice(&bytes, place));
        let suspended = record.flags & SUSPENDED != 0;
        self.known.insert(device, (suspended, now));
        Ok(suspended)
    }

    /// What was read of a device lately enough.
    fn fresh(&self, device: DeviceId, now: u64) -> Option<bool> {
        let (suspended, at) = self.known.get(&device)?;
        (now < at.saturating_add(FRESH_SECS)).then_some(*suspended)
    }
}

/// Devices that were suspended or reinstated.
fn changed(events: &[Event]) -> Result<Vec<DeviceId>, EventError> {
    let named = |event: &&Event| {
        event.ty.strip_prefix("wasm-").unwrap_or(&event.ty) == SuspensionChanged::NAME
    };
    let read = |event| Ok(DeviceId(SuspensionChanged::try_from(event)?.device));
    events.iter().filter(named).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_holds_for_a_while_and_until_an_event_says_that_it_changed() {
        let known = BTreeMap::from([(DeviceId(1), (true, 100)), (DeviceId(2), (false, 100))]);
        let mut all = Suspended { known };
        assert_eq!(all.fresh(DeviceId(1), 399), Some(true));
        assert_eq!(all.fresh(DeviceId(1), 400), None, "read again");
        assert_eq!(all.fresh(DeviceId(3), 100), None);
        let event = SuspensionChanged { device: 2, suspended: true, until: 500 };
        all.follow(&[event.into(), Event::new("wasm-caplet_other")]).unwrap();
        assert_eq!(all.fresh(DeviceId(2), 101), None);
        assert_eq!(all.fresh(DeviceId(1), 101), Some(true));
        all.retain(&BTreeSet::from([DeviceId(2)]));
        assert_eq!(all.fresh(DeviceId(1), 101), None);
    }
}
