//! How a device comes into the world: it enrols, says what it lets out, and lets its gateway act for it.

use super::{Life, Link};
use crate::identity::now_secs;
use crate::{Saying, lane};
use anyhow::Context as _;
use caplet_protocol::DeviceId;
use caplet_protocol::layout::{self, Possession, owner_hash};
use caplet_protocol::topics::{self, Up};
use caplet_protocol::wire::{self, Document, Layout as _};
use std::time::Duration;

/// Seconds a profile holds.
const PROFILE_SECS: u64 = 86_400;

impl Life {
    /// Asks to be registered, and waits for the number.
    pub(super) async fn enrol(&mut self) -> anyhow::Result<()> {
        let key = hex::encode(self.identity.public());
        let client_id = format!("key-{key}");
        let password = self.identity.password(&self.provision, &client_id);
        let mut link = Link::connect(&self.provision.broker, &client_id, &password).await?;
        link.listen(&topics::enrol_dn(&key)).await?;
        let possession = Possession {
            key: self.identity.registry_key(),
            sealing: self.identity.sealing_public(),
            owner: owner_hash(&self.provision.owner),
        };
        let signed = possession.sign(&self.provision.registry, &self.identity.key);
        let body = wire::SignedPossession::new(signed, self.provision.owner.clone(), 0);
        let mut again = tokio::time::interval(Duration::from_secs(3));
        loop {
            tokio::select! {
                _ = again.tick() => {
                    let (raw, _) = self.identity.seal(&self.provision, DeviceId(0), &body)?;
                    link.say(&topics::enrol_up(&key), raw, false).await?;
                }
                inbound = link.inbox.recv() => {
                    let inbound = inbound.context("the connection's inbox closed")?;
                    let opened = self.open(&inbound.payload, None)?;
                    if let Ok(enrolment) = opened.read::<wire::Enrolment>() {
                        let enrolment = enrolment.into_view();
                        self.order_sequence = enrolment.order_sequence;
                        self.profile_sequence = enrolment.profile_sequence;
                        self.id = DeviceId(enrolment.device);
                        self.id_set.send_replace(Some(self.id));
                        self.tell(Saying::Enrolled(self.id));
                        link.close().await;
                        return Ok(());
                    }
                    if let Ok(refusal) = opened.read::<wire::Refusal>() {
                        self.tell(Saying::Refused(refusal.into_view()));
                    }
                }
            }
        }
    }

    /// Birth, and the profile of what is let out.
    pub(super) async fn announce(&mut self, link: &Link) -> anyhow::Result<()> {
        let state = wire::State { up: true, software: "sim/1".to_owned(), profile: Vec::new() };
        self.send(link, Up::State, &state, true).await?;
        if self.provider.is_empty() {
            return Ok(());
        }
        self.profile_sequence = self.profile_sequence.saturating_add(1).max(now_secs());
        let not_after = now_secs().saturating_add(PROFILE_SECS);
        let profile = Document::new(wire::CapabilityProfile {
            device: self.id.0,
            name: self.name.clone(),
            model: "simulated".to_owned(),
            owner: self.provision.owner.clone(),
            sequence: self.profile_sequence,
            not_after,
            capabilities: self.provider.capabilities(),
        })?;
        let statement = layout::ProfileStatement {
            device: self.id,
            sequence: self.profile_sequence,
            not_after,
            digest: profile.digest(),
        };
        let signature =
            statement.sign(&self.provision.registry, &self.identity.key).signature.to_vec();
        let body = wire::SignedCapabilityProfile { profile: profile.raw().to_vec(), signature };
        self.send(link, Up::Profile, &body, true).await
    }

    /// Lets its gateway act for it.
    pub(super) async fn grant(&mut self, link: &Link) -> anyhow::Result<()> {
        let grant = lane::grant(self.id, &self.provision, now_secs());
        let signed = grant.sign(&self.provision.registry, &self.identity.key);
        self.send(link, Up::State, &wire::SignedGrant::from(signed), false).await
    }
}
