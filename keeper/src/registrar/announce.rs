//! Announcement: the chain learns the digests of profiles.

use super::{Registrar, profiles};
use crate::bridge::{Refuse, batch};
use crate::observe;
use crate::outbox::Lane;
use caplet_api::registry::{DeviceResponse, ExecuteMsg, MAX_BATCH, ProfileInput, QueryMsg};
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::wire::BodyKind;

impl Registrar {
    /// Announces what waits; whether there may be more.
    pub(super) async fn announce(&self) -> anyhow::Result<bool> {
        let store = &self.context.store;
        let pending = profiles::unannounced(store, MAX_BATCH)?;
        let more = pending.len() == MAX_BATCH;
        let registry = &self.context.deployment.contracts.registry;
        let sent = batch::send(&self.context.outbox, Lane::Identity, pending, |items| {
            let profiles = items.iter().map(input).collect();
            Msg::execute(registry, &ExecuteMsg::Announce { profiles })
        })
        .await?;
        for item in sent.done.iter().flat_map(|(items, _)| items) {
            profiles::announced(store, &item.statement.layout.digest)?;
            observe::profile_announced(item.statement.layout.device);
        }
        for (item, log) in sent.refused {
            self.not_announced(&item, &log).await?;
        }
        match sent.later {
            Some(error) => Err(error.into()),
            None => Ok(more),
        }
    }

    /// Refused, unless an earlier run had announced it.
    async fn not_announced(&self, item: &profiles::Kept, log: &str) -> anyhow::Result<()> {
        let said = &item.statement.layout;
        let registry = &self.context.deployment.contracts.registry;
        let ask = QueryMsg::Device { device: said.device };
        let found: DeviceResponse = self.context.chain.query(registry, &ask).await?;
        if found.profile.is_some_and(|known| known.digest.as_slice() == said.digest) {
            return profiles::announced(&self.context.store, &said.digest);
        }
        profiles::refuse(&self.context.store, &said.digest, log)?;
        let kind = BodyKind::CapabilityProfile;
        self.post.refuse(said.device, kind, item.message, &Refuse::chain(log)).await;
        Ok(())
    }
}

fn input(item: &profiles::Kept) -> ProfileInput {
    let said = &item.statement.layout;
    ProfileInput {
        device: said.device,
        digest: said.digest.into(),
        sequence: said.sequence.into(),
        not_after: said.not_after.into(),
        signature: item.statement.signature.into(),
    }
}
