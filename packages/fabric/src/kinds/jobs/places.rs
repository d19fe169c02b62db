//! Places of frames: how many are here at a time, of one lease and of all. A frame has its place from before it is read
//! until its result is taken or nobody works on it any more.

use crate::end::Stop;
use caplet_protocol::LeaseId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places of the leases that have frames here now.
type Shares = BTreeMap<LeaseId, Weak<Semaphore>>;

/// The places.
pub(super) struct Places {
    all: Arc<Semaphore>,
    /// A lease's own, so that one that takes no results or pays for none holds up itself alone.
    shares: Mutex<Shares>,
    share: usize,
}

/// A place that is taken.
pub(super) struct Place {
    _share: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Places {
    /// So many in all, and so many of a lease.
    pub(super) fn new(all: usize, share: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), shares: Mutex::default(), share }
    }

    /// A lease's own places. The same ones for all its sessions: what the last one left behind counts in the next.
    fn of(&self, lease: LeaseId) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(&lease).and_then(Weak::upgrade) {
            return share;
        }
        shares.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(self.share));
        shares.insert(lease, Arc::downgrade(&share));
        share
    }

    /// Waits for one.
    ///
    /// # Errors
    /// None while this is there.
    pub(super) async fn take(&self, lease: LeaseId) -> Result<Place, Stop> {
        let gone = |_| Stop::refused("the unit is going down");
        let share = self.of(lease).acquire_owned().await.map_err(gone)?;
        let all = Arc::clone(&self.all).acquire_owned().await.map_err(gone)?;
        Ok(Place { _share: share, _all: all })
    }
}
