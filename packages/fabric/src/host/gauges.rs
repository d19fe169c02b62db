//! The gauges of all lanes that are served here, and what latency is usual of a service.

use super::gauge::Gauge;
use crate::living::Living;
use crate::meter::locked;
use crate::service::Service;
use caplet_mechanism::quality::{Band, Live};
use caplet_protocol::{Lane, LeaseId};
use std::sync::{Arc, Mutex};

/// A lane's counters, of whichever session.
pub(super) type SharedGauge = Arc<Mutex<Gauge>>;

#[derive(Default)]
pub(super) struct Gauges {
    /// With the end of each one's lease, Unix seconds.
    lanes: Mutex<Living<(LeaseId, Lane), (u64, SharedGauge)>>,
    usual: Mutex<Live<Service>>,
}

impl Gauges {
    /// The gauge of a lane, always the same one until its lease is at its `end`; Unix seconds, as `now`.
    pub(super) fn of(&self, lane: (LeaseId, Lane), end: u64, now: u64) -> SharedGauge {
        let mut lanes = locked(&self.lanes);
        let (ends, gauge) = lanes.of(lane, |_, (end, _)| now < *end);
        *ends = end;
        Arc::clone(gauge)
    }

    /// Counts times of calls, and says what was good and bad before.
    pub(super) fn learn(&self, service: Service, measured: &[u32]) -> Option<Band> {
        locked(&self.usual).learn(service, measured.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_ten_thousand_leases_that_go_on_none_loses_what_was_measured_of_it() {
        let gauges = Gauges::default();
        let of = |lease| gauges.of((LeaseId(lease), Lane(0)), 200, 100);
        let first: Vec<_> = (0..10_000).map(of).collect();
        let same = |(lease, gauge)| Arc::ptr_eq(gauge, &of(lease));
        assert!((0..10_000).zip(&first).all(same));
        // at their end they are forgotten, once others come in their place
        let before = Arc::downgrade(&of(0));
        drop(first);
        for lease in 10_000..40_000 {
            gauges.of((LeaseId(lease), Lane(0)), 300, 200);
        }
        assert!(before.upgrade().is_none());
    }
}
