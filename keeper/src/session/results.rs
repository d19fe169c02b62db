//! Results of the last calls of each lease: a repeated call is the same call, answered again, never
//! served or counted a second time.

use super::service::Served;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Results kept for a lease.
const KEPT: usize = 16;

/// Leases with results.
const LEASES: usize = 1_024;

/// The memory of results.
#[derive(Default)]
pub(super) struct Results {
    kept: Mutex<BTreeMap<u64, VecDeque<(u64, Served)>>>,
}

impl Results {
    pub(super) fn get(&self, (lease, id): (u64, u64)) -> Option<Served> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&lease)?.iter().find(|(known, _)| *known == id).map(|(_, served)| served.clone())
    }

    pub(super) fn put(&self, (lease, id): (u64, u64), served: Served) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= LEASES && !kept.contains_key(&lease) {
            // the lowest number is the oldest lease
            kept.pop_first();
        }
        let of_lease = kept.entry(lease).or_default();
        of_lease.push_back((id, served));
        if of_lease.len() > KEPT {
            of_lease.pop_front();
        }
    }
}
