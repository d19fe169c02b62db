//! The store as the consumer has it: a tree of files over sealed chunks.

mod cache;
pub(crate) mod challenge;
mod chunks;
mod commit;
pub(crate) mod depot;
mod leased;
mod memory;
pub(crate) mod remote;
pub(crate) mod send;
mod tree;

pub(crate) use leased::Leased;
pub use memory::Memory;
pub use tree::Entry;
pub use tree::manifest_reads_back;

use crate::seal::{Key, Of, SealError};
use cache::Cache;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;
use depot::Depot;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tree::Tree;

/// Bytes of a chunk before it is sealed.
pub const CHUNK: usize = 256 * 1024;

/// Why something can't be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// No such file or folder.
    #[error("{0} is not there")]
    NotFound(String),
    /// It is there already.
    #[error("{0} is there already")]
    Exists(String),
    /// A folder where a file is needed, or the other way round, or one that is not empty.
    #[error("{0}")]
    Kind(String),
    /// No name of a file.
    #[error("{0:?} is no name: 1 to 255 bytes, no '/', not '.' or '..'")]
    Name(String),
    /// The provider's, or this side's, limit.
    #[error("{0}")]
    Full(String),
    /// What came back is not what was stored.
    #[error(transparent)]
    Changed(#[from] SealError),
    /// The provider shows an older state than it had taken.
    #[error(
        "the provider shows manifest {found}, {known} was stored: it lost or hides what came after"
    )]
    Rolled {
        /// Shown.
        found: u64,
        /// Remembered.
        known: u64,
    },
    /// Too few of the leases that a store is spread over.
    #[error("{have} of the {needed} leases that are needed {what}: {why}")]
    Few {
        /// Leases that do.
        have: usize,
        /// Leases that must.
        needed: usize,
        /// What they are to do.
        what: &'static str,
        /// What keeps one of the others from it.
        why: String,
    },
    /// The session.
    #[error(transparent)]
    Session(Stop),
}

impl From<Stop> for VaultError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(words) if words.starts_with("full") => Self::Full(words),
            other => Self::Session(other),
        }
    }
}

/// A digest of a sealed chunk.
pub(crate) type Id = [u8; 32];

struct State {
    tree: Tree,
    /// What was written and not committed yet, by path and chunk.
    dirty: BTreeMap<String, BTreeMap<u64, Vec<u8>>>,
    changed: bool,
    /// One more than the gateways that may be lost, of the last manifest.
    copies: u8,
    /// The last manifest that was acknowledged as stored twice; 0 for none.
    twice: u64,
    cache: Cache,
}

/// An opened store.
pub struct Vault {
    depot: Arc<dyn Depot>,
    key: Key,
    state: Mutex<State>,
    committing: tokio::sync::Mutex<()>,
    /// Chunks on their way here, each asked for once.
    coming: Mutex<BTreeMap<Id, Arc<tokio::sync::Mutex<()>>>>,
}

impl Vault {
    /// Opens the store of a lease. `known` is the number of the last manifest that this consumer
    /// remembers ([`Vault::sequence`]), 0 for none.
    ///
    /// # Errors
    /// [`VaultError`], [`VaultError::Rolled`] if the provider shows an older one.
    pub async fn open(client: Client, key: Key, known: u64) -> Result<Self, VaultError> {
        Self::remembered(client, key, Arc::new(known)).await
    }

