//! Chunks from their shards.

use super::Spread;
use super::standing::{Standing, while_reached};
use crate::seal::SealError;
use crate::vault::depot::Dice;
use crate::vault::{Id, VaultError, challenge, remote};
use bytes::Bytes;
use caplet_fabric::client::Client;
use caplet_protocol::LeaseId;
use futures::{StreamExt as _, stream::FuturesUnordered};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long leases are waited for before one more is asked.
const SLOW: Duration = Duration::from_secs(1);

/// Who may have a shard.
struct Source {
    place: usize,
    lease: LeaseId,
    client: Client,
}

impl Spread {
    pub(super) async fn chunk(&self, id: &Id) -> Result<Bytes, VaultError> {
        let shards = self.state().now.index.get(id).cloned();
        // a manifest names nothing that its envelope does not lead to
        let shards = shards.ok_or(SealError::Changed)?;
        self.restored(id, &shards, None).await
    }

    /// A chunk, of whichever shards come first that are enough; `but` is not asked.
    pub(super) async fn restored(
        &self,
        id: &Id,
        shards: &[Id],
        but: Option<LeaseId>,
    ) -> Result<Bytes, VaultError> {
        let found = self.gather(shards, but).await?;
        let whole = self.shape.join(&found).ok_or(SealError::Changed)?;
        // every shard was what was stored, so this is
        if blake3::hash(&whole).as_bytes() == id {
            Ok(whole)
        } else {
            Err(SealError::Changed.into())
        }
    }

    /// Who is asked, and in which order: who has everything, who is behind, and at last who returned other bytes before.
    fn sources(&self, but: Option<LeaseId>) -> Vec<Source> {
        let state = self.state();
        let mut all: Vec<(u8, Source)> = Vec::new();
        for (place, lease, member) in state.seated() {
            let Some(member) = member.filter(|m| m.reached() && Some(lease) != but) else {
                continue;
            };
            let rank = match member.standing {
                Standing::Current => 0,
                Standing::Behind(_) => 1,
                Standing::Lost(_) => 2,
            };
            all.push((rank, Source { place, lease, client: member.client.clone() }));
        }
        // places stay in order: data needs no decoding
        all.sort_by_key(|(rank, _)| *rank);
        all.into_iter().map(|(_, source)| source).collect()
    }

    async fn gather(
        &self,
        shards: &[Id],
        but: Option<LeaseId>,
    ) -> Result<BTreeMap<usize, Bytes>, VaultError> {
        let needed = self.shape.needed();
        let mut sources = self.sources(but).into_iter();
        let (mut coming, mut found) = (FuturesUnordered::new(), BTreeMap::new());
        let ask = |source: Source| async move {
            let name = shards.get(source.place).copied().unwrap_or_default();
            let got = while_reached(&source.client, shard(&source.client, &name)).await;
            (source.place, source.lease, got)
        };
        coming.extend(sources.by_ref().take(needed).map(ask));
        let mut why = "nobody is reached".to_owned();
        while found.len() < needed {
            let one_more = match tokio::time::timeout(SLOW, coming.next()).await {
                Ok(Some((place, _, Ok(shard)))) => {
                    found.insert(place, shard);
                    false
                }
                Ok(Some((_, lease, Err(error)))) => {
                    self.note(lease, &error);
                    why = format!("lease {lease}: {error}");
                    true
                }
                Ok(None) | Err(_) => true,
            };
            if one_more {
                match sources.next() {
                    Some(source) => coming.push(ask(source)),
                    None if coming.is_empty() => {
                        let (have, what) = (found.len(), "have their shard of it");
                        return Err(VaultError::Few { have, needed, what, why });
                    }
                    None => {}
                }
            }
        }
        Ok(found)
    }

    /// Challenges one of the leases for its shard of a chunk.
    pub(super) async fn challenged(
        &self,
        id: &Id,
        sealed: Option<Bytes>,
        dice: Dice,
    ) -> Result<(), VaultError> {
        let shards = self.state().now.index.get(id).cloned().unwrap_or_default();
        let able: Vec<Source> = {
            let state = self.state();
            let able = state.seated().filter_map(|(place, lease, member)| {
                let member = member.filter(|m| m.reached() && m.counts())?;
                Some(Source { place, lease, client: member.client.clone() })
            });
            able.collect()
        };
        let count = u128::try_from(able.len()).unwrap_or(u128::MAX);
        let pick = dice.pick.rotate_left(64).checked_rem(count).unwrap_or(0);
        let chosen = able.into_iter().nth(usize::try_from(pick).unwrap_or(0));
        let Some(Source { place, lease, client }) = chosen else { return Ok(()) };
        let Some(name) = shards.get(place) else { return Ok(()) };
        let shard = sealed
            .and_then(|sealed| self.shape.split(&sealed))
            .and_then(|shards| shards.into_iter().nth(place));
        let met = while_reached(&client, challenge::judged(&client, name, shard, dice)).await;
        if let Err(error) = &met {
            let mut state = self.state();
            // judged already
            if let Some(member) = state.present.get_mut(&lease) {
                member.fails(error);
            }
        }
        met
    }
}

/// A shard, checked.
async fn shard(client: &Client, name: &Id) -> Result<Bytes, VaultError> {
    let shard = remote::get(client, name).await?;
    if blake3::hash(&shard).as_bytes() == name { Ok(shard) } else { Err(SealError::Changed.into()) }
}
