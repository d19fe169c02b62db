//! Which adapter serves a lease.

use crate::adapter::AnyAdapter;
use crate::lease::LeaseView;
use crate::service::Service;
use caplet_protocol::DeviceId;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

type Shelf = BTreeMap<(DeviceId, Service), Arc<dyn AnyAdapter>>;

/// Adapters by the device that provides and the service. Clones are the same shelf.
#[derive(Clone, Default)]
pub struct Adapters {
    known: Arc<RwLock<Shelf>>,
}

impl Adapters {
    /// Offers `adapter` for a device; an earlier one of the same service gives way.
    pub fn register(&self, device: DeviceId, adapter: Arc<dyn AnyAdapter>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert((device, adapter.service()), adapter);
    }

    /// Offers it no more; live sessions end by their own.
    pub fn remove(&self, device: DeviceId, service: Service) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.remove(&(device, service));
    }

    /// The adapter that serves a lease.
    #[must_use]
    pub fn of(&self, lease: &LeaseView) -> Option<Arc<dyn AnyAdapter>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&(lease.provider.device, lease.service)).cloned()
    }
}
