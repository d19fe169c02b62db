//! One live session a lane: the larger epoch wins.

use crate::end::End;
use crate::service::Service;
use caplet_protocol::{Lane, LeaseId, wire::SessionEnd};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
struct Live {
    epoch: u32,
    service: Service,
    superseded: CancellationToken,
}

/// Live sessions.
#[derive(Default)]
pub(super) struct Table {
    live: Mutex<BTreeMap<(LeaseId, Lane), Live>>,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Sessions of a service other than those of this lease.
    pub(super) fn load(&self, service: Service, but: LeaseId) -> usize {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.iter().filter(|((lease, _), live)| *lease != but && live.service == service).count()
    }

    /// Takes a lane for a session; the token is cancelled when a larger epoch takes it over.
    ///
    /// # Errors
    /// [`SessionEnd::Superseded`] if the live session's epoch is not smaller.
    pub(super) fn claim(
        &self,
        key: (LeaseId, Lane),
        epoch: u32,
        service: Service,
    ) -> Result<CancellationToken, End> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = live.get(&key) {
            if other.epoch >= epoch {
                let words = format!(
                    "session epoch {epoch} comes after {}: connect with a larger one",
                    other.epoch
                );
                return Err(End::new(SessionEnd::Superseded, words));
            }
            other.superseded.cancel();
        }
        let superseded = CancellationToken::new();
        live.insert(key, Live { epoch, service, superseded: superseded.clone() });
        Ok(superseded)
    }

    /// Gives a lane back, unless a later session has it.
    pub(super) fn release(&self, key: (LeaseId, Lane), epoch: u32) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.get(&key).is_some_and(|session| session.epoch == epoch) {
            live.remove(&key);
        }
    }
}
