//! What was written becomes the provider's.

use super::tree::Tree;
use super::{Id, Vault, VaultError, remote};
use crate::provider::RESTARTED;
use crate::seal::Of;
use bytes::Bytes;
use caplet_fabric::Stop;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

/// Chunks on their way to the provider at a time.
const AHEAD: usize = 8;

/// How often a commit begins anew because the provider did.
const ATTEMPTS: u32 = 5;

impl Vault {
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
        let copies = self.send(&new, tree.sequence, sealed.into()).await?;
        let stale: BTreeSet<Id> = before.difference(&tree.stored).copied().collect();
        if let Err(why) = self.memory.remember(self.client.lease().lease, tree.sequence) {
            tracing::warn!(%why, "the number of a manifest is not remembered over a restart");
        }
        self.settle(&dirty, tree, copies);
        // chunks that nothing names any more: lost room at worst, so a failure is no failure
        if !stale.is_empty()
            && let Err(stop) = remote::drop_chunks(&self.client, &stale).await
        {
            tracing::debug!(%stop, "old chunks were not dropped");
        }
        Ok(())
    }

    /// Sends new chunks, several at a time, and the manifest; anew if the provider was started anew in
    /// between, which may have cost it what was not committed, or if it is another. On how many gateways' disks it is.
    async fn send(
        &self,
        new: &BTreeMap<Id, Bytes>,
        sequence: u64,
        sealed: Bytes,
    ) -> Result<u8, VaultError> {
        let mut attempt = 0;
        loop {
            attempt = u32::saturating_add(attempt, 1);
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
    }

    /// What was written meanwhile stays to be committed.
    fn settle(&self, sent: &BTreeMap<String, BTreeMap<u64, Vec<u8>>>, tree: Tree, copies: u8) {
        let mut state = self.state();
        if copies > 1 {
            state.twice = tree.sequence;
        }
        let mut more = false;
        for (path, chunks) in sent {
            // what was just written is often read
            let ids = tree.file(path).map_or(&[][..], |file| &file.chunks);
            for (index, plain) in chunks {
                let at = usize::try_from(*index).unwrap_or(usize::MAX);
                if let Some(Some(id)) = ids.get(at) {
                    state.cache.put(*id, plain.clone());
                }
            }
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
}
