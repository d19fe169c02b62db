//! What the gateway says to devices. Every message is an envelope signed by the gateway's key under
//! the registry's domain and names device 0, so that a device pins one key and verifies all it hears.

use crate::broker::Link;
use crate::context::{Context, domain_of};
use crate::observe;
use caplet_protocol::wire::{self, Body, Envelope, Head};
use caplet_protocol::{
    DeviceId, Domain, MarketId,
    topics::{self, Dn},
};
use ed25519_dalek::SigningKey;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Sends to devices. Clones share the connection.
#[derive(Clone)]
pub struct Post {
    link: Link,
    seal: Arc<Seal>,
    /// Name of the gateway in topics: its account number.
    gateway: Arc<str>,
}

struct Seal {
    key: Arc<SigningKey>,
    domain: Domain,
    boot: u64,
    sequence: AtomicU64,
}

impl Post {
    /// A post over `link`, with a boot number of its own.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new(context: &Context, link: Link) -> anyhow::Result<Self> {
        let seal = Seal {
            key: Arc::clone(&context.key),
            domain: domain_of(&context.domains.registry)?,
            boot: u64::from_be_bytes(super::host::random()?),
            sequence: AtomicU64::new(0),
        };
        Ok(Self { link, seal: Arc::new(seal), gateway: context.account.to_string().into() })
    }

    /// Tells a device.
    pub async fn tell<B: Body>(&self, device: DeviceId, dn: Dn, body: &B) {
        self.send(&dn.topic(device), body, false).await;
    }

    /// Tells a device that has no number yet; `key` in hex.
    pub async fn tell_key<B: Body>(&self, key: &str, body: &B) {
        self.send(&topics::enrol_dn(key), body, false).await;
    }

    /// Publishes a market sheet, retained.
    pub async fn sheet(&self, market: MarketId, sheet: &wire::MarketSheet) {
        self.send(&topics::market(&self.gateway, market), sheet, true).await;
    }

    /// Publishes the gateway's health, retained.
    pub async fn health(&self, up: bool) {
        let state = wire::State {
            up,
            software: format!("caplet {}", env!("CARGO_PKG_VERSION")),
            ..wire::State::default()
        };
        self.send(&topics::health(&self.gateway), &state, true).await;
    }

    /// What could not be sent is logged and forgotten: whatever matters is said again when the device
    /// comes back or the state changes.
    async fn send<B: Body>(&self, topic: &str, body: &B, retain: bool) {
        let head = Head {
            device: DeviceId(0),
            boot: self.seal.boot,
            sequence: self.seal.sequence.fetch_add(1, Ordering::Relaxed).saturating_add(1),
            time_ms: super::host::now_ms(),
        };
        let sent = match Envelope::seal(&self.seal.key, &self.seal.domain, head, body) {
            Ok(raw) => self.link.publish(topic, raw, retain).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            observe::not_sent(topic, &error);
        }
    }
}
