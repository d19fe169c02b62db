//! Leases that missed something get it, and new ones take the place of those that are no more wanted.

use super::Spread;
use super::envelope::Envelope;
use super::publish::Recipient;
use super::standing::{Standing, while_reached};
use crate::vault::send::Runs;
use crate::vault::{Id, VaultError, remote};
use bytes::Bytes;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;
use caplet_protocol::{DeviceId, LeaseId};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Chunks that are restored at a time.
const AHEAD: usize = 4;

/// How long a lease that could not be brought up to date is left alone.
const AGAIN: Duration = Duration::from_secs(5);

/// A lease on its way to having everything.
struct Catching {
    place: usize,
    lease: LeaseId,
    client: Client,
    by: DeviceId,
    /// Number of its last manifest, and that.
    number: u64,
    stored: Bytes,
    /// Shards that are on its disk, or were put and will be with its next manifest.
    has: BTreeSet<Id>,
    /// What its manifest names and the last one does not.
    stale: BTreeSet<Id>,
    runs: Runs,
}

impl Spread {
    /// Brings every lease that is reached up to date, and restores onto new ones what leases had that are no more to
    /// hold it. What returned other bytes than were stored stays lost: another lease is to take its place.
    ///
    /// # Errors
    /// What kept the last one from it; the others are done.
    pub async fn mend(&self) -> Result<(), VaultError> {
        let mut failed = Ok(());
        for (place, lease) in self.due(None) {
            let brought = async {
                let mut catching = self.begin(place, lease).await?;
                // most of it without holding up writers
                self.copy(&mut catching).await?;
                let _turn = self.turn.lock().await;
                self.finish(catching).await
            };
            failed = self.brought(lease, brought.await).and(failed);
        }
        failed
    }

    /// The same for who has its turn to write.
    pub(super) async fn catch_up(&self) {
        for (place, lease) in self.due(None) {
            let brought = async { self.finish(self.begin(place, lease).await?).await };
            let brought = brought.await;
            // what kept it is in its standing
            let _ = self.brought(lease, brought);
        }
    }

    fn brought(&self, lease: LeaseId, done: Result<(), VaultError>) -> Result<(), VaultError> {
        if let Err(error) = &done
            && let Some(member) = self.state().present.get_mut(&lease)
        {
            member.again = Some(Instant::now());
            if let Standing::Behind(why) = &mut member.standing {
                *why = Some(error.to_string());
            }
        }
        self.changed.notify_one();
        done
    }

    /// Leases that are reached and miss something, with their places; of those that failed only whose time has come, if
    /// there is a time.
    pub(super) fn due(&self, now: Option<Instant>) -> Vec<(usize, LeaseId)> {
        let state = self.state();
        if !state.opened() {
            return Vec::new();
        }
        let mut new = state.wanted.iter().filter(|lease| state.place(**lease).is_none()).copied();
        let mut due = Vec::new();
        for (place, seat) in state.now.seats.iter().enumerate() {
            let lease = match state.wanted.contains(seat) {
                true => Some(*seat),
                false => new.next(),
            };
            let Some((lease, member)) =
                lease.and_then(|lease| Some((lease, state.present.get(&lease)?)))
            else {
                continue;
            };
            let waits = now
                .zip(member.again)
                .is_some_and(|(now, again)| now.saturating_duration_since(again) < AGAIN);
            let lacks = !member.counts() || lease != *seat;
            if lacks && member.reached() && !waits && !matches!(member.standing, Standing::Lost(_))
            {
                due.push((place, lease));
            }
        }
        due
    }

    /// Asks a lease what it has.
    async fn begin(&self, place: usize, lease: LeaseId) -> Result<Catching, VaultError> {
        let client = self.state().present.get(&lease).map(|member| member.client.clone());
        let gone = || VaultError::Session(Stop::refused(format!("lease {lease} is not here")));
        let client = client.ok_or_else(gone)?;
        let by = client.provider();
        let (number, stored) = while_reached(&client, remote::manifest(&client)).await?;
        let held = match (number, Envelope::open(&self.key, &stored)) {
            (0, _) => Envelope::default(),
            (_, Ok(held)) => held,
            (_, Err(error)) => {
                let words = "it holds something else than a part of this: take one that is empty";
                if let Some(member) = self.state().present.get_mut(&lease) {
                    member.standing = Standing::Lost(words.to_owned());
                }
                return Err(error.into());
            }
        };
        let was = held.seats.iter().position(|seat| *seat == lease);
        let named: BTreeSet<Id> = was.map_or_else(BTreeSet::new, |was| {
            held.index.values().filter_map(|shards| shards.get(was).copied()).collect()
        });
        let wanted: BTreeSet<Id> = {
            let mut state = self.state();
            state.used = state.used.max(held.round);
            state.shards_at(place).into_values().collect()
        };
        // what its own manifest names is on its disk, unless it has lost that; of anything else nobody knows
        let durable: Vec<Id> = named.intersection(&wanted).copied().collect();
        let there = while_reached(&client, remote::has(&client, &durable)).await?;
        let has = durable.into_iter().zip(there).filter_map(|(id, there)| there.then_some(id));
        let (has, stale) = (has.collect(), named.difference(&wanted).copied().collect());
        let runs = Runs::new();
        Ok(Catching { place, lease, client, by, number, stored, has, stale, runs })
    }

