//! The stores of one gateway, by device.

use super::{Pace, Replicas, Replicator};
use crate::provider::{Shelves, StoreAdapter};
use caplet_protocol::DeviceId;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What the devices of a gateway store for others: adapters that serve and the gateway's standby work on the same
/// folders, and what is served is replicated.
pub struct Stores {
    replicas: Arc<dyn Replicas>,
    stop: CancellationToken,
    of: Mutex<BTreeMap<DeviceId, Arc<Replicator>>>,
}

impl Stores {
    /// Replicated by `replicas`, until `stop`.
    #[must_use]
    pub fn new(replicas: Arc<dyn Replicas>, stop: CancellationToken) -> Self {
        Self { replicas, stop, of: Mutex::default() }
    }

    /// The adapter of a device that stores below `root`, at most `quota` bytes a lease, for at most `sessions`
    /// consumers at a time. A device stores below one folder for good.
    pub fn adapter(
        &self,
        device: DeviceId,
        root: impl Into<PathBuf>,
        quota: u64,
        sessions: usize,
    ) -> StoreAdapter {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let replicator = of.entry(device).or_insert_with(|| {
            let (shelves, stop) = (Arc::new(Shelves::new(root, quota)), self.stop.clone());
            Replicator::new(device, shelves, Arc::clone(&self.replicas), Pace::default(), stop)
        });
        replicator.shelves().limit(quota);
        StoreAdapter::replicated(Arc::clone(replicator), sessions)
    }

    /// What a device stores; `None` before it had an adapter.
    #[must_use]
    pub fn shelves(&self, device: DeviceId) -> Option<Arc<Shelves>> {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.get(&device).map(|replicator| Arc::clone(replicator.shelves()))
    }
}
