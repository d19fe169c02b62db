//! Both sides' metering states, read beside a keeper that may be running.

use caplet_metering::sqlite::{Durable, Reader};
use caplet_metering::{PayeeState, PayerState};
use caplet_protocol::{Lane, LeaseId};
use std::collections::BTreeMap;
use std::path::Path;

/// A side's states, by lane.
type Side<S> = BTreeMap<(LeaseId, Lane), S>;

/// What the file of lanes holds.
#[derive(Debug, Default)]
pub(super) struct States {
    pub(super) payees: Side<PayeeState>,
    pub(super) payers: Side<PayerState>,
}

impl States {
    /// Reads the payees first: a payer that went on meanwhile is ahead, as it may be.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let reader = Reader::open(path)?;
        Ok(Self { payees: side(&reader)?, payers: side(&reader)? })
    }

    /// Whether either side is kept.
    pub(super) fn has(&self, place: (LeaseId, Lane)) -> bool {
        self.payees.contains_key(&place) || self.payers.contains_key(&place)
    }
}

fn side<S: Durable>(reader: &Reader) -> anyhow::Result<Side<S>> {
    let all = reader.all::<S>()?;
    Ok(all.into_iter().map(|(lease, lane, state)| ((lease, lane), state)).collect())
}
