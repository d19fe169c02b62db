//! One pass over a lease: what whoever stands by lacks is brought, shown, and then the manifest.

use super::mirror::{Mirror, Plan};
use super::peer::Peer;
use super::wire::AskError;
use super::{Happening, Name, Replicator};
use crate::provider::Refusal;
use caplet_protocol::{DeviceId, LeaseId};
use futures::{StreamExt as _, TryStreamExt as _, stream};

/// Chunks on their way at a time.
const AHEAD: usize = 8;

/// Chunks in a row that were said to be there and were not, after which the link is given up.
const LIES: usize = 8;

impl Replicator {
    /// Brings what is missing, has it shown, and hands the manifest over; its number.
    pub(super) async fn bring_up(
        &self,
        lease: LeaseId,
        at: DeviceId,
        peer: &Peer,
        mirror: &mut Mirror,
    ) -> Result<u64, String> {
        let mut lies = 0usize;
        loop {
            let plan = self.plan(lease, mirror).await?;
            if plan.is_empty() && mirror.unproved().is_empty() {
                return Ok(mirror.sequence());
            }
            let gone = self.bring(lease, peer, mirror, &plan.bring).await?;
            let lied = self.prove(lease, peer, mirror).await?;
            if lied > 0 {
                self.replicas.note(lease, Happening::Lied { at });
                lies = lies.saturating_add(lied);
                if lies > LIES {
                    return Err(format!("device {at} does not have what it says it has"));
                }
            }
            if gone || lied > 0 {
                continue;
            }
            if let Some(stored) = &plan.manifest {
                mirror.took(peer.commit(stored).await.map_err(said)?);
            }
            peer.forget(&plan.forget).await.map_err(said)?;
            mirror.forgot(&plan.forget);
            return Ok(mirror.sequence());
        }
    }

    async fn plan(&self, lease: LeaseId, mirror: &Mirror) -> Result<Plan, String> {
        let mirror = mirror.clone();
        let plan = self.shelves.with(lease, move |shelf| Ok(mirror.plan(shelf)?)).await;
        plan.map_err(|refusal| self.own(refusal))
    }

    /// Brings chunks, several at a time; whether one was dropped meanwhile, so that another manifest is due.
    async fn bring(
        &self,
        lease: LeaseId,
        peer: &Peer,
        mirror: &mut Mirror,
        names: &[Name],
    ) -> Result<bool, String> {
        let put = |name: &Name| {
            let name = *name;
            async move {
                let Some(bytes) = self.chunk(lease, name).await? else { return Ok(None) };
                peer.put(name, &bytes).await.map_err(said)?;
                Ok::<_, String>(Some(name))
            }
        };
        let puts: Vec<_> = names.iter().map(put).collect();
        let put: Vec<_> = stream::iter(puts).buffer_unordered(AHEAD).try_collect().await?;
        put.iter().flatten().for_each(|name| mirror.claims(*name));
        Ok(put.contains(&None))
    }

    /// Has everything shown that is only said to be there, and one of the rest; how much is not.
    async fn prove(
        &self,
        lease: LeaseId,
        peer: &Peer,
        mirror: &mut Mirror,
    ) -> Result<usize, String> {
        let mut dice = [0; 40];
        getrandom::fill(&mut dice).map_err(|e| format!("no randomness: {e}"))?;
        let (key, pick) = dice.split_at(32);
        let key: [u8; 32] = key.try_into().unwrap_or_default();
        let pick = pick.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        let mut names = mirror.unproved();
        names.extend(mirror.any(pick));
        let shown = peer.shown(key, &names).await.map_err(said)?;
        let mut lied = 0usize;
        for (name, shown) in names.into_iter().zip(shown) {
            match self.chunk(lease, name).await? {
                Some(bytes) if *blake3::keyed_hash(&key, &bytes).as_bytes() == shown => {
                    mirror.proves(name);
                }
                // it is to be forgotten there, shown or not
                None => mirror.proves(name),
                Some(_) => {
                    mirror.lacks(name);
                    lied = lied.saturating_add(1);
                }
            }
        }
        Ok(lied)
    }

    async fn chunk(&self, lease: LeaseId, name: Name) -> Result<Option<Vec<u8>>, String> {
        let text = hex::encode(name);
        let read = self.shelves.with(lease, move |shelf| Ok(shelf.chunk(&text)?)).await;
        read.map_err(|refusal| self.own(refusal))
    }

    fn own(&self, refusal: Refusal) -> String {
        format!("its own disk: {}", refusal.said(self.shelves.quota()))
    }
}

#[allow(clippy::needless_pass_by_value)] // it maps errors
fn said(error: AskError) -> String {
    error.to_string()
}
