//! Group commit.

use super::{lane::Key, table};
use crate::{JournalError, Ticket};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a store that failed is left alone before it is tried again.
const AGAIN: Duration = Duration::from_millis(100);

/// What writers and the committing thread share.
#[derive(Default)]
struct Queue {
    /// The latest state of each lane that is not committed.
    waiting: BTreeMap<Key, Vec<u8>>,
    /// The last write's ticket.
    written: Ticket,
    hurry: bool,
    stopped: bool,
    /// Why the last commit failed, until one succeeds.
    failed: Option<JournalError>,
    on_commit: Option<Arc<dyn Fn() + Send + Sync>>,
}

pub(super) struct Committer {
    queue: Mutex<Queue>,
    /// Something to commit, or to stop for.
    work: Condvar,
    /// A commit has succeeded or failed.
    done: Condvar,
    synced: AtomicU64,
    commits: AtomicU64,
    every: Duration,
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Committer").field("synced", &self.synced).finish_non_exhaustive()
    }
}

impl Committer {
    pub(super) fn new(every: Duration) -> Self {
        Self {
            queue: Mutex::default(),
            work: Condvar::new(),
            done: Condvar::new(),
            synced: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            every,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn synced(&self) -> Ticket {
        self.synced.load(Ordering::Acquire)
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) fn on_commit(&self, f: Arc<dyn Fn() + Send + Sync>) {
        self.queue().on_commit = Some(f);
    }

    /// Takes a state, unless the disk has refused the last ones: then the caller keeps its state, and
    /// the thread keeps trying with what it has.
    pub(super) fn write(&self, key: Key, state: Vec<u8>) -> Result<Ticket, JournalError> {
        let mut queue = self.queue();
        if queue.stopped {
            return Err(JournalError::Broken("the store is closed: open it again".into()));
        }
        if let Some(error) = &queue.failed {
            return Err(error.clone());
        }
        if queue.waiting.is_empty() {
            self.work.notify_one();
        }
        queue.waiting.insert(key, state);
        queue.written = queue.written.saturating_add(1);
        Ok(queue.written)
    }

    pub(super) fn health(&self) -> Result<(), JournalError> {
        self.queue().failed.clone().map_or(Ok(()), Err)
    }

    pub(super) fn hurry(&self) -> Result<(), JournalError> {
        let mut queue = self.queue();
        if !queue.waiting.is_empty() && !queue.hurry {
            queue.hurry = true;
            self.work.notify_one();
        }
        queue.failed.clone().map_or(Ok(()), Err)
    }

    /// Waits until all that is written now is committed.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        let mut queue = self.queue();
        let upto = queue.written;
        queue.hurry = true;
        self.work.notify_one();
        while self.synced() < upto {
            if let Some(error) = &queue.failed {
                return Err(error.clone());
            }
            if queue.stopped {
                return Err(JournalError::Broken("the store was closed: open it again".into()));
            }
            queue = self.done.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    pub(super) fn stop(&self) {
        self.queue().stopped = true;
        self.work.notify_one();
    }

    /// Commits until the store is stopped, and then once more what is left.
    pub(super) fn run(&self, mut connection: Connection) {
        loop {
            let (states, upto, stopped) = self.collect();
            if !states.is_empty() {
                let states_of = states.iter().map(|(key, state)| (key, state.as_slice()));
                let result = table::commit(&mut connection, states_of);
                self.finish(result, states, upto);
            }
            if stopped {
                self.done.notify_all();
                return;
            }
        }
    }

    /// Waits for something to commit, and a little longer for more.
    fn collect(&self) -> (BTreeMap<Key, Vec<u8>>, Ticket, bool) {
        let mut queue = self
            .work
            .wait_while(self.queue(), |q| q.waiting.is_empty() && !q.stopped)
            .unwrap_or_else(PoisonError::into_inner);
        let wait = if queue.failed.is_some() { AGAIN } else { self.every };
        let failed = queue.failed.is_some();
        if failed || !queue.hurry {
            (queue, _) = self
                .work
                .wait_timeout_while(queue, wait, |q| (failed || !q.hurry) && !q.stopped)
                .unwrap_or_else(PoisonError::into_inner);
        }
        queue.hurry = false;
        (std::mem::take(&mut queue.waiting), queue.written, queue.stopped)
    }

    fn finish(
        &self,
        result: Result<(), JournalError>,
        states: BTreeMap<Key, Vec<u8>>,
        upto: Ticket,
    ) {
        let mut queue = self.queue();
        let mut told = None;
        match result {
            Ok(()) => {
                queue.failed = None;
                self.synced.store(upto, Ordering::Release);
                self.commits.fetch_add(1, Ordering::Relaxed);
                told.clone_from(&queue.on_commit);
            }
            Err(error) => {
                queue.failed = Some(error);
                for (key, state) in states {
                    queue.waiting.entry(key).or_insert(state);
                }
            }
        }
        drop(queue);
        self.done.notify_all();
        if let Some(f) = told {
            f();
        }
    }
}
