//! One live session a lane: a later one, whose epoch the payee has found larger, takes over.

use crate::service::Service;
use caplet_protocol::{DeviceId, Lane, LeaseId};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

struct Live {
    number: u64,
    /// Whose capability it is.
    of: (DeviceId, Service),
    superseded: CancellationToken,
}

#[derive(Default)]
struct Sessions {
    next: u64,
    live: BTreeMap<(LeaseId, Lane), Live>,
}

/// Live sessions.
#[derive(Default)]
pub(super) struct Table {
    sessions: Mutex<Sessions>,
}

/// A session's place in the table.
pub(super) struct Claim {
    key: (LeaseId, Lane),
    number: u64,
    /// Cancelled when a later session takes over.
    pub(super) superseded: CancellationToken,
}

impl Table {
    fn locked(&self) -> std::sync::MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn len(&self) -> usize {
        self.locked().live.len()
    }

    /// Sessions of a device's service other than those of this lease: what other devices here serve is no load of it.
    pub(super) fn load(&self, of: (DeviceId, Service), but: LeaseId) -> usize {
        let sessions = self.locked();
        let others = sessions.live.iter().filter(|((lease, _), _)| *lease != but);
        others.filter(|(_, live)| live.of == of).count()
    }

    /// Takes a lane for a session whose hello was good.
    pub(super) fn claim(&self, key: (LeaseId, Lane), of: (DeviceId, Service)) -> Claim {
        let mut sessions = self.locked();
        sessions.next = sessions.next.wrapping_add(1);
        let (number, superseded) = (sessions.next, CancellationToken::new());
        let live = Live { number, of, superseded: superseded.clone() };
        if let Some(other) = sessions.live.insert(key, live) {
            other.superseded.cancel();
        }
        Claim { key, number, superseded }
    }

    /// Gives a lane back; false if a later session has it.
    pub(super) fn release(&self, claim: &Claim) -> bool {
        let mut sessions = self.locked();
        let mine = sessions.live.get(&claim.key).is_some_and(|live| live.number == claim.number);
        if mine {
            sessions.live.remove(&claim.key);
        }
        mine
    }
}
