//! What the gateway says to devices. Its own messages are envelopes signed by the gateway's key under
//! the registry's domain and name device 0, so that a device pins one key. Calls and results of the
//! other side of a lease are handed on as they came, signed by the device whose key the lease notice
//! names.

use super::refuse::Refuse;
use super::seal::{Seal, health};
use crate::broker::Link;
use crate::observe;
use caplet_protocol::wire::{self, Body};
use caplet_protocol::{
    DeviceId, MarketId,
    layout::EnvelopeHeader,
    topics::{self, Dn},
};
use std::sync::Arc;

/// Sends to devices. Clones share the connection.
#[derive(Clone)]
pub struct Post {
    link: Link,
    seal: Arc<Seal>,
}

impl Post {
    pub(crate) const fn new(seal: Arc<Seal>, link: Link) -> Self {
        Self { link, seal }
    }

    /// Whether the broker is connected now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        *self.link.connected().borrow()
    }

    pub(crate) async fn close(&self) {
        self.link.close().await;
    }

    /// Tells a device.
    pub async fn tell<B: Body>(&self, device: DeviceId, dn: Dn, body: &B) {
        self.send(&dn.topic(device), body, false).await;
    }

    /// Tells a device that has no number yet; `key` in hex.
    pub async fn tell_key<B: Body>(&self, key: &str, body: &B) {
        self.send(&topics::enrol_dn(key), body, false).await;
    }

    /// Tells a device that its message is held durably; `assigned` is the number that came of it.
    pub async fn acknowledge(&self, device: DeviceId, header: &EnvelopeHeader, assigned: u64) {
        self.tell(device, Dn::Ack(header.sequence), &ack_of(header, assigned)).await;
    }

    /// Acknowledges once more, with the number that came of a message later.
    pub async fn assigned(&self, device: DeviceId, ack: &wire::Ack, assigned: u64) {
        let ack = wire::Ack { assigned, ..ack.clone() };
        self.tell(device, Dn::Ack(ack.sequence), &ack).await;
    }

    /// Tells a device that its message of (boot, sequence) is refused.
    pub async fn refuse(
        &self,
        device: DeviceId,
        kind: wire::BodyKind,
        (boot, sequence): (u64, u64),
        why: &Refuse,
    ) {
        observe::refused(device, kind, why);
        self.tell(device, Dn::Ack(sequence), &why.to_wire(kind, boot, sequence)).await;
    }

    /// An envelope of this gateway, for an answer that goes another way than MQTT.
    ///
    /// # Errors
    /// If no reader would take the body.
    pub(crate) fn sealed<B: Body>(&self, body: &B) -> anyhow::Result<Vec<u8>> {
        self.seal.envelope(body)
    }

    /// Hands on an envelope as it came, so that the receiving device can verify its author.
    pub async fn forward(&self, device: DeviceId, dn: Dn, envelope: Vec<u8>) {
        let topic = dn.topic(device);
        if let Err(error) = self.link.publish(&topic, envelope, false).await {
            observe::not_sent(&topic, &error);
        }
    }

    /// Publishes something of this gateway's own on a local topic, as it is.
    ///
    /// # Errors
    /// If the broker does not take it.
    pub(crate) async fn local(
        &self,
        topic: &str,
        payload: Vec<u8>,
        retain: bool,
    ) -> anyhow::Result<()> {
        self.link.publish(topic, payload, retain).await
    }

    /// Publishes a market sheet, retained.
    pub async fn sheet(&self, market: MarketId, sheet: &wire::MarketSheet) {
        self.send(&topics::market(&self.seal.gateway, market), sheet, true).await;
    }

    /// Publishes the gateway's health, retained.
    pub async fn health(&self, up: bool) {
        self.send(&topics::health(&self.seal.gateway), &health(up), true).await;
    }

    /// What could not be sent is logged and forgotten: whatever matters is said again when the device
    /// comes back or the state changes.
    async fn send<B: Body>(&self, topic: &str, body: &B, retain: bool) {
        let sent = match self.seal.envelope(body) {
            Ok(raw) => self.link.publish(topic, raw, retain).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            observe::not_sent(topic, &error);
        }
    }
}

/// The acknowledgement of a message.
pub(crate) fn ack_of(header: &EnvelopeHeader, assigned: u64) -> wire::Ack {
    wire::Ack {
        kind: header.kind.into(),
        boot: header.boot,
        sequence: header.sequence,
        body: header.body.into(),
        assigned,
    }
}
