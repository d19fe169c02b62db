//! A device as a test drives it: a key, an MQTT connection, envelopes.

use crate::common::PATIENCE;
use caplet_protocol::layout::{Login, Possession, PublicKey, owner_hash};
use caplet_protocol::topics::{self, Up};
use caplet_protocol::wire::{
    self, Body, Document, Envelope, Head, Layout as _, Opened, Signer, Strict,
};
use caplet_protocol::{DeviceId, Domain};
use caplet_simulator::Provision;
use ed25519_dalek::{Signer as _, SigningKey};
use mqtt5::{ConnectOptions, MqttClient, ProtocolVersion, PublishOptions, QoS, SubscribeOptions};
use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The password of `client_id` at a broker.
pub fn password(key: &SigningKey, broker: [u8; 32], domain: &Domain, client_id: &str) -> String {
    let expiry = now() + 200;
    let login = Login::new(broker, client_id, expiry);
    format!("{expiry}.{}", hex::encode(key.sign(&login.preimage(domain)).to_bytes()))
}

/// A plain MQTT connection.
pub struct Mqtt {
    pub client: MqttClient,
    inbox: mpsc::UnboundedReceiver<(String, Vec<u8>)>,
    into: mpsc::UnboundedSender<(String, Vec<u8>)>,
}

impl Mqtt {
    pub async fn connect(
        address: &str,
        version: ProtocolVersion,
        client_id: &str,
        user: Option<(&str, &str)>,
    ) -> Result<Self, mqtt5::MqttError> {
        let mut options = ConnectOptions::new(client_id)
            .with_clean_start(true)
            .with_automatic_reconnect(false)
            .with_protocol_version(version);
        if let Some((user, password)) = user {
            options = options.with_credentials(user, password.as_bytes());
        }
        Self::with(address, options).await
    }

    pub async fn with(address: &str, options: ConnectOptions) -> Result<Self, mqtt5::MqttError> {
        let client = MqttClient::with_options(options.clone());
        let url =
            if address.contains("://") { address.to_owned() } else { format!("mqtt://{address}") };
        Box::pin(client.connect_with_options(&url, options)).await?;
        let (into, inbox) = mpsc::unbounded_channel();
        Ok(Self { client, inbox, into })
    }

    pub async fn listen(&self, filter: &str) -> Result<(), mqtt5::MqttError> {
        let into = self.into.clone();
        let options = SubscribeOptions { qos: QoS::AtLeastOnce, ..SubscribeOptions::default() };
        self.client
            .subscribe_with_options(filter, options, move |message| {
                let _ = into.send((message.topic, message.payload));
            })
            .await
            .map(|_| ())
    }

    pub async fn say(
        &self,
        topic: &str,
        payload: Vec<u8>,
        retain: bool,
    ) -> Result<(), mqtt5::MqttError> {
        let options = PublishOptions { qos: QoS::AtLeastOnce, retain, ..PublishOptions::default() };
        self.client.publish_with_options(topic, payload, options).await.map(|_| ())
    }

    pub async fn hear(&mut self) -> Option<(String, Vec<u8>)> {
        tokio::time::timeout(PATIENCE, self.inbox.recv()).await.ok().flatten()
    }

    /// Everything that has come by now.
    pub fn heard(&mut self) -> Vec<(String, Vec<u8>)> {
        std::iter::from_fn(|| self.inbox.try_recv().ok()).collect()
    }
}

/// What devices of a stage have in common.
#[derive(Clone)]
pub struct Home {
    pub broker: String,
    pub gateway: [u8; 32],
    pub registry: Domain,
    pub auction: Domain,
    pub escrow: Domain,
    pub owner: String,
}

impl Home {
    /// The same as simulated devices take it.
    pub fn provision(&self) -> Provision {
        let Self { broker, gateway, registry, auction, escrow, owner } = self.clone();
        Provision { broker, gateway, registry, auction, escrow, owner }
    }
}

