//! How many calls of a lease are served at a time: each is admitted by what was counted before it, so what is owed
//! beyond the risk cap is what those on their way are worth, and they are few.

use caplet_protocol::LeaseId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls of a lease on their way to its provider at a time; more wait. One that is never answered holds up none of the
/// others, and its own turn no longer than it is waited for.
const AT_ONCE: usize = 4;

/// Whose turn it is, by lease.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<BTreeMap<LeaseId, Arc<Semaphore>>>);

/// A call's turn; over when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    /// Others of the lease that were on their way when this one began.
    pub(super) others: u64,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Waits for a turn on a lease.
    pub(super) async fn of(&self, lease: LeaseId) -> Turn {
        let room = {
            let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // nobody waits for or has a turn of what only this table still holds
            rooms.retain(|_, room| Arc::strong_count(room) > 1);
            let made = || Arc::new(Semaphore::new(AT_ONCE));
            Arc::clone(rooms.entry(lease).or_insert_with(made))
        };
        // never closed
        let permit = Arc::clone(&room).acquire_owned().await.ok();
        let taken = AT_ONCE.saturating_sub(room.available_permits());
        let others = u64::try_from(taken.saturating_sub(1)).unwrap_or(u64::MAX);
        Turn { others, _permit: permit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn few_calls_of_a_lease_are_served_at_once_and_none_waits_for_another_lease() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for others in 0..AT_ONCE {
            let turn = turns.of(LeaseId(1)).await;
            assert_eq!(turn.others, u64::try_from(others).unwrap());
            held.push(turn);
        }
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, turns.of(LeaseId(1))).await.is_err(), "all are taken");
        let other = turns.of(LeaseId(2)).await;
        assert_eq!(other.others, 0);
        drop(held.pop());
        drop(turns.of(LeaseId(1)).await);
        drop((held, other));
        drop(turns.of(LeaseId(3)).await);
        assert_eq!(turns.0.lock().unwrap().len(), 1, "what is over is forgotten");
    }
}
