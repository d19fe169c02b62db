//! Shards, and the envelope of a round, on their way to the leases.

use super::Spread;
use super::envelope::Envelope;
use super::standing::{Standing, while_reached};
use crate::provider::FENCED;
use crate::vault::send::{Runs, put_all, seal_off};
use crate::vault::{Id, VaultError, remote};
use bytes::Bytes;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;
use caplet_protocol::{DeviceId, LeaseId};
use futures::{StreamExt as _, stream::FuturesUnordered};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long who is slower is waited for, once as many as are needed are done: it is behind then.
const GRACE: Duration = Duration::from_secs(5);

/// A lease that is written to.
pub(super) struct Recipient {
    pub(super) place: usize,
    pub(super) lease: LeaseId,
    pub(super) client: Client,
    pub(super) by: DeviceId,
    /// Number of its last manifest.
    pub(super) number: u64,
    /// Its shards of this round, by their digests.
    pub(super) part: BTreeMap<Id, Bytes>,
    /// Which runs of its provider have shards that are not on disk yet.
    pub(super) runs: Runs,
}

/// What came of some work with leases.
struct Done<T> {
    good: Vec<(LeaseId, T)>,
    bad: Vec<(LeaseId, VaultError)>,
}

impl Spread {
    /// The leases that have their part of everything and are reached.
    pub(super) fn recipients(&self) -> Vec<Recipient> {
        let state = self.state();
        let able = state.seated().filter_map(|(place, lease, member)| {
            let member = member.filter(|member| member.counts() && member.reached())?;
            let (client, by, number) = (member.client.clone(), member.by, member.number);
            let (part, runs) = Default::default();
            Some(Recipient { place, lease, client, by, number, part, runs })
        });
        able.collect()
    }

    /// Waits for all, but not for long for those after the first that are enough; who was not waited for has missed it.
    async fn settled<T>(
        &self,
        leases: BTreeSet<LeaseId>,
        mut work: FuturesUnordered<impl Future<Output = (LeaseId, Result<T, VaultError>)>>,
    ) -> Done<T> {
        let (mut left, mut done) = (leases, Done { good: Vec::new(), bad: Vec::new() });
        loop {
            let next = match done.good.len() >= self.shape.needed() {
                true => tokio::time::timeout(GRACE, work.next()).await.unwrap_or(None),
                false => work.next().await,
            };
            let Some((lease, result)) = next else { break };
            left.remove(&lease);
            match result {
                Ok(good) => done.good.push((lease, good)),
                Err(bad) => done.bad.push((lease, bad)),
            }
        }
        for lease in left {
            let slow = VaultError::Session(Stop::refused("it is much slower than the others"));
            done.bad.push((lease, slow));
        }
        done
    }

    /// Puts everybody's shards; who has them. A full lease refuses for all: what is stored is to be as safe as was asked.
    pub(super) async fn put_parts(
        &self,
        recipients: Vec<Recipient>,
    ) -> Result<Vec<Recipient>, VaultError> {
        let leases = recipients.iter().map(|one| one.lease).collect();
        let took: Vec<_> = recipients
            .iter()
            .map(|one| (one.client.clone(), one.part.keys().copied().collect::<BTreeSet<_>>()))
            .collect();
        let work: FuturesUnordered<_> = recipients
            .into_iter()
            .map(|mut one| async move {
                let put = while_reached(&one.client, put_all(&one.client, &one.part)).await;
                let lease = one.lease;
                let put = put.map(|runs| {
                    one.runs = runs;
                    one
                });
                (lease, put)
            })
            .collect();
        let done = self.settled(leases, work).await;
        let full = done.bad.iter().find_map(|(lease, error)| match error {
            VaultError::Full(words) => Some(format!(
                "lease {lease} of {}, which are all to hold it, is {words}",
                self.shape.of()
            )),
            _ => None,
        });
        if let Some(words) = full {
            // of a round that was never published: room at most
            for (client, names) in took {
                let _ = while_reached(&client, remote::drop_chunks(&client, &names)).await;
            }
            return Err(VaultError::Full(words));
        }
        self.enough(&done.bad, done.good.len(), "took their shards")?;
        Ok(done.good.into_iter().map(|(_, one)| one).collect())
    }