    /// Restores what a lease lacks, from the others.
    async fn copy(&self, to: &mut Catching) -> Result<(), VaultError> {
        let lacks: Vec<(Id, Id)> = {
            let all = self.state().shards_at(to.place);
            all.into_iter().filter(|(_, shard)| !to.has.contains(shard)).collect()
        };
        let work = lacks.iter().map(|(chunk, name)| {
            let (client, place, but) = (to.client.clone(), to.place, to.lease);
            async move {
                let shards = self.state().now.index.get(chunk).cloned().unwrap_or_default();
                let whole = self.restored(chunk, &shards, Some(but)).await?;
                let mut shards = self.shape.split(&whole).unwrap_or_default();
                let shard = if place < shards.len() { shards.swap_remove(place) } else { whole };
                let run = while_reached(&client, remote::put(&client, name, shard)).await?;
                Ok::<_, VaultError>((*name, run))
            }
        });
        let work: Vec<_> = work.collect();
        let put: Vec<_> = stream::iter(work).buffer_unordered(AHEAD).try_collect().await?;
        for (name, run) in put {
            to.has.insert(name);
            to.runs.insert(run);
        }
        Ok(())
    }

    /// What was written meanwhile, then the last manifest; nobody else writes.
    async fn finish(&self, mut to: Catching) -> Result<(), VaultError> {
        self.writable()?;
        self.copy(&mut to).await?;
        if to.runs.len() > 1 {
            let words = "its provider was started anew in between: it is tried again";
            return Err(VaultError::Session(Stop::refused(words)));
        }
        let now = self.round_now();
        if now.seats.get(to.place) == Some(&to.lease) {
            self.hand(&mut to, now).await?;
        } else {
            self.seat(&mut to, now).await?;
        }
        if !to.stale.is_empty()
            && let Err(error) = remote::drop_chunks(&to.client, &to.stale).await
        {
            tracing::debug!(lease = %to.lease, %error, "old shards were not dropped");
        }
        Ok(())
    }

    /// The last round as it was published.
    fn round_now(&self) -> Envelope {
        let state = self.state();
        let mut now = state.now.clone();
        now.index.retain(|chunk, _| state.named.contains(chunk));
        now
    }

    /// Gives a lease the manifest that the others have.
    async fn hand(&self, to: &mut Catching, now: Envelope) -> Result<(), VaultError> {
        let mut number = to.number;
        // a store that nothing was written to has no manifest
        if now.round > 0 {
            let body = now.seal(&self.key);
            if body != to.stored || !to.runs.is_empty() {
                number = number.saturating_add(1);
                let run = to.runs.pop_first();
                let commit = remote::commit(&to.client, run, number, body);
                while_reached(&to.client, commit).await?;
            }
        }
        if let Some(member) = self.state().present.get_mut(&to.lease) {
            (member.by, member.number, member.standing) = (to.by, number, Standing::Current);
        }
        Ok(())
    }

    /// Gives a lease the place of another, in a round that says so.
    async fn seat(&self, to: &mut Catching, now: Envelope) -> Result<(), VaultError> {
        let round = self.state().used.saturating_add(1);
        let mut next = Envelope { round, ..now };
        if let Some(seat) = next.seats.get_mut(to.place) {
            *seat = to.lease;
        }
        let (part, runs) = (Default::default(), std::mem::take(&mut to.runs));
        let Catching { place, lease, client, by, number, .. } = to;
        let (place, lease, by, number) = (*place, *lease, *by, *number);
        let one = Recipient { place, lease, client: client.clone(), by, number, part, runs };
        let others = self.recipients().into_iter().filter(|other| other.place != place);
        self.publish(next, others.chain([one]).collect()).await?;
        Ok(())
    }
}
