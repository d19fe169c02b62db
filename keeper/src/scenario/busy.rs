//! Which provider is serving a lease right now, as the consuming devices say.

use caplet_protocol::{DeviceId, wire};
use caplet_simulator::{Saying, Told};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Who serves whom. Clones share it.
#[derive(Clone)]
pub(super) struct Busy {
    providers: Arc<Mutex<BTreeMap<u64, DeviceId>>>,
    last: Arc<watch::Sender<Option<DeviceId>>>,
}

impl Default for Busy {
    fn default() -> Self {
        Self { providers: Arc::default(), last: Arc::new(watch::Sender::new(None)) }
    }
}

impl Busy {
    /// Takes note of what a device says.
    pub(super) fn hear(&self, told: &Told) {
        let mut providers = self.providers.lock().unwrap_or_else(PoisonError::into_inner);
        match &told.saying {
            Saying::LeaseOpened(notice) if notice.role() == wire::Role::Consumer => {
                providers.insert(notice.lease, DeviceId(notice.provider));
            }
            // from the third unit on it is the middle of a lease
            Saying::Used(lease, _, total) if *total >= 3 => {
                self.last.send_replace(providers.get(&lease.0).copied());
            }
            _ => {}
        }
    }

    /// Waits until `provider` has just served a unit, at most `patience`.
    pub(super) async fn until_in_use(&self, provider: DeviceId, patience: Duration) {
        let mut last = self.last.subscribe();
        last.mark_unchanged();
        let served = async {
            while last.changed().await.is_ok() {
                if *last.borrow_and_update() == Some(provider) {
                    return;
                }
            }
        };
        // without a lease in that time the device dies idle, and the report shows it
        let _ = tokio::time::timeout(patience, served).await;
    }
}
