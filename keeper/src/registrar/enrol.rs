//! Registration: possessions become devices.

use super::{LocalDevice, Registrar, device, enrolments};
use crate::bridge::{Refuse, batch, events};
use crate::observe;
use crate::outbox::Lane;
use caplet_api::common::Key;
use caplet_api::event::DeviceRegistered;
use caplet_api::registry::{DeviceResponse, ExecuteMsg, MAX_BATCH, QueryMsg, Registration};
use caplet_chain::{ChainError, ChainExt as _, Msg, TxResult};
use caplet_protocol::{
    CellId, DeviceId,
    layout::{PublicKey, Scheme},
    wire::{BodyKind, RefusalCode as Code},
};

impl Registrar {
    /// Registers what waits; whether there may be more.
    pub(super) async fn enrol(&self) -> anyhow::Result<bool> {
        let pending = enrolments::pending(&self.context.store, MAX_BATCH)?;
        let more = pending.len() == MAX_BATCH;
        let mut unknown = Vec::with_capacity(pending.len());
        for one in pending {
            match self.on_chain(&one.key).await? {
                Some(found) => self.found(&one.key, found).await?,
                None => unknown.push(one),
            }
        }
        let gateway = self.context.signer.address().to_owned();
        let registry = &self.context.deployment.contracts.registry;
        let sent = batch::send(&self.context.outbox, Lane::Identity, unknown, |items| {
            let devices = items.iter().map(|item| registration(item, &gateway)).collect();
            Msg::execute(registry, &ExecuteMsg::Register { devices })
        })
        .await?;
        for (_, result) in &sent.done {
            self.registered(result).await?;
        }
        for (one, log) in sent.refused {
            self.refused(&one.key, Refuse::chain(&log)).await?;
        }
        match sent.later {
            Some(error) => Err(error.into()),
            None => Ok(more),
        }
    }

    /// The device that signs with a key, if there is one.
    async fn on_chain(&self, key: &[u8; 32]) -> anyhow::Result<Option<DeviceResponse>> {
        let key = Key { scheme: Scheme::Ed25519, key: key.as_slice().into() };
        let registry = &self.context.deployment.contracts.registry;
        match self.context.chain.query(registry, &QueryMsg::DeviceByKey { key }).await {
            Ok(found) => Ok(Some(found)),
            Err(ChainError::Query { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A device of that key is registered already: by an earlier run, or elsewhere.
    async fn found(&self, key: &[u8; 32], found: DeviceResponse) -> anyhow::Result<()> {
        let own = self.context.signer.address();
        if found.gateway.address == own {
            return self.take_up(local(&found)?).await;
        }
        let refuse = Refuse::new(
            Code::NotPermitted,
            format!(
                "device {} is registered at gateway {}, this is {own}",
                found.device, found.gateway.address
            ),
            "connect there, or have its owner move it here",
        );
        self.refused(key, refuse).await
    }

    async fn registered(&self, result: &TxResult) -> anyhow::Result<()> {
        let registry = &self.context.deployment.contracts.registry;
        for event in events::of::<DeviceRegistered>(&result.events, registry) {
            let scheme = Scheme::from_u8(event.scheme);
            let Some(key) = scheme.and_then(|scheme| PublicKey::new(scheme, &event.key)) else {
                continue;
            };
            let id = DeviceId(event.device);
            let cell = CellId(0);
            self.take_up(LocalDevice {
                id,
                key,
                epoch: 0,
                owner: event.owner,
                cell,
                profile: None,
            })
            .await?;
        }
        Ok(())
    }

    async fn take_up(&self, device: LocalDevice) -> anyhow::Result<()> {
        device::enrol(&self.context.store, &device)?;
        observe::device_enrolled(device.id);
        self.touch();
        self.welcome(&device).await
    }

    async fn refused(&self, key: &[u8; 32], refuse: Refuse) -> anyhow::Result<()> {
        enrolments::refuse(&self.context.store, key, &refuse.to_string())?;
        let refusal = refuse.to_wire(BodyKind::Possession, 0, 0);
        self.post.tell_key(&hex::encode(key), &refusal).await;
        Ok(())
    }
}

fn registration(item: &enrolments::Pending, gateway: &str) -> Registration {
    let possession = &item.possession;
    Registration {
        key: Key { scheme: Scheme::Ed25519, key: item.key.as_slice().into() },
        sealing: (!possession.sealing.is_empty()).then(|| possession.sealing.as_slice().into()),
        owner: possession.owner.clone(),
        gateway: gateway.to_owned(),
        proof: possession.signature.as_slice().into(),
    }
}

/// A device as the registry shows it.
pub(super) fn local(found: &DeviceResponse) -> anyhow::Result<LocalDevice> {
    let key = PublicKey::new(found.key.scheme, &found.key.key)
        .ok_or_else(|| anyhow::anyhow!("device {} has a key of no scheme", found.device))?;
    Ok(LocalDevice {
        id: found.device,
        key,
        epoch: found.key_epoch,
        owner: found.owner.address.clone(),
        cell: found.cell,
        profile: None,
    })
}
