//! What was written becomes the provider's.

use super::depot::Batch;
use super::tree::Tree;
use super::{Id, Vault, VaultError};
use crate::seal::Of;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

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
        let (sequence, manifest, named) = (tree.sequence, sealed.into(), &tree.stored);
        let batch = Batch { sequence, manifest, new: &new, named };
        let copies = self.depot.commit(batch).await?;
        let stale: BTreeSet<Id> = before.difference(&tree.stored).copied().collect();
        self.settle(&dirty, tree, copies);
        // chunks that nothing names any more: lost room at worst, so a failure is no failure
        if !stale.is_empty()
            && let Err(stop) = self.depot.drop_chunks(&stale).await
        {
            tracing::debug!(%stop, "old chunks were not dropped");
        }
        Ok(())
    }

    /// What was written meanwhile stays to be committed.
    fn settle(&self, sent: &BTreeMap<String, BTreeMap<u64, Vec<u8>>>, tree: Tree, copies: u8) {
        let mut state = self.state();
        state.copies = copies.max(1);
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
