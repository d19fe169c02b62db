//! What both parts of the story need of the chain and of the audience.

use crate::scenario::happening::{Happening, Teller};
use crate::scenario::register::register;
use crate::scenario::setup::{Wires, secret};
use crate::scenario::stage::Stage;
use crate::tasks::Group;
use caplet_api::auction::{self, MarketResponse};
use caplet_api::common::MAX_LIMIT;
use caplet_api::escrow::{self, LeaseResponse};
use caplet_api::registry::{self, DevicesResponse};
use caplet_chain::{ChainExt as _, Event, Msg, Signer};
use caplet_protocol::{DeviceId, LeaseId, MarketId};
use ed25519_dalek::SigningKey;
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;

/// Between looks at what is waited for.
const LOOK: Duration = Duration::from_millis(100);
/// How long anything is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// With what the story is told.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct Setting<'a> {
    pub(in crate::scenario) stage: &'a Stage,
    pub(in crate::scenario) teller: &'a Teller,
    pub(in crate::scenario) tasks: &'a Group,
    pub(in crate::scenario) wires: &'a Wires,
    /// Where uplinks lead.
    pub(in crate::scenario) origin: SocketAddr,
}

/// The story being told.
pub(super) struct Story<'a> {
    pub(super) set: Setting<'a>,
}

impl Story<'_> {
    pub(super) fn step(&self, words: impl Into<String>) {
        (self.set.teller)(Happening::Step(words.into()));
    }

    pub(super) fn trouble(&self, words: impl Into<String>) {
        (self.set.teller)(Happening::Trouble(words.into()));
    }

    /// Tells a contract something; what it says to that.
    pub(super) async fn tell<T: Serialize>(
        &self,
        by: &Signer,
        to: &str,
        msg: &T,
    ) -> anyhow::Result<Vec<Event>> {
        self.set.stage.send(by, vec![Msg::execute(to, msg)?]).await
    }

    pub(super) async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        contract: &str,
        msg: &(impl Serialize + Sync),
    ) -> anyhow::Result<T> {
        Ok(self.set.stage.chain.query(contract, msg).await?)
    }

    /// Block time, Unix seconds.
    pub(super) async fn now(&self) -> anyhow::Result<u64> {
        Ok(crate::follow::seconds(self.set.stage.chain.head().await?))
    }

    /// Waits until the chain's clock has gone on by so many seconds.
    pub(super) async fn pass(&self, seconds: u32) -> anyhow::Result<()> {
        let then = self.now().await?.saturating_add(seconds.into());
        while self.now().await? < then {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Waits until something is found, [`PATIENCE`] at most.
    pub(super) async fn until<T>(
        &self,
        what: &str,
        look: impl AsyncFn() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let looks = async {
            loop {
                if let Some(found) = look().await? {
                    return Ok::<T, anyhow::Error>(found);
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let late = || anyhow::anyhow!("waited {} s for {what}", PATIENCE.as_secs());
        tokio::time::timeout(PATIENCE, looks).await.map_err(|_| late())?
    }

    pub(super) async fn market(&self, market: MarketId) -> anyhow::Result<MarketResponse> {
        let ask = auction::QueryMsg::Market { market };
        self.ask(&self.set.stage.deployment.contracts.auction, &ask).await
    }

    pub(super) async fn lease(&self, lease: LeaseId) -> anyhow::Result<LeaseResponse> {
        let ask = escrow::QueryMsg::Lease { lease: lease.0.into() };
        self.ask(&self.set.stage.deployment.contracts.escrow, &ask).await
    }

    /// Registers a device of a contract's behind a gateway.
    pub(super) async fn party(
        &self,
        name: &str,
        contract: &str,
        gateway: &Signer,
    ) -> anyhow::Result<DeviceId> {
        let stage = self.set.stage;
        let key = SigningKey::from_bytes(&secret(&format!("{name} of {contract}")));
        let (registry, by) = (&stage.deployment.contracts.registry, &stage.admin);
        register(&*stage.chain, registry, by, &key, contract, gateway.address()).await
    }

    /// The number of the device that comes next.
    pub(super) async fn next_device(&self) -> anyhow::Result<DeviceId> {
        let (mut start_after, limit) = (None, Some(MAX_LIMIT));
        loop {
            let ask = registry::QueryMsg::Devices { start_after, limit };
            let page: DevicesResponse =
                self.ask(&self.set.stage.deployment.contracts.registry, &ask).await?;
            let Some(last) = page.devices.last() else {
                let last = start_after.unwrap_or_default();
                return Ok(DeviceId(last.0.saturating_add(1)));
            };
            start_after = Some(last.device);
        }
    }
}

/// The first event of a kind.
pub(super) fn find<'e, T: TryFrom<&'e Event>>(events: &'e [Event]) -> Option<T> {
    events.iter().find_map(|event| T::try_from(event).ok())
}
