//! The folders of one device's leases, shared by whoever works on them: the adapter that serves, the gateway that
//! stands by for another.

use super::shelf::{Refusal, Shelf};
use caplet_protocol::LeaseId;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A lease's shelf, once it was opened.
type Slot = Arc<Mutex<Option<Shelf>>>;

/// What one device keeps for others, below one folder, a lease each.
pub struct Shelves {
    root: PathBuf,
    quota: AtomicU64,
    open: Mutex<BTreeMap<LeaseId, Slot>>,
    /// Names this run of the program: what was put into another may be lost.
    run: [u8; 16],
}

impl Shelves {
    /// Below `root`, at most `quota` bytes a lease.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, quota: u64) -> Self {
        let mut run = [0; 16];
        // without randomness: the time, which has moved on since the run before
        if getrandom::fill(&mut run).is_err() {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            run = since.map_or(0, |since| since.as_nanos()).to_be_bytes();
        }
        Self { root: root.into(), quota: quota.into(), open: Mutex::default(), run }
    }

    /// Another quota, bytes a lease: the device's profile has changed.
    pub fn limit(&self, quota: u64) {
        self.quota.store(quota, Ordering::Relaxed);
    }

    /// Bytes a lease may hold.
    pub(crate) fn quota(&self) -> u64 {
        self.quota.load(Ordering::Relaxed)
    }

    pub(crate) const fn run(&self) -> [u8; 16] {
        self.run
    }

    pub(crate) fn folder(&self, lease: LeaseId) -> PathBuf {
        self.root.join(lease.0.to_string())
    }

    /// Works on a lease's shelf, one at a time, off the runtime.
    pub(crate) async fn with<T, F>(&self, lease: LeaseId, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&mut Shelf) -> Result<T, Refusal> + Send + 'static,
    {
        let (folder, quota, slot) = (self.folder(lease), self.quota(), self.slot(lease));
        let done = tokio::task::spawn_blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            let shelf = match slot.take() {
                Some(shelf) => slot.insert(shelf),
                None => slot.insert(Shelf::open(folder)?),
            };
            shelf.limit(quota);
            work(shelf)
        });
        done.await.map_err(|e| Refusal::Disk(io::Error::other(e)))?
    }

    fn slot(&self, lease: LeaseId) -> Slot {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(open.entry(lease).or_default())
    }

    /// Leases of which something is kept.
    ///
    /// # Errors
    /// The disk's.
    pub fn kept(&self) -> io::Result<Vec<LeaseId>> {
        leases_below(&self.root)
    }

    /// Deletes what is kept of a lease: it is over.
    ///
    /// # Errors
    /// The disk's; what is left is deleted the next time.
    pub fn forget(&self, lease: LeaseId) -> io::Result<()> {
        let slot = self.slot(lease);
        let mut shelf = slot.lock().unwrap_or_else(PoisonError::into_inner);
        *shelf = None;
        match std::fs::remove_dir_all(self.folder(lease)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        drop(shelf);
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&lease);
        Ok(())
    }
}

fn leases_below(root: &Path) -> io::Result<Vec<LeaseId>> {
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut leases = Vec::new();
    for entry in entries {
        // what is no number is none of ours
        leases.extend(entry?.file_name().to_string_lossy().parse().map(LeaseId));
    }
    Ok(leases)
}