/// A device.
pub struct Device {
    pub home: Home,
    pub key: SigningKey,
    pub id: DeviceId,
    pub mqtt: Mqtt,
    pub boot: u64,
    pub sequence: u64,
    early: VecDeque<(String, Opened)>,
}

impl Device {
    /// Registers the key of `seed` and connects under the number it gets.
    pub async fn enrol(home: &Home, seed: u8) -> Self {
        let mut device = Self::knock(home, seed).await;
        let possession = device.possession(&device.home.owner.clone());
        device.say_as_key(&possession).await;
        let enrolment = device.expect::<wire::Enrolment>(|_| true).await;
        device.connect(DeviceId(enrolment.device)).await;
        device
    }

    /// Connects under the key, without registering.
    pub async fn knock(home: &Home, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let name = hex::encode(key.verifying_key().to_bytes());
        let client_id = format!("key-{name}");
        let password = password(&key, home.gateway, &home.registry, &client_id);
        let mqtt = Mqtt::connect(
            &home.broker,
            ProtocolVersion::V5,
            &client_id,
            Some((&client_id, &password)),
        )
        .await
        .unwrap();
        mqtt.listen(&topics::enrol_dn(&name)).await.unwrap();
        Self {
            home: home.clone(),
            key,
            id: DeviceId(0),
            mqtt,
            boot: u64::from(seed) << 32 | now(),
            sequence: 0,
            early: VecDeque::new(),
        }
    }

    /// Connects under a number.
    pub async fn connect(&mut self, id: DeviceId) {
        self.id = id;
        let client_id = id.to_string();
        let password = password(&self.key, self.home.gateway, &self.home.registry, &client_id);
        self.mqtt = Mqtt::connect(
            &self.home.broker,
            ProtocolVersion::V5,
            &client_id,
            Some((&client_id, &password)),
        )
        .await
        .unwrap();
        self.mqtt.listen(&topics::all_dn(id)).await.unwrap();
        self.mqtt.listen(&topics::all_markets("+")).await.unwrap();
    }

    pub fn possession(&self, owner: &str) -> wire::SignedPossession {
        let possession = Possession {
            key: PublicKey::ed25519(self.key.verifying_key().to_bytes()),
            sealing: [0; 32],
            owner: owner_hash(owner),
        };
        let signed = possession.sign(&self.home.registry, &self.key);
        wire::SignedPossession::new(signed, owner.to_owned(), 0)
    }

    /// A capability profile, signed.
    pub fn profile(
        &self,
        sequence: u64,
        capabilities: Vec<wire::Capability>,
    ) -> wire::SignedCapabilityProfile {
        let profile = wire::CapabilityProfile {
            device: self.id.0,
            name: "test".into(),
            model: "test".into(),
            owner: self.home.owner.clone(),
            sequence,
            not_after: now() + 3_600,
            capabilities,
        };
        self.stand_by(profile)
    }

    pub fn stand_by(&self, profile: wire::CapabilityProfile) -> wire::SignedCapabilityProfile {
        let document = Document::new(profile).unwrap();
        let statement = wire::CapabilityProfile::statement(&document);
        let signature = statement.sign(&self.home.registry, &self.key).signature;
        wire::SignedCapabilityProfile::new(document, signature)
    }

    /// A demand profile, signed.
    pub fn demand(&self, profile: wire::DemandProfile) -> wire::SignedDemandProfile {
        let document = Document::new(wire::DemandProfile { device: self.id.0, ..profile }).unwrap();
        let statement = wire::DemandProfile::statement(&document);
        let signature = statement.sign(&self.home.registry, &self.key).signature;
        wire::SignedDemandProfile::new(document, signature)
    }

    pub fn head(&mut self) -> Head {
        self.sequence += 1;
        Head { device: self.id, boot: self.boot, sequence: self.sequence, time_ms: now() * 1_000 }
    }

    pub fn seal<B: Body>(&mut self, body: &B) -> Vec<u8> {
        let head = self.head();
        Envelope::seal(&self.key, &self.home.registry, head, body).unwrap()
    }

