//! What gateways say to each other beside sessions of leases, over the same endpoints.

use crate::link::Link;
use crate::service::Service;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Takes the links of one service that is no lease's. Who may come in is its own to decide: a link's peer has proved
/// its key, and nothing more is known of it.
#[async_trait]
pub trait Door: Send + Sync + 'static {
    /// Serves a link to its end.
    async fn enter(&self, link: Arc<dyn Link>);
}

/// Doors by the protocol that leads to them.
#[derive(Default)]
pub(super) struct Doors {
    known: RwLock<BTreeMap<Vec<u8>, Arc<dyn Door>>>,
}

impl Doors {
    pub(super) fn open(&self, service: Service, door: Arc<dyn Door>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(service.alpn(), door);
    }

    pub(super) fn of(&self, link: &dyn Link) -> Option<Arc<dyn Door>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&link.alpn()).cloned()
    }
}