    /// As [`Vault::open`], with what is remembered elsewhere, and will be.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub async fn remembered(
        client: Client,
        key: Key,
        memory: Arc<dyn Memory>,
    ) -> Result<Self, VaultError> {
        Self::over(Arc::new(Leased::new(client, memory)), key).await
    }

    /// Opens what is kept there.
    pub(crate) async fn over(depot: Arc<dyn Depot>, key: Key) -> Result<Self, VaultError> {
        let (sequence, sealed) = depot.manifest().await?;
        let tree = match sequence {
            0 => Tree::default(),
            _ => Tree::decode(sequence, &key.open(Of::Manifest(sequence), &sealed)?)?,
        };
        let (dirty, cache) = (BTreeMap::new(), Cache::default());
        let state = State { tree, dirty, changed: false, copies: 1, twice: 0, cache };
        let (state, committing) = (Mutex::new(state), tokio::sync::Mutex::default());
        Ok(Self { depot, key, state, committing, coming: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last manifest: to be remembered where the provider can't reach.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.state().tree.sequence
    }

    /// The number of the last manifest that was acknowledged as being on the disks of two members of a pool, with all
    /// that it names, since the store was opened; 0 for none.
    #[must_use]
    pub fn stored_twice(&self) -> u64 {
        self.state().twice
    }

    /// One more than the number of gateways that may be lost without losing what this handle stored last, as it was
    /// acknowledged: 2 in a pool that has a member to spare, or with one more lease than is needed of a spread.
    #[must_use]
    pub fn copies(&self) -> u8 {
        self.state().copies
    }

    /// Asks whoever serves now for the number of its manifest.
    ///
    /// # Errors
    /// [`VaultError::Rolled`] if it is an older one than this consumer knows of: a replica that was behind is never
    /// taken for the truth.
    pub async fn check(&self) -> Result<(), VaultError> {
        self.depot.check().await
    }

    /// A file or folder; "" is the root.
    ///
    /// # Errors
    /// [`VaultError::NotFound`].
    pub fn entry(&self, path: &str) -> Result<Entry, VaultError> {
        self.state().tree.entry(path)
    }

    /// Names in a folder.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn list(&self, folder: &str) -> Result<Vec<(String, Entry)>, VaultError> {
        self.state().tree.list(folder)
    }

    /// A new empty file.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn create(&self, path: &str) -> Result<Entry, VaultError> {
        self.change(|tree| tree.create(path))
    }

    /// A new folder.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn make_folder(&self, path: &str) -> Result<Entry, VaultError> {
        self.change(|tree| tree.make_folder(path))
    }

    /// Removes a file, or a folder that is empty.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn remove(&self, path: &str, folder: bool) -> Result<(), VaultError> {
        self.change(|tree| tree.remove(path, folder))?;
        self.state().dirty.remove(path);
        Ok(())
    }

    /// Gives a file or folder another path; a file at `to` gives way.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn rename(&self, from: &str, to: &str) -> Result<(), VaultError> {
        let mut state = self.state();
        let moved = state.tree.rename(from, to)?;
        for (old, new) in moved {
            state.dirty.remove(&new);
            if let Some(dirty) = state.dirty.remove(&old) {
                state.dirty.insert(new, dirty);
            }
        }
        state.changed = true;
        Ok(())
    }

    fn change<T>(
        &self,
        by: impl FnOnce(&mut Tree) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let mut state = self.state();
        let done = by(&mut state.tree)?;
        state.changed = true;
        Ok(done)
    }

    /// Reads at most `len` bytes from `offset`; fewer at the end of the file.
    ///
    /// # Errors
    /// [`VaultError`], [`VaultError::Changed`] if a bit is not what was stored.
    pub async fn read(&self, path: &str, offset: u64, len: usize) -> Result<Vec<u8>, VaultError> {
        let size = self.state().tree.file(path)?.size;
        let end = offset.saturating_add(u64::try_from(len).unwrap_or(u64::MAX)).min(size);
        let mut out = Vec::new();
        let mut at = offset;
        while at < end {
            let (index, within) = place(at);
            let chunk = self.chunk(path, index).await?;
            let take = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
            let to = within.saturating_add(take).min(CHUNK);
            let have = chunk.get(within..to.min(chunk.len())).unwrap_or_default();
            out.extend_from_slice(have);
            // a hole reads as zeros
            let hole = to.saturating_sub(within).saturating_sub(have.len());
            out.resize(out.len().saturating_add(hole), 0);
            at = at.saturating_add(u64::try_from(to.saturating_sub(within)).unwrap_or(u64::MAX));
        }
        Ok(out)
    }

    /// Writes bytes at `offset`. They are the provider's with the next [`Vault::commit`].
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn write(&self, path: &str, offset: u64, bytes: &[u8]) -> Result<(), VaultError> {
        let mut done = 0;
        while let Some(left) = bytes.get(done..).filter(|left| !left.is_empty()) {
            let at = offset.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
            let (index, within) = place(at);
            let part = left.get(..left.len().min(CHUNK.saturating_sub(within))).unwrap_or(left);
            let whole = within == 0 && part.len() == CHUNK;
            let mut chunk = if whole { Vec::new() } else { self.chunk(path, index).await? };
            let end = within.saturating_add(part.len());
            if chunk.len() < end {
                chunk.resize(end, 0);
            }
            if let Some(slot) = chunk.get_mut(within..end) {
                slot.copy_from_slice(part);
            }
            let mut state = self.state();
            let size = at.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
            state.tree.grow(path, size)?;
            state.dirty.entry(path.to_owned()).or_default().insert(index, chunk);
            state.changed = true;
            drop(state);
            done = done.saturating_add(part.len());
        }
        Ok(())
    }

    /// Cuts a file, or lengthens it by zeros.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn resize(&self, path: &str, size: u64) -> Result<(), VaultError> {
        let (index, within) = place(size);
        let last = if within == 0 { None } else { Some(self.chunk(path, index).await?) };
        let mut state = self.state();
        let shrinks = size < state.tree.file(path)?.size;
        state.tree.resize(path, size)?;
        state.changed = true;
        let dirty = state.dirty.entry(path.to_owned()).or_default();
        dirty.retain(|at, _| *at < index || (*at == index && within > 0));
        if let Some(mut last) = last.filter(|_| shrinks) {
            last.truncate(within);
            dirty.insert(index, last);
        }
        Ok(())
    }
}

/// The chunk that holds a byte, and where.
fn place(offset: u64) -> (u64, usize) {
    const SIZE: u64 = CHUNK as u64;
    (offset / SIZE, usize::try_from(offset % SIZE).unwrap_or(0))
}
