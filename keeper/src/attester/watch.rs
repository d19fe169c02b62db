//! Which enclaves there are, kept up from the registry's events; what is due is done by the duty.

use super::due::{Seen, Voices};
use super::duty::Duty;
use crate::follow::{Follower, Since, seconds};
use crate::reconcile::Reconciler;
use caplet_api::common::MAX_LIMIT;
use caplet_api::event::{AttestationCounted, AttesterSet, EnclaveRegistered, EventError};
use caplet_api::registry::{AttestersResponse, EnclaveResponse, EnclavesResponse, QueryMsg};
use caplet_chain::{ChainError, ChainExt as _, Event};
use caplet_protocol::DeviceId;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::watch;

/// Enclaves judged in one pass; more wait for the next block.
const A_PASS: usize = 8;

/// Finds what is due.
pub(super) struct Watch {
    duty: Duty,
    follower: Follower,
    voices: Voices,
    seen: BTreeMap<DeviceId, Seen>,
    _wakes: watch::Sender<u64>,
}

impl Reconciler for Watch {
    const NAME: &'static str = "attester";

    async fn pass(&mut self) -> anyhow::Result<()> {
        self.follow().await?;
        let now = seconds(self.duty.head());
        let rhythm = self.duty.rhythm;
        let due =
            self.seen.iter().map(|(device, seen)| (*device, seen.need(&self.voices, rhythm, now)));
        let due: Vec<_> = due.filter(|(_, need)| need.is_any()).take(A_PASS).collect();
        if !due.iter().any(|(_, need)| need.bring) {
            self.duty.rest();
        }
        for (device, need) in due {
            let Some(seen) = self.seen.get_mut(&device) else { continue };
            match self.duty.carry_out(device, seen, &self.voices, need, now).await {
                Ok(()) => seen.done(now),
                Err(why) => {
                    seen.put_off(now);
                    why.say(device);
                }
            }
            // what this keeper said is on chain now, or never will be
            let found = self.ask(device).await?;
            self.note(device, found);
        }
        Ok(())
    }
}

impl Watch {
    pub(super) fn new(duty: Duty, wakes: watch::Sender<u64>) -> Self {
        let (follower, voices) = (Follower::default(), Voices::default());
        Self { duty, follower, voices, seen: BTreeMap::new(), _wakes: wakes }
    }

    /// Brings the table to the head.
    async fn follow(&mut self) -> anyhow::Result<()> {
        let registry = self.duty.registry().to_owned();
        let chain = self.duty.context.chain.clone();
        let height = match self.follower.since(&*chain, &[registry.as_str()]).await? {
            Since::Missed(head) => {
                self.voices = self.voices().await?;
                self.list().await?;
                head.height
            }
            Since::Events(head, events) => {
                let (touched, attesters) = touched(&events)?;
                if attesters {
                    self.voices = self.voices().await?;
                }
                for device in touched {
                    let found = self.ask(device).await?;
                    self.note(device, found);
                }
                head.height
            }
        };
        self.follower.reached(height);
        Ok(())
    }

    fn note(&mut self, device: DeviceId, found: Option<EnclaveResponse>) {
        match found {
            None => drop(self.seen.remove(&device)),
            Some(enclave) => match self.seen.get_mut(&device) {
                Some(seen) => seen.renew(enclave),
                None => drop(self.seen.insert(device, Seen::new(enclave))),
            },
        }
    }

    async fn ask(&self, device: DeviceId) -> anyhow::Result<Option<EnclaveResponse>> {
        let ask = QueryMsg::Enclave { device };
        match self.duty.context.chain.query(self.duty.registry(), &ask).await {
            Ok(enclave) => Ok(Some(enclave)),
            // the registry's way to say that there is none
            Err(ChainError::Query { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn list(&mut self) -> anyhow::Result<()> {
        let (mut found, mut start_after) = (BTreeMap::new(), None);
        loop {
            let ask = QueryMsg::Enclaves { start_after, limit: Some(MAX_LIMIT) };
            let answer: EnclavesResponse =
                self.duty.context.chain.query(self.duty.registry(), &ask).await?;
            let Some(last) = answer.enclaves.last() else { break };
            start_after = Some(last.device);
            found.extend(answer.enclaves.into_iter().map(|entry| (entry.device, entry.enclave)));
        }
        self.seen.retain(|device, _| found.contains_key(device));
        for (device, enclave) in found {
            self.note(device, Some(enclave));
        }
        Ok(())
    }

    async fn voices(&self) -> anyhow::Result<Voices> {
        let ask = QueryMsg::Attesters {};
        let answer: AttestersResponse =
            self.duty.context.chain.query(self.duty.registry(), &ask).await?;
        let all: Vec<String> = answer.attesters.into_iter().map(|view| view.attester).collect();
        let own = self.duty.context.signer.address();
        let contract = self.duty.context.deployment.contracts.attest.as_deref();
        let among = |one: &str| all.iter().any(|each| each == one).then(|| one.to_owned());
        Ok(Voices { own: among(own), contract: contract.and_then(among), all })
    }
}

/// Devices whose enclave or attestation changed, and whether an attester did.
fn touched(events: &[Event]) -> Result<(BTreeSet<DeviceId>, bool), EventError> {
    let (mut touched, mut attesters) = (BTreeSet::new(), false);
    for event in events {
        match event.ty.strip_prefix("wasm-").unwrap_or(&event.ty) {
            EnclaveRegistered::NAME => {
                touched.insert(DeviceId(EnclaveRegistered::try_from(event)?.device));
            }
            AttestationCounted::NAME => {
                touched.insert(DeviceId(AttestationCounted::try_from(event)?.device));
            }
            AttesterSet::NAME => attesters = true,
            _ => {}
        }
    }
    Ok((touched, attesters))
}
