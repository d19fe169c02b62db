//! Many lanes on one SQLite file: write-ahead log, `synchronous=FULL`, group commit.
//!
//! States that come while a commit is under way go into the next one, at most [`Store::EVERY`] later, and
//! only the latest of a lane is written; so the cost of the disk is shared by all lanes, and a payee that
//! waits for its voucher waits for one commit. A disk that is full stops commits and loses nothing: what
//! was handed over stays in memory, is tried again, and counts as paid only when it is on disk.

mod committer;
mod lane;
mod look;
mod reader;
mod record;
mod table;

pub use lane::{Durable, LaneJournal, Side};
pub use look::look;
pub use reader::Reader;

use crate::JournalError;
use caplet_protocol::{Lane, LeaseId};
use committer::Committer;
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A store of the states of many lanes, with a thread that commits. The thread ends, and commits what is
/// left, when the store is dropped; journals that outlive it fail.
#[derive(Debug)]
pub struct Store {
    committer: Arc<Committer>,
    reader: Arc<Mutex<Connection>>,
    thread: Option<JoinHandle<()>>,
}

/// What a store is opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Longest time between a write and its commit.
    pub every: Duration,
    /// Most pages of 4 KiB that the file may have; `None` for as many as the disk has. A quota.
    pub most_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { every: Store::EVERY, most_pages: None }
    }
}

impl Store {
    /// Longest time between a write and its commit (`PROTOCOL.md` 4).
    pub const EVERY: Duration = Duration::from_millis(20);

    /// Opens or makes the store at `path`.
    ///
    /// # Errors
    /// If the file cannot be opened or made, or is none of ours.
    pub fn open(path: &Path, options: Options) -> Result<Self, JournalError> {
        let writer = table::open(path, &options)?;
        let reader = table::open(path, &options)?;
        let committer = Arc::new(Committer::new(options.every));
        let running = Arc::clone(&committer);
        let thread = std::thread::Builder::new()
            .name("metering-commit".into())
            .spawn(move || running.run(writer))
            .map_err(|error| JournalError::Broken(error.to_string()))?;
        Ok(Self { committer, reader: Arc::new(Mutex::new(reader)), thread: Some(thread) })
    }

    /// The journal of one side of one lane.
    #[must_use]
    pub fn journal<S: Durable>(&self, lease: LeaseId, lane: Lane) -> LaneJournal<S> {
        LaneJournal::new(Arc::clone(&self.committer), Arc::clone(&self.reader), lease, lane)
    }

    /// Every durable state of one side, by lease and lane: what a keeper opens at start, and what its
    /// settler redeems.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn all<S: Durable>(&self) -> Result<Vec<(LeaseId, Lane, S)>, JournalError> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        table::all(&reader)
    }

    /// Calls `f` after every commit, on the committing thread: wakes whoever waits for
    /// [`crate::PauseReason::Storing`] to pass.
    pub fn on_commit(&self, f: impl Fn() + Send + Sync + 'static) {
        self.committer.on_commit(Arc::new(f));
    }

    /// Commits made so far: tells how well the group commit groups.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.committer.commits()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.committer.stop();
        if let Some(thread) = self.thread.take() {
            drop(thread.join()); // a thread that panicked has nothing more to commit
        }
    }
}
