//! Which manifest is the last one, of what the leases show.

use super::Spread;
use super::envelope::{Envelope, round_of};
use super::standing::{Standing, while_reached};
use crate::seal::SealError;
use crate::vault::{Id, VaultError, remote};
use bytes::Bytes;
use caplet_fabric::client::Client;
use caplet_fabric::health::Health;
use caplet_protocol::LeaseId;
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};

/// Rounds between one opening and the next: a round that was tried before, and is on a lease that did not answer, is
/// never taken for one that is tried after.
const RUN: u64 = 1 << 20;

/// What a lease showed.
struct Shown {
    lease: LeaseId,
    client: Client,
    number: u64,
    stored: Bytes,
    /// None if it has none, or another's.
    envelope: Option<Envelope>,
}

impl Spread {
    /// Waits for the leases, asks them, and takes the last round that can be restored.
    pub(super) async fn opening(&self) -> Result<(u64, Bytes), VaultError> {
        let _turn = self.turn.lock().await;
        if !self.state().opened() {
            let _ = tokio::time::timeout(self.patience, self.all_reached()).await;
            let (shown, why) = self.asked().await;
            let known = self.known()?;
            let all = shown.len() == self.shape.of();
            let found = match shown.iter().any(|one| one.number > 0) {
                true => self.last(&shown, known, all, &why).await?,
                false => self.fresh(known, all, shown.len(), why)?,
            };
            self.take(found, shown);
        }
        let state = self.state();
        Ok((state.now.sequence, state.now.manifest.clone()))
    }

    /// Returns once every lease is reached.
    async fn all_reached(&self) {
        for lease in self.leases() {
            loop {
                let client = self.state().present.get(&lease).map(|m| m.client.clone());
                if let Some(client) = client {
                    // one that is over is not waited for
                    let _ = client.until(|health| *health == Health::Up).await;
                    break;
                }
                self.changed.notified().await;
            }
        }
    }

    /// What those that are reached show; and what kept one from it.
    async fn asked(&self) -> (Vec<Shown>, String) {
        let clients: Vec<(LeaseId, Client)> = {
            let state = self.state();
            let client = |lease: &LeaseId| {
                let member = state.present.get(lease).filter(|member| member.reached())?;
                Some((*lease, member.client.clone()))
            };
            state.wanted.iter().filter_map(client).collect()
        };
        let asks = clients.into_iter().map(|(lease, client)| async move {
            let (number, stored) = while_reached(&client, remote::manifest(&client)).await?;
            let envelope = Envelope::open(&self.key, &stored).ok().filter(|_| number > 0);
            Ok::<_, VaultError>(Shown { lease, client, number, stored, envelope })
        });
        let (mut shown, mut why) = (Vec::new(), "the others are not reached".to_owned());
        for answer in join_all(asks).await {
            match answer {
                Ok(one) => shown.push(one),
                Err(error) => why = error.to_string(),
            }
        }
        (shown, why)
    }

    /// The last round that is remembered of any of the leases.
    fn known(&self) -> Result<u64, VaultError> {
        let mut known = 0;
        for lease in self.leases() {
            known = known.max(self.memory.known(lease).map_err(VaultError::Full)?);
        }
        Ok(known)
    }

    /// A store that nothing was written to yet: whether that is so everybody has to say.
    fn fresh(
        &self,
        known: u64,
        all: bool,
        have: usize,
        why: String,
    ) -> Result<Envelope, VaultError> {
        if !all {
            let (needed, what) = (self.shape.of(), "answer, and a new store begins on all");
            return Err(VaultError::Few { have, needed, what, why });
        }
        if known > 0 {
            return Err(VaultError::Rolled { found: 0, known });
        }
        Ok(Envelope { needed: self.shape.needed(), seats: self.leases(), ..Envelope::default() })
    }

