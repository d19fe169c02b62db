//! One lease keeps everything.

use super::depot::{Batch, Depot, Dice};
use super::{Id, Memory, VaultError, challenge, remote, send};
use crate::seal::SealError;
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Between tries to ask another device that serves now.
const AGAIN: Duration = Duration::from_secs(1);

/// The store of one lease.
pub(crate) struct Leased {
    client: Client,
    memory: Arc<dyn Memory>,
    /// Number of the last manifest that was read or acknowledged.
    known: AtomicU64,
}

impl Leased {
    pub(crate) fn new(client: Client, memory: Arc<dyn Memory>) -> Self {
        Self { client, memory, known: AtomicU64::new(0) }
    }

    /// Checks every device that takes over, and ends the session with the reason if one does not have what was stored.
    /// Returns only then; it is meant for a task of the session.
    pub(crate) async fn follow(&self) {
        let mut health = self.client.health();
        let mut by = self.client.provider();
        loop {
            let Ok(now) = self.client.reached().await else { return };
            if now != by {
                match self.check().await {
                    Ok(()) => by = now,
                    Err(VaultError::Rolled { found, known }) => {
                        return self.client.give_up(&format!(
                            "device {now}, which serves now, has manifest {found} of what was stored and {known} is \
                             the last: it stood by and was behind when the device before it failed; what was stored \
                             since is lost, so store it again on another lease"
                        ));
                    }
                    Err(error) => {
                        tracing::debug!(%error, "whoever serves the store now was not asked yet");
                        tokio::time::sleep(AGAIN).await;
                        continue;
                    }
                }
            }
            if health.changed().await.is_err() {
                return;
            }
        }
    }
}

#[async_trait]
impl Depot for Leased {
    async fn manifest(&self) -> Result<(u64, Bytes), VaultError> {
        let known = self.memory.known(self.client.lease().lease).map_err(VaultError::Full)?;
        let (found, sealed) = remote::manifest(&self.client).await?;
        if found < known {
            return Err(VaultError::Rolled { found, known });
        }
        self.known.fetch_max(found, Ordering::Relaxed);
        Ok((found, sealed))
    }

    async fn get(&self, id: &Id) -> Result<Bytes, VaultError> {
        let sealed = match remote::get(&self.client, id).await {
            // one that stood by and was behind has less than was stored: that is what is wrong then
            Err(error @ VaultError::Session(Stop::Refused(_))) => {
                self.check().await?;
                return Err(error);
            }
            other => other?,
        };
        if blake3::hash(&sealed).as_bytes() == id {
            return Ok(sealed);
        }
        // no challenge is needed to see that: it counts as one that was not met
        self.client.judge(false);
        Err(SealError::Changed.into())
    }

    async fn commit(&self, batch: Batch<'_>) -> Result<u8, VaultError> {
        let runs = send::put_all(&self.client, batch.new).await?;
        let sealed = batch.manifest.clone();
        let sent = send::seal_off(&self.client, batch.new, runs, batch.sequence, sealed);
        let copies = sent.await?;
        self.known.fetch_max(batch.sequence, Ordering::Relaxed);
        if let Err(why) = self.memory.remember(self.client.lease().lease, batch.sequence) {
            tracing::warn!(%why, "the number of a manifest is not remembered over a restart");
        }
        Ok(copies)
    }

    async fn drop_chunks(&self, ids: &BTreeSet<Id>) -> Result<(), VaultError> {
        remote::drop_chunks(&self.client, ids).await
    }

    async fn challenge(
        &self,
        id: &Id,
        sealed: Option<Bytes>,
        dice: Dice,
    ) -> Result<(), VaultError> {
        challenge::judged(&self.client, id, sealed, dice).await
    }

    async fn check(&self) -> Result<(), VaultError> {
        // taken first: what is committed meanwhile only makes the other larger
        let known = self.known.load(Ordering::Relaxed);
        let (found, _) = remote::manifest(&self.client).await?;
        if found < known { Err(VaultError::Rolled { found, known }) } else { Ok(()) }
    }
}
