//! Counts that devices send of themselves: cumulative, so they never fall.

use super::Session;
use crate::bridge::Refuse;
use caplet_protocol::{
    DeviceId, LeaseId,
    wire::{Meter, RefusalCode as Code},
};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Leases whose counts are remembered.
const KEPT: usize = 4_096;

/// The last count of each side of each lease, in memory: what pays is the voucher.
#[derive(Default)]
pub(super) struct Meters {
    last: Mutex<BTreeMap<(LeaseId, DeviceId), u64>>,
}

impl Meters {
    /// Notes a count; returns the last one if that was higher.
    fn note(&self, lease: LeaseId, device: DeviceId, units: u64) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= KEPT && !last.contains_key(&(lease, device)) {
            last.pop_first();
        }
        let known = last.entry((lease, device)).or_default();
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
        match self.meters.note(lease.id, device, meter.units) {
            None => Ok(()),
            Some(last) => Err(Refuse::new(
                Code::OutOfRange,
                format!("{} units are counted after {last}", meter.units),
                "count cumulatively from the start of the lease",
            )),
        }
    }
}
