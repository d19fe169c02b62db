//! Leases in which a local device takes part, kept in step with the escrow contract.

mod lease;

pub use lease::Lease;

use caplet_protocol::{DeviceId, LeaseId};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// The table; clones share it.
#[derive(Clone, Debug)]
pub struct Leases {
    table: Arc<RwLock<BTreeMap<LeaseId, Lease>>>,
    version: Arc<watch::Sender<u64>>,
}

impl Default for Leases {
    fn default() -> Self {
        Self { table: Arc::default(), version: Arc::new(watch::Sender::new(0)) }
    }
}

impl Leases {
    /// A lease as last read from the chain.
    #[must_use]
    pub fn get(&self, lease: LeaseId) -> Option<Lease> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).get(&lease).cloned()
    }

    /// Every lease, by number.
    #[must_use]
    pub fn all(&self) -> Vec<Lease> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Leases in which a device takes part, by number.
    #[must_use]
    pub fn of_device(&self, device: DeviceId) -> Vec<Lease> {
        let takes_part = |l: &&Lease| l.consumer == device || l.provider == device;
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.values().filter(takes_part).cloned().collect()
    }

    /// Rises with every change of the table.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}
