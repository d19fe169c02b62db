//! Chunks as the consumer has them: written and not sent yet, kept, or fetched.

use super::{Id, Vault, VaultError, place};
use crate::seal::Of;
use futures::{StreamExt as _, stream};
use std::sync::{Arc, PoisonError};

/// Chunks that are fetched before a reader that goes on asks for them.
const READ_AHEAD: u8 = 4;

impl Vault {
    pub(super) async fn chunk(&self, path: &str, index: u64) -> Result<Vec<u8>, VaultError> {
        let id = {
            let state = self.state();
            if let Some(chunk) = state.dirty.get(path).and_then(|chunks| chunks.get(&index)) {
                return Ok(chunk.clone());
            }
            let file = state.tree.file(path)?;
            let at = usize::try_from(index).unwrap_or(usize::MAX);
            let Some(Some(id)) = file.chunks.get(at).copied() else { return Ok(Vec::new()) };
            if let Some(chunk) = state.cache.get(&id) {
                return Ok(chunk);
            }
            id
        };
        let coming = {
            let mut coming = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(coming.entry(id).or_default())
        };
        let _one = coming.lock().await;
        if let Some(chunk) = self.state().cache.get(&id) {
            return Ok(chunk);
        }
        let fetched = self.fetch(&id).await;
        self.coming.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        fetched
    }

    async fn fetch(&self, id: &Id) -> Result<Vec<u8>, VaultError> {
        let sealed = self.depot.get(id).await?;
        let plain = self.key.open(Of::Chunk, &sealed)?;
        self.state().cache.put(*id, plain.clone());
        Ok(plain)
    }

    /// Fetches what a reader that goes on will read after `offset`: the chunks after that one. What can't be
    /// had is asked for again when it is read.
    pub async fn read_ahead(&self, path: &str, offset: u64) {
        let (index, _) = place(offset);
        let next = (1..=READ_AHEAD).map(|more| self.chunk(path, index.saturating_add(more.into())));
        let next: Vec<_> = next.collect();
        stream::iter(next).buffer_unordered(READ_AHEAD.into()).for_each(|_| async {}).await;
    }
}
