//! The gauges of all lanes that are served here, and what latency is usual of a service.

use super::gauge::Gauge;
use crate::meter::locked;
use crate::service::Service;
use caplet_mechanism::quality::{Band, Live};
use caplet_protocol::{Lane, LeaseId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Lanes that are known; the lowest number is the oldest lease.
const LANES: usize = 1_024;

/// A lane's counters, of whichever session.
pub(super) type SharedGauge = Arc<Mutex<Gauge>>;

#[derive(Default)]
pub(super) struct Gauges {
    lanes: Mutex<BTreeMap<(LeaseId, Lane), SharedGauge>>,
    usual: Mutex<Live<Service>>,
}

impl Gauges {
    /// The gauge of a lane, always the same one while the lane is in use.
    pub(super) fn of(&self, lane: (LeaseId, Lane)) -> SharedGauge {
        let mut lanes = locked(&self.lanes);
        if lanes.len() >= LANES && !lanes.contains_key(&lane) {
            lanes.pop_first();
        }
        Arc::clone(lanes.entry(lane).or_default())
    }

    /// Counts times of calls, and says what was good and bad before.
    pub(super) fn learn(&self, service: Service, measured: &[u32]) -> Option<Band> {
        locked(&self.usual).learn(service, measured.iter().copied())
    }
}
