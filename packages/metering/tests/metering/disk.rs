//! A journal that loses power: what was not synced is gone.

use caplet_metering::{Journal, JournalError, Ticket};
use std::sync::{Arc, Mutex};

#[derive(Clone, Default, Debug)]
pub(crate) struct Disk<S>(Arc<Mutex<Inner<S>>>);

#[derive(Debug)]
struct Inner<S> {
    /// Every state that was ever durable, oldest first.
    durable: Vec<S>,
    /// Written, not synced.
    cache: Vec<S>,
    synced: Ticket,
    /// Whether a write is durable at once.
    eager: bool,
    full: bool,
    hurried: usize,
}

impl<S> Default for Inner<S> {
    fn default() -> Self {
        Self {
            durable: Vec::new(),
            cache: Vec::new(),
            synced: 0,
            eager: false,
            full: false,
            hurried: 0,
        }
    }
}

impl<S: Clone> Disk<S> {
    pub(crate) fn new(eager: bool) -> Self {
        let disk = Self(Arc::default());
        disk.0.lock().unwrap().eager = eager;
        disk
    }

    /// The first `writes` in the cache reach the disk.
    pub(crate) fn land(&self, writes: usize) {
        let mut inner = self.0.lock().unwrap();
        if inner.full {
            return;
        }
        let writes = writes.min(inner.cache.len());
        let landed: Vec<S> = inner.cache.drain(..writes).collect();
        inner.durable.extend(landed);
        inner.synced += writes as u64;
    }

    /// Power is lost after `writes` more have reached the disk.
    pub(crate) fn lose_power(&self, writes: usize) {
        self.land(writes);
        let mut inner = self.0.lock().unwrap();
        inner.cache.clear();
        inner.synced = 0;
    }

    /// The disk as it was `writes` durable states ago.
    pub(crate) fn restore(&self, writes: usize) {
        let mut inner = self.0.lock().unwrap();
        inner.cache.clear();
        inner.synced = 0;
        let keep = inner.durable.len().saturating_sub(writes);
        inner.durable.truncate(keep);
    }

    pub(crate) fn set_full(&self, full: bool) {
        self.0.lock().unwrap().full = full;
    }

    /// How often it was to hurry.
    pub(crate) fn hurried(&self) -> usize {
        self.0.lock().unwrap().hurried
    }

    pub(crate) fn durable(&self) -> Option<S> {
        self.0.lock().unwrap().durable.last().cloned()
    }
}

impl<S: Clone> Journal<S> for Disk<S> {
    fn load(&mut self) -> Result<Option<S>, JournalError> {
        Ok(self.durable())
    }

    fn write(&mut self, state: &S) -> Result<Ticket, JournalError> {
        let mut inner = self.0.lock().unwrap();
        if inner.full {
            return Err(JournalError::Full);
        }
        inner.cache.push(state.clone());
        let ticket = inner.synced + inner.cache.len() as u64;
        let eager = inner.eager;
        drop(inner);
        if eager {
            self.land(usize::MAX);
        }
        Ok(ticket)
    }

    fn synced(&self) -> Ticket {
        self.0.lock().unwrap().synced
    }

    fn health(&self) -> Result<(), JournalError> {
        if self.0.lock().unwrap().full { Err(JournalError::Full) } else { Ok(()) }
    }

    fn hurry(&mut self) -> Result<(), JournalError> {
        self.0.lock().unwrap().hurried += 1;
        self.health()
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.health()?;
        self.land(usize::MAX);
        Ok(())
    }
}
