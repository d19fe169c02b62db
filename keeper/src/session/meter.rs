//! Counts that devices send of themselves: cumulative, so they never fall.

use super::Session;
use crate::bridge::Refuse;
use caplet_api::escrow::LeaseState;
use caplet_fabric::Living;
use caplet_protocol::{
    DeviceId, LeaseId,
    wire::{Meter, RefusalCode as Code},
};
use std::sync::{Mutex, PoisonError};

/// The last count of each side of each lease, in memory: what pays is the voucher.
#[derive(Default)]
pub(super) struct Meters {
    last: Mutex<Living<(LeaseId, DeviceId), u64>>,
}

impl Meters {
    /// Notes a count; returns the last one if that was higher. Only of leases that do not go on it is forgotten.
    fn note(
        &self,
        (lease, device): (LeaseId, DeviceId),
        units: u64,
        goes_on: impl Fn(LeaseId) -> bool,
    ) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.of((lease, device), |(lease, _), _| goes_on(*lease));
        if units < *known {
            return Some(*known);
        }
        *known = units;
        None
    }
}

impl Session {
    /// Takes a count of units.
    ///
    /// # Errors
    /// [`Refuse`] if the device has no part in the lease, or counts less than before.
    pub(crate) fn meter(&self, device: DeviceId, meter: &Meter) -> Result<(), Refuse> {
        let lease = self.lease(LeaseId(meter.lease))?;
        if device != lease.consumer && device != lease.serving() {
            return Err(Refuse::new(
                Code::NotPermitted,
                format!("device {device} takes no part in lease {}", lease.id),
                "count on your own leases",
            ));
        }
        let goes_on = |lease| {
            self.parts.leases.get(lease).is_some_and(|lease| lease.state != LeaseState::Closed)
        };
        match self.meters.note((lease.id, device), meter.units, goes_on) {
            None => Ok(()),
            Some(last) => Err(Refuse::new(
                Code::OutOfRange,
                format!("{} units are counted after {last}", meter.units),
                "count cumulatively from the start of the lease",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_count_of_ten_thousand_leases_falls_on_either_side_while_they_go_on() {
        let meters = Meters::default();
        let sides = || (1..=10_000).flat_map(|lease| [1, 2].map(|device| (lease, device)));
        let note = |(lease, device), units| {
            meters.note((LeaseId(lease), DeviceId(device)), units, |lease| lease.0 != 1)
        };
        assert!(sides().all(|side| note(side, 9).is_none()));
        assert!(sides().filter(|(lease, _)| *lease != 1).all(|side| note(side, 8) == Some(9)));
        assert_eq!(note((1, 1), 8), None, "it is over, and its count forgotten");
    }
}
