//! The store as the consumer has it: a tree of files over sealed chunks.

mod remote;
mod tree;

pub use tree::Entry;

use crate::provider::{BLOCK, RESTARTED, proof};
use crate::seal::{Key, Of, SealError};
use bytes::Bytes;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tree::Tree;

/// Bytes of a chunk before it is sealed.
pub const CHUNK: usize = 256 * 1024;

/// Chunks on their way to the provider at a time.
const AHEAD: usize = 8;

/// How often a commit begins anew because the provider did.
const ATTEMPTS: u32 = 5;

/// Chunks kept in memory after they were read.
const CACHED: usize = 64;

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
    /// The session.
    #[error(transparent)]
    Session(Stop),
}

impl From<Stop> for VaultError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(words) if words.starts_with("full") => Self::Full(words),
            Stop::Exhausted(words) => Self::Full(words),
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
    cache: VecDeque<(Id, Vec<u8>)>,
}

/// An opened store.
pub struct Vault {
    client: Client,
    key: Key,
    state: Mutex<State>,
    committing: tokio::sync::Mutex<()>,
}

impl Vault {
    /// Opens the store of a lease. `known` is the number of the last manifest that this consumer
    /// remembers ([`Vault::sequence`]), 0 for none.
    ///
    /// # Errors
    /// [`VaultError`], [`VaultError::Rolled`] if the provider shows an older one.
    pub async fn open(client: Client, key: Key, known: u64) -> Result<Self, VaultError> {
        let (sequence, sealed) = remote::manifest(&client).await?;
        if sequence < known {
            return Err(VaultError::Rolled { found: sequence, known });
        }
        let tree = match sequence {
            0 => Tree::default(),
            _ => Tree::decode(sequence, &key.open(Of::Manifest(sequence), &sealed)?)?,
        };
        let state = State { tree, dirty: BTreeMap::new(), changed: false, cache: VecDeque::new() };
        let (state, committing) = (Mutex::new(state), tokio::sync::Mutex::default());
        Ok(Self { client, key, state, committing })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session behind it.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The number of the last manifest: to be remembered where the provider can't reach.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.state().tree.sequence
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

    async fn chunk(&self, path: &str, index: u64) -> Result<Vec<u8>, VaultError> {
        let id = {
            let state = self.state();
            if let Some(chunk) = state.dirty.get(path).and_then(|chunks| chunks.get(&index)) {
                return Ok(chunk.clone());
            }
            let file = state.tree.file(path)?;
            let at = usize::try_from(index).unwrap_or(usize::MAX);
            let Some(Some(id)) = file.chunks.get(at).copied() else { return Ok(Vec::new()) };
            if let Some((_, chunk)) = state.cache.iter().find(|(known, _)| *known == id) {
                return Ok(chunk.clone());
            }
            id
        };
        let sealed = remote::get(&self.client, &id).await?;
        if *blake3::hash(&sealed).as_bytes() != id {
            return Err(SealError::Changed.into());
        }
        let plain = self.key.open(Of::Chunk, &sealed)?;
        let mut state = self.state();
        state.cache.push_back((id, plain.clone()));
        if state.cache.len() > CACHED {
            state.cache.pop_front();
        }
        Ok(plain)
    }

    /// Makes everything that was written the provider's: chunks first, then the manifest that names
    /// them. After a crash on either side it is all there, or it is as it was.
    ///
    /// # Errors
    /// [`VaultError`]; what was written is kept and can be committed again.
    pub async fn commit(&self) -> Result<(), VaultError> {
        let _one = self.committing.lock().await;
        let (dirty, mut tree) = {
            let state = self.state();
            if !state.changed {
                return Ok(());
            }
            (state.dirty.clone(), state.tree.clone())
        };
        let before = tree.stored.clone();
        let mut new = BTreeMap::new();
        for (path, chunks) in &dirty {
            for (index, plain) in chunks {
                let sealed = self.key.seal(Of::Chunk, plain);
                let id = *blake3::hash(&sealed).as_bytes();
                tree.set_chunk(path, *index, id)?;
                if !before.contains(&id) {
                    new.insert(id, Bytes::from(sealed));
                }
            }
        }
        tree.sequence = tree.sequence.saturating_add(1);
        tree.stored = tree.named();
        let sealed = self.key.seal(Of::Manifest(tree.sequence), &tree.encode());
        self.send(&new, tree.sequence, sealed.into()).await?;
        let stale: BTreeSet<Id> = before.difference(&tree.stored).copied().collect();
        self.settle(&dirty, tree);
        // chunks that nothing names any more: lost room at worst, so a failure is no failure
        if !stale.is_empty()
            && let Err(stop) = remote::drop_chunks(&self.client, &stale).await
        {
            tracing::debug!(%stop, "old chunks were not dropped");
        }
        Ok(())
    }

    /// Sends new chunks, several at a time, and the manifest; anew if the provider was started anew in
    /// between, which may have cost it what was not committed.
    async fn send(
        &self,
        new: &BTreeMap<Id, Bytes>,
        sequence: u64,
        sealed: Bytes,
    ) -> Result<(), VaultError> {
        for attempt in 1.. {
            let put = |(id, sealed): (&Id, &Bytes)| {
                let (client, id, sealed) = (self.client.clone(), *id, sealed.clone());
                async move { remote::put(&client, &id, sealed).await }
            };
            let puts: Vec<_> = new.iter().map(put).collect();
            let runs: Result<BTreeSet<_>, _> =
                stream::iter(puts).buffer_unordered(AHEAD).try_collect().await;
            let mut runs = runs?;
            let run = runs.pop_first();
            // put into two runs: the first may have lost its part
            if !runs.is_empty() && attempt < ATTEMPTS {
                continue;
            }
            match remote::commit(&self.client, run, sequence, sealed.clone()).await {
                Err(VaultError::Session(Stop::Refused(words)))
                    if words.starts_with(RESTARTED) && attempt < ATTEMPTS => {}
                other => return other,
            }
        }
        Ok(())
    }

    /// What was written meanwhile stays to be committed.
    fn settle(&self, sent: &BTreeMap<String, BTreeMap<u64, Vec<u8>>>, tree: Tree) {
        let mut state = self.state();
        let mut more = false;
        for (path, chunks) in sent {
            let Some(now) = state.dirty.get_mut(path) else { continue };
            now.retain(|index, chunk| chunks.get(index) != Some(chunk));
            if now.is_empty() {
                state.dirty.remove(path);
            } else {
                more = true;
            }
        }
        more |= !state.tree.same_names(&tree);
        state.tree.adopt(&tree);
        state.changed = more || !state.dirty.is_empty();
    }

    /// Asks for the proof of a block of a stored chunk, chosen at random, and checks it against what is
    /// kept here of it: the chunk itself, read again.
    ///
    /// # Errors
    /// [`VaultError::Changed`] if the provider does not have it.
    pub async fn challenge(&self) -> Result<(), VaultError> {
        let mut dice = [0; 48];
        getrandom::fill(&mut dice).map_err(|e| VaultError::Full(format!("no randomness: {e}")))?;
        let (nonce, pick) = dice.split_at(32);
        let pick = pick.iter().fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
        let id = {
            let state = self.state();
            let count = u128::try_from(state.tree.stored.len()).unwrap_or(0);
            let Some(at) = pick.checked_rem(count) else { return Ok(()) };
            let at = usize::try_from(at).unwrap_or(0);
            match state.tree.stored.iter().nth(at) {
                Some(id) => *id,
                None => return Ok(()),
            }
        };
        // sealing is a function of the content, so what is kept here in plain is enough to check with
        let known = self.state().cache.iter().find(|(have, _)| *have == id).map(|(_, p)| p.clone());
        let sealed = match known {
            Some(plain) => self.key.seal(Of::Chunk, &plain),
            None => remote::get(&self.client, &id).await?.to_vec(),
        };
        if *blake3::hash(&sealed).as_bytes() != id {
            return Err(SealError::Changed.into());
        }
        let len = u64::try_from(sealed.len()).unwrap_or(u64::MAX);
        let blocks = u128::from(len.div_ceil(BLOCK).max(1));
        let block = u64::try_from(pick.checked_rem(blocks).unwrap_or(0)).unwrap_or(0);
        let block = block.saturating_mul(BLOCK);
        let from = usize::try_from(block).unwrap_or(usize::MAX);
        let to = from.saturating_add(usize::try_from(BLOCK).unwrap_or(0)).min(sealed.len());
        let expected = proof(nonce, sealed.get(from..to).unwrap_or_default());
        let found = remote::prove(&self.client, &id, block, nonce).await?;
        if found == expected { Ok(()) } else { Err(SealError::Changed.into()) }
    }
}

/// The chunk that holds a byte, and where.
fn place(offset: u64) -> (u64, usize) {
    const SIZE: u64 = CHUNK as u64;
    (offset / SIZE, usize::try_from(offset % SIZE).unwrap_or(0))
}