    /// The last round that is not older than what is remembered and can be restored. One that was tried and never
    /// acknowledged may be none.
    async fn last(
        &self,
        shown: &[Shown],
        known: u64,
        all: bool,
        why: &str,
    ) -> Result<Envelope, VaultError> {
        let mut rounds: Vec<&Shown> = shown.iter().filter(|one| one.envelope.is_some()).collect();
        rounds.sort_by_key(|one| std::cmp::Reverse(round_of(&one.stored)));
        rounds.dedup_by(|one, other| one.stored == other.stored);
        let few = |have: usize, what| {
            let (needed, why) = (self.shape.needed(), why.to_owned());
            VaultError::Few { have, needed, what, why }
        };
        let Some(newest) = rounds.first() else { return Err(SealError::Changed.into()) };
        let found = round_of(&newest.stored);
        if found < known {
            // who does not answer may have it
            let rolled = VaultError::Rolled { found, known };
            return Err(if all {
                rolled
            } else {
                few(shown.len(), "answer, none with the last manifest")
            });
        }
        for one in rounds.iter().filter(|one| round_of(&one.stored) >= known) {
            let Some(envelope) = &one.envelope else { continue };
            self.fits(envelope)?;
            let seated = shown.iter().filter(|one| envelope.seats.contains(&one.lease)).count();
            if seated < self.shape.needed() {
                return Err(few(seated, "answer"));
            }
            // what was acknowledged is there; what was not, is it?
            if envelope.round == known || self.restorable(envelope, shown).await {
                return Ok(envelope.clone());
            }
            if !all {
                return Err(few(seated, "answer, not with all of the last manifest"));
            }
        }
        Err(few(0, "have what any manifest names"))
    }

    fn fits(&self, envelope: &Envelope) -> Result<(), VaultError> {
        let (needed, of) = (envelope.needed, envelope.seats.len());
        if (needed, of) == (self.shape.needed(), self.shape.of()) {
            return Ok(());
        }
        let (asked, all) = (self.shape.needed(), self.shape.of());
        Err(VaultError::Kind(format!(
            "this store needs {needed} of {of} leases, and {asked} of {all} are asked for: attach it as it was made"
        )))
    }

    /// Whether enough of those that answer have their shards of every chunk.
    async fn restorable(&self, envelope: &Envelope, shown: &[Shown]) -> bool {
        let mut copies: BTreeMap<Id, usize> = envelope.index.keys().map(|id| (*id, 0)).collect();
        for one in shown {
            let Some(place) = envelope.seats.iter().position(|seat| *seat == one.lease) else {
                continue;
            };
            let named: Vec<(Id, Id)> = envelope
                .index
                .iter()
                .filter_map(|(chunk, shards)| Some((*chunk, *shards.get(place)?)))
                .collect();
            let names: Vec<Id> = named.iter().map(|(_, shard)| *shard).collect();
            let has = while_reached(&one.client, remote::has(&one.client, &names)).await;
            for ((chunk, _), there) in named.iter().zip(has.unwrap_or_default()) {
                if let Some(count) = copies.get_mut(chunk).filter(|_| there) {
                    *count = count.saturating_add(1);
                }
            }
        }
        copies.values().all(|count| *count >= self.shape.needed())
    }

    /// Takes a round for the last one.
    fn take(&self, envelope: Envelope, shown: Vec<Shown>) {
        let mut state = self.state();
        let seen = shown.iter().filter_map(|one| Some(one.envelope.as_ref()?.round)).max();
        state.used = seen.unwrap_or(0).saturating_add(RUN);
        let body = if envelope.round > 0 { envelope.seal(&self.key) } else { Bytes::new() };
        for one in shown {
            let Some(member) = state.present.get_mut(&one.lease) else { continue };
            let foreign = one.number > 0 && one.envelope.is_none();
            member.number = one.number;
            member.standing = if foreign {
                Standing::Lost("it holds something else than a part of this".to_owned())
            } else if one.stored == body && envelope.seats.contains(&one.lease) {
                Standing::Current
            } else {
                Standing::Behind(None)
            };
        }
        state.named = envelope.index.keys().copied().collect::<BTreeSet<_>>();
        state.now = envelope;
        drop(state);
        self.changed.notify_one();
    }
}
