//! Who stands by, as who serves reaches it.

use super::wire::{self, Ask, AskError, Hold, NAMES, Said, What};
use super::{Name, Replicas};
use crate::provider::sequence;
use caplet_fabric::link::Link;
use caplet_protocol::{DeviceId, LeaseId};
use std::sync::Arc;

/// Chunks that are shown at a time: they are read for it.
const SHOWN: usize = 64;

/// Pages of names that are taken: the chunks of 4 TiB.
const PAGES: usize = 4_096;

/// A link on which a replica is held.
pub(super) struct Peer {
    link: Arc<dyn Link>,
}

impl Peer {
    /// Connects, and is let bring the replica of `lease` to `at`.
    pub(super) async fn hold(
        replicas: &dyn Replicas,
        lease: LeaseId,
        at: DeviceId,
    ) -> Result<Self, String> {
        let dialled = tokio::time::timeout(wire::PATIENCE, replicas.dial(at)).await;
        let link = dialled.unwrap_or_else(|_| Err("it is not reached in time".to_owned()))?;
        let hold = Hold { version: wire::VERSION, lease: lease.0, at: at.0 };
        match wire::ask(&*link, &hold, &[], 0).await {
            Ok(_) => Ok(Self { link }),
            Err(error) => {
                link.close("the replica is not taken");
                Err(error.to_string())
            }
        }
    }

    async fn ask(&self, what: What, body: &[u8], most: usize) -> Result<(Said, Vec<u8>), AskError> {
        wire::ask(&*self.link, &Ask { what: Some(what) }, body, most).await
    }

    /// The chunks that it says to have.
    pub(super) async fn list(&self) -> Result<Vec<Name>, AskError> {
        let mut all: Vec<Name> = Vec::new();
        for _ in 0..PAGES {
            let after = all.last().map(|name| name.to_vec()).unwrap_or_default();
            let (_, page) = self.ask(What::List(after), &[], 32 * NAMES).await?;
            let page = wire::names(&page)?;
            let full = page.len() == NAMES;
            all.extend(page);
            if !full {
                return Ok(all);
            }
        }
        Err(AskError::Meaningless)
    }

    pub(super) async fn put(&self, name: Name, bytes: &[u8]) -> Result<(), AskError> {
        self.ask(What::Put(name.to_vec()), bytes, 0).await.map(|_| ())
    }

    /// Has it show chunks: BLAKE3 of each under a key that it could not know before.
    pub(super) async fn shown(&self, key: [u8; 32], names: &[Name]) -> Result<Vec<Name>, AskError> {
        let mut all = Vec::new();
        for some in names.chunks(SHOWN) {
            let what = What::Prove(key.to_vec());
            let (_, proofs) = self.ask(what, some.as_flattened(), 32 * SHOWN).await?;
            let proofs = wire::names(&proofs)?;
            if proofs.len() != some.len() {
                return Err(AskError::Meaningless);
            }
            all.extend(proofs);
        }
        Ok(all)
    }

    /// Brings a manifest as stored, and returns its number once that is on disk there with all chunks.
    pub(super) async fn commit(&self, stored: &[u8]) -> Result<u64, AskError> {
        let number = sequence(stored);
        let manifest = stored.get(8..).unwrap_or_default();
        let (said, _) = self.ask(What::Commit(number), manifest, 0).await?;
        if said.sequence == number { Ok(number) } else { Err(AskError::Meaningless) }
    }

    pub(super) async fn forget(&self, names: &[Name]) -> Result<(), AskError> {
        for some in names.chunks(NAMES) {
            self.ask(What::Drop(true), some.as_flattened(), 0).await?;
        }
        Ok(())
    }

    /// Waits until it is gone, and says why.
    pub(super) async fn gone(&self) -> String {
        self.link.closed().await.to_string()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.link.close("the replica is left as it is");
    }
}