    /// Says it on its topic; the sequence it has.
    pub async fn say<B: Body>(&mut self, up: Up, body: &B) -> u64 {
        let raw = self.seal(body);
        self.say_raw(up, raw).await;
        self.sequence
    }

    pub async fn say_raw(&self, up: Up, raw: Vec<u8>) {
        self.mqtt.say(&up.topic(self.id), raw, false).await.unwrap();
    }

    pub async fn say_as_key<B: Body>(&mut self, body: &B) {
        let raw = self.seal(body);
        let name = hex::encode(self.key.verifying_key().to_bytes());
        self.mqtt.say(&topics::enrol_up(&name), raw, false).await.unwrap();
    }

    /// The next message of that kind that fits; others wait for whoever expects them.
    pub async fn expect<B: Body>(&mut self, fits: impl Fn(&B) -> bool) -> B {
        self.expect_from::<B>(None, fits).await
    }

    /// As [`Device::expect`], for what another device signed.
    pub async fn expect_from<B: Body>(
        &mut self,
        author: Option<(DeviceId, [u8; 32])>,
        fits: impl Fn(&B) -> bool,
    ) -> B {
        if let Some(found) = self.early(&fits) {
            return found;
        }
        // other messages that keep coming are not what is waited for
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let heard = tokio::time::timeout_at(deadline, self.mqtt.hear()).await;
            let (topic, payload) = heard.ok().flatten().unwrap_or_else(|| {
                let kinds: Vec<_> = self.early.iter().map(|(t, o)| (t.clone(), o.kind())).collect();
                panic!("no {} came; but {kinds:?}", B::NAME)
            });
            let known = |device, key| Signer::Known { device, key };
            let gateway = known(DeviceId(0), self.home.gateway);
            let mut opened = Envelope::open(&payload, &self.home.registry, &gateway, &Strict);
            if let (Err(_), Some((device, key))) = (&opened, author) {
                let other = known(device, key);
                opened = Envelope::open(&payload, &self.home.registry, &other, &Strict);
            }
            // another device's words that nobody expects here are none of this test's
            let Ok(opened) = opened else { continue };
            self.early.push_back((topic, opened));
            if let Some(found) = self.early(&fits) {
                return found;
            }
        }
    }

    fn early<B: Body>(&mut self, fits: &impl Fn(&B) -> bool) -> Option<B> {
        let at = self.early.iter().position(|(_, opened)| {
            opened.read::<B>().is_ok_and(|document| fits(document.view()))
        })?;
        let (_, opened) = self.early.remove(at)?;
        Some(opened.read::<B>().unwrap().into_view())
    }

    /// Forgets the messages of a kind that came and nobody expected: what was said twice would be taken for an answer to
    /// a later question.
    pub fn forget<B: Body>(&mut self) {
        self.early.retain(|(_, opened)| opened.read::<B>().is_err());
    }

    /// What a sequence was answered with, either way.
    pub async fn answered(&mut self, sequence: u64) -> Result<wire::Ack, wire::Refusal> {
        let turn = Duration::from_millis(50);
        let either = async {
            loop {
                // what comes in the other one's turn waits for it
                let ack = self.expect::<wire::Ack>(|ack| ack.sequence == sequence);
                if let Ok(ack) = tokio::time::timeout(turn, ack).await {
                    return Ok(ack);
                }
                let refusal = self.expect::<wire::Refusal>(|no| no.sequence == sequence);
                if let Ok(refusal) = tokio::time::timeout(turn, refusal).await {
                    return Err(refusal);
                }
            }
        };
        tokio::time::timeout(PATIENCE, either).await.expect("no answer came")
    }

    /// The acknowledgement of a sequence.
    pub async fn acknowledged(&mut self, sequence: u64) -> wire::Ack {
        self.expect::<wire::Ack>(|ack| ack.sequence == sequence).await
    }

    /// The refusal of a sequence.
    pub async fn refused(&mut self, sequence: u64) -> wire::Refusal {
        self.expect::<wire::Refusal>(|refusal| refusal.sequence == sequence).await
    }
}