    /// Puts the envelope of a round beside the shards that were put, and takes it for the last one once enough have it.
    /// How many have.
    pub(super) async fn publish(
        &self,
        envelope: Envelope,
        recipients: Vec<Recipient>,
    ) -> Result<usize, VaultError> {
        let body = envelope.seal(&self.key);
        self.state().used = envelope.round;
        let leases = recipients.iter().map(|one| one.lease).collect();
        let work: FuturesUnordered<_> = recipients
            .into_iter()
            .map(|one| {
                let body = body.clone();
                async move { (one.lease, write(one, body).await) }
            })
            .collect();
        let done = self.settled(leases, work).await;
        let fence = done.bad.iter().find(|(_, error)| is_fence(error));
        let mut state = self.state();
        for (lease, (by, number)) in &done.good {
            if let Some(member) = state.present.get_mut(lease) {
                (member.by, member.number, member.standing) = (*by, *number, Standing::Current);
            }
        }
        if let Some((lease, error)) = fence {
            state.fenced = Some(format!("lease {lease}: {error}"));
        }
        drop(state);
        self.enough(&done.bad, done.good.len(), "took the manifest")?;
        let have: BTreeSet<LeaseId> = done.good.iter().map(|(lease, _)| *lease).collect();
        self.adopt(envelope, &have);
        Ok(have.len())
    }

    /// Notes who missed something, and whether there are enough who did not.
    fn enough(
        &self,
        bad: &[(LeaseId, VaultError)],
        have: usize,
        what: &'static str,
    ) -> Result<(), VaultError> {
        bad.iter().for_each(|(lease, error)| self.missed(*lease, error));
        self.writable()?;
        let needed = self.shape.needed();
        if have >= needed {
            return Ok(());
        }
        let why = bad.iter().map(|(lease, error)| format!("lease {lease}: {error}")).next_back();
        Err(VaultError::Few { have, needed, what, why: why.unwrap_or_default() })
    }

    /// Whether nobody else was found to write.
    pub(super) fn writable(&self) -> Result<(), VaultError> {
        match self.state().fenced.clone() {
            Some(words) => Err(VaultError::Session(Stop::Refused(words))),
            None => Ok(()),
        }
    }

    /// The last round from now on, that `have` these: whoever was not even asked has missed it. What its manifest does
    /// not name any more stays known until it is dropped.
    fn adopt(&self, envelope: Envelope, have: &BTreeSet<LeaseId>) {
        let mut state = self.state();
        for (_, member) in state.present.iter_mut().filter(|(lease, _)| !have.contains(lease)) {
            if member.standing == Standing::Current {
                member.standing = Standing::Behind(Some("it was not reached".to_owned()));
            }
        }
        let (round, wanted) = (envelope.round, state.wanted.clone());
        state.named = envelope.index.keys().copied().collect();
        let before = std::mem::replace(&mut state.now, envelope);
        for (chunk, shards) in before.index {
            state.now.index.entry(chunk).or_insert(shards);
        }
        drop(state);
        for lease in wanted {
            if let Err(why) = self.memory.remember(lease, round) {
                tracing::warn!(%why, "the number of a manifest is not remembered over a restart");
            }
        }
        self.changed.notify_one();
    }
}

/// The device and the number of the manifest that was written.
async fn write(one: Recipient, body: Bytes) -> Result<(DeviceId, u64), VaultError> {
    let Recipient { client, by, number, part, mut runs, .. } = one;
    let next = number.saturating_add(1);
    let sent = async {
        if part.is_empty() {
            // nothing at hand to be put anew
            remote::commit(&client, runs.pop_first(), next, body).await
        } else {
            seal_off(&client, &part, runs, next, body).await
        }
    };
    while_reached(&client, sent).await?;
    Ok((by, next))
}

/// Whether a lease has a manifest that this consumer did not write.
fn is_fence(error: &VaultError) -> bool {
    matches!(error, VaultError::Session(Stop::Refused(words)) if words.starts_with(FENCED))
}
