//! Where sealed chunks, and the manifest that names them, are kept: on one lease, or spread over several. A vault does
//! not know which.

use super::{Id, VaultError};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// A manifest, and the chunks that come with it.
pub(crate) struct Batch<'a> {
    /// Number of the manifest: one more than the last one's.
    pub(crate) sequence: u64,
    /// The manifest, sealed.
    pub(crate) manifest: Bytes,
    /// Chunks that the manifest before does not name, by their digest.
    pub(crate) new: &'a BTreeMap<Id, Bytes>,
    /// Every chunk that this one names.
    pub(crate) named: &'a BTreeSet<Id>,
}

/// What a challenge is made of: chosen here, foreseen by nobody.
#[derive(Clone, Copy)]
pub(crate) struct Dice {
    /// What the proof must be of, beside the block.
    pub(crate) nonce: [u8; 32],
    /// Chooses the chunk, the lease and the block.
    pub(crate) pick: u128,
}

/// Keeps sealed things.
#[async_trait]
pub(crate) trait Depot: Send + Sync + 'static {
    /// The last manifest with its number, as it was given to [`Depot::commit`]; 0 and nothing if there is none.
    ///
    /// # Errors
    /// [`VaultError::Rolled`] if an older one is shown than is remembered.
    async fn manifest(&self) -> Result<(u64, Bytes), VaultError>;

    /// A chunk's bytes, with the digest that was asked for.
    async fn get(&self, id: &Id) -> Result<Bytes, VaultError>;

    /// Keeps the chunks, then the manifest. One more than the number of gateways that may be lost without losing any of it.
    async fn commit(&self, batch: Batch<'_>) -> Result<u8, VaultError>;

    /// Forgets chunks that the last manifest does not name.
    async fn drop_chunks(&self, ids: &BTreeSet<Id>) -> Result<(), VaultError>;

    /// Whether who is to have a chunk has a block of it; that was right or wrong is noted of the lease. `sealed` is the
    /// chunk, if it is at hand.
    ///
    /// # Errors
    /// [`VaultError::Changed`] if it is not what was stored.
    async fn challenge(&self, id: &Id, sealed: Option<Bytes>, dice: Dice)
    -> Result<(), VaultError>;

    /// Whether what is shown now is as new as what is known of.
    ///
    /// # Errors
    /// [`VaultError::Rolled`] if not.
    async fn check(&self) -> Result<(), VaultError>;
}
