//! A manifest and its chunks become a round.

use super::Spread;
use super::envelope::Envelope;
use crate::vault::depot::Batch;
use crate::vault::{Id, VaultError, remote};
use std::collections::{BTreeMap, BTreeSet};

impl Spread {
    /// Shards first, on every lease that is up to date; then the envelope. One more than the leases that may be lost.
    pub(super) async fn keep(&self, batch: Batch<'_>) -> Result<u8, VaultError> {
        self.writable()?;
        let needed = self.shape.needed();
        if self.recipients().len() < needed {
            self.catch_up().await;
        }
        let mut recipients = self.recipients();
        let have = recipients.len();
        if have < needed {
            let (what, why) = ("are reached and up to date", self.doubts());
            return Err(VaultError::Few { have, needed, what, why });
        }
        let mut index = {
            let now = &self.state().now.index;
            let known = |id: &Id| Some((*id, now.get(id)?.clone()));
            batch.named.iter().filter_map(known).collect::<BTreeMap<_, _>>()
        };
        for (id, sealed) in batch.new.iter().filter(|(id, _)| batch.named.contains(*id)) {
            let shards = self.shape.split(sealed);
            let shards = shards.ok_or_else(|| VaultError::Full("a chunk is too large".into()))?;
            let names: Vec<Id> = shards.iter().map(|s| *blake3::hash(s).as_bytes()).collect();
            for one in &mut recipients {
                if let (Some(name), Some(shard)) = (names.get(one.place), shards.get(one.place)) {
                    one.part.insert(*name, shard.clone());
                }
            }
            index.insert(*id, names);
        }
        let recipients = self.put_parts(recipients).await?;
        let envelope = {
            let state = self.state();
            Envelope {
                round: state.used.saturating_add(1),
                needed,
                seats: state.now.seats.clone(),
                index,
                sequence: batch.sequence,
                manifest: batch.manifest,
            }
        };
        let have = self.publish(envelope, recipients).await?;
        Ok(u8::try_from(have.saturating_sub(needed).saturating_add(1)).unwrap_or(u8::MAX))
    }

    /// Drops the shards of chunks that no manifest names; lost room at worst where that fails.
    pub(super) async fn forget(&self, chunks: &BTreeSet<Id>) {
        let shards: Vec<Vec<Id>> = {
            let mut state = self.state();
            let stale: Vec<Id> =
                chunks.iter().filter(|id| !state.named.contains(*id)).copied().collect();
            stale.iter().filter_map(|id| state.now.index.remove(id)).collect()
        };
        let drops = self.recipients().into_iter().map(|one| {
            let names: BTreeSet<Id> =
                shards.iter().filter_map(|names| names.get(one.place).copied()).collect();
            async move {
                if let Err(error) = remote::drop_chunks(&one.client, &names).await {
                    tracing::debug!(lease = %one.lease, %error, "old shards were not dropped");
                }
            }
        });
        futures::future::join_all(drops).await;
    }

    /// What is wrong with the leases, in words.
    fn doubts(&self) -> String {
        let doubt = |part: super::Part| {
            use super::Standing::{Behind, Current, Lost};
            match part.standing {
                Current if part.health == "up" => None,
                Behind(Some(why)) | Lost(why) => Some(format!("lease {}: {why}", part.lease)),
                Current | Behind(None) => Some(format!("lease {} is {}", part.lease, part.health)),
            }
        };
        self.parts().into_iter().filter_map(doubt).collect::<Vec<_>>().join("; ")
    }
}
