//! Results of the last calls of each lease: a repeated call is the same call, answered again, never
//! served or counted a second time.

use super::service::Served;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Results kept for a lease.
const KEPT: usize = 16;

/// Bytes that the results of all leases take together. Who repeats a call does it soon, so when they are more the
/// oldest go, whosever they are: a lease more takes nothing from the others.
const ROOM: usize = 64 << 20;

/// What a result takes beside its envelope and what was read from it.
const BESIDE: usize = 256;

/// The memory of results.
#[derive(Default)]
pub(super) struct Results {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    leases: BTreeMap<u64, VecDeque<Entry>>,
    /// The lease of each result, by its number.
    order: BTreeMap<u64, u64>,
    /// Results so far.
    numbers: u64,
    bytes: usize,
}

/// A result of a lease's call.
struct Entry {
    number: u64,
    call: u64,
    served: Served,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.served.envelope.len().saturating_mul(2).saturating_add(BESIDE)
    }
}

impl Results {
    pub(super) fn get(&self, (lease, id): (u64, u64)) -> Option<Served> {
        let kept = self.locked();
        let of_lease = kept.leases.get(&lease)?;
        of_lease.iter().find(|entry| entry.call == id).map(|entry| entry.served.clone())
    }

    pub(super) fn put(&self, (lease, call): (u64, u64), served: Served) {
        self.locked().put(lease, call, served, ROOM);
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn put(&mut self, lease: u64, call: u64, served: Served, room: usize) {
        self.numbers = self.numbers.saturating_add(1);
        let entry = Entry { number: self.numbers, call, served };
        self.bytes = self.bytes.saturating_add(entry.bytes());
        self.order.insert(entry.number, lease);
        let of_lease = self.leases.entry(lease).or_default();
        of_lease.push_back(entry);
        if of_lease.len() > KEPT {
            self.drop_first(lease);
        }
        while self.bytes > room {
            let Some(lease) = self.order.values().next().copied() else { return };
            self.drop_first(lease);
        }
    }

    /// Forgets a lease's oldest result.
    fn drop_first(&mut self, lease: u64) {
        let Some(of_lease) = self.leases.get_mut(&lease) else { return };
        if let Some(entry) = of_lease.pop_front() {
            self.bytes = self.bytes.saturating_sub(entry.bytes());
            self.order.remove(&entry.number);
        }
        if of_lease.is_empty() {
            self.leases.remove(&lease);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::wire::ServiceResult;

    fn served(bytes: usize) -> Served {
        Served { result: ServiceResult::default(), envelope: vec![7; bytes] }
    }

    #[test]
    fn a_repeated_call_is_known_however_many_leases_have_had_calls_since() {
        let results = Results::default();
        for lease in (1..=10_000).rev() {
            results.put((lease, 1), served(300));
        }
        assert!((1..=10_000).all(|lease| results.get((lease, 1)).is_some()));
        for call in 2..=17 {
            results.put((5, call), served(300));
        }
        assert!(results.get((5, 1)).is_none() && results.get((5, 2)).is_some());
        assert!(results.get((6, 1)).is_some());
    }

    #[test]
    fn when_room_is_short_the_oldest_results_go_and_what_is_left_fits() {
        let (mut kept, room) = (Kept::default(), 10 * (2 * 1_000 + BESIDE));
        for lease in 1..=30 {
            for call in 0..2 {
                kept.put(lease, call, served(1_000), room);
            }
        }
        assert!(kept.bytes <= room);
        assert_eq!(kept.leases.keys().copied().collect::<Vec<_>>(), [26, 27, 28, 29, 30]);
        assert_eq!(kept.order.len(), 10);
        // one that fits nowhere takes all others with it, and itself
        kept.put(31, 0, served(room), room);
        assert_eq!((kept.bytes, kept.leases.len(), kept.order.len()), (0, 0, 0));
    }
}
