//! The keeper's own connection to the broker.

use crate::observe;
use anyhow::Context as _;
use mqtt5::time::Duration;
use mqtt5::{
    AckToken, ConnectOptions, ConnectionEvent, MqttClient, PublishOptions, PublishResult, QoS,
    SubscribeOptions, WillMessage,
};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Everything that devices say.
const UP: &str = "caplet/v1/+/+/up/#";

/// Messages in flight from the broker: it sends no more until some are acknowledged, so what a slow
/// keeper has not taken waits in the broker.
const IN_FLIGHT: u16 = 256;

/// Seconds that a broker keeps the keeper's subscriptions and undelivered messages.
const SESSION_SECS: u32 = 3_600;

/// Where and as whom a link connects.
pub(super) struct Login {
    pub(super) url: String,
    pub(super) client_id: String,
    pub(super) user: Option<(String, String)>,
    pub(super) ca: Option<Vec<u8>>,
    pub(super) will: Option<Will>,
}

/// What the broker publishes, retained, when a connection ends without good-bye.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
}

/// A message of a device.
pub struct Incoming {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Whether the broker kept it from before the keeper connected.
    pub retained: bool,
    token: AckToken,
}

impl Incoming {
    /// The broker may forget the message: it was handled, or refused for good.
    pub fn done(self) {
        self.token.ack();
    }
}

/// The keeper's connection. Clones share it.
#[derive(Clone)]
pub struct Link {
    client: MqttClient,
    up: watch::Receiver<bool>,
}

impl Link {
    /// Connects and subscribes to everything that devices say. After that it reconnects by itself,
    /// with back-off, as often as it takes.
    ///
    /// # Errors
    /// If the broker cannot be reached or refuses.
    pub(super) async fn connect(login: Login) -> anyhow::Result<(Self, mpsc::Receiver<Incoming>)> {
        let client = MqttClient::with_options(options(&login));
        client.set_queue_on_disconnect(true).await;
        if login.ca.is_some() {
            client.set_tls_config(None, None, login.ca.clone()).await;
        }
        let up = watch_connection(&client, &login.url).await?;
        let (sender, receiver) = mpsc::channel(usize::from(IN_FLIGHT).saturating_mul(2));
        let take = taker(sender);
        let first = Arc::clone(&take);
        // Messages of an earlier session come before the subscription is confirmed.
        client.register_ack_callback(UP, move |packet, token| first(packet, token)).await?;
        client.connect(&login.url).await.with_context(|| {
            format!(
                "cannot connect to the MQTT broker {}: check that it runs, the address, user and password{}",
                login.url,
                trust(&login)
            )
        })?;
        let options = SubscribeOptions { qos: QoS::AtLeastOnce, ..SubscribeOptions::default() };
        client
            .subscribe_with_ack(UP, options, move |packet, token| take(packet, token))
            .await
            .with_context(|| {
                format!("the broker {} does not let the keeper read {UP}", login.url)
            })?;
        Ok((Self { client, up }, receiver))
    }

    /// Publishes with QoS 1. While the broker is away the message waits in memory and goes out on
    /// reconnection; a crash loses it, so whatever matters is said again by a reconciler.
    ///
    /// # Errors
    /// If the broker refuses it or the topic is none.
    pub async fn publish(&self, topic: &str, payload: Vec<u8>, retain: bool) -> anyhow::Result<()> {
        let options = PublishOptions { qos: QoS::AtLeastOnce, retain, ..PublishOptions::default() };
        let result = self.client.publish_with_options(topic, payload, options).await;
        match result.with_context(|| format!("publishing to {topic}"))? {
            PublishResult::Sent(_) | PublishResult::Queued(_) => Ok(()),
        }
    }

    /// Whether the broker is connected now.
    #[must_use]
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.up.clone()
    }

    /// Says good-bye, so that the broker publishes no last will.
    pub async fn close(&self) {
        if let Err(error) = self.client.disconnect().await {
            observe::broker_left(&error);
        }
    }
}

/// What else to check of a broker with TLS.
fn trust(login: &Login) -> &'static str {
    match (login.url.starts_with("mqtts://"), &login.ca) {
        (false, _) => "",
        (true, Some(_)) => {
            ", and that its certificate is for this address and signed by an authority in the file mqtt.external.ca"
        }
        (true, None) => {
            ", and that its certificate is for this address and signed by a public authority: name the file of any \
             other as mqtt.external.ca"
        }
    }
}

fn options(login: &Login) -> ConnectOptions {
    let options = ConnectOptions::new(login.client_id.clone())
        .with_keep_alive(Duration::from_secs(20))
        .with_clean_start(false)
        .with_session_expiry_interval(SESSION_SECS)
        .with_resume_existing_session(true)
        .with_receive_maximum(IN_FLIGHT)
        .with_deferred_ack(true)
        .with_automatic_reconnect(true)
        .with_reconnect_delay(Duration::from_millis(200), Duration::from_secs(30));
    let options = match &login.will {
        Some(will) => options.with_will(
            WillMessage::new(will.topic.clone(), will.payload.clone())
                .with_qos(QoS::AtLeastOnce)
                .with_retain(true),
        ),
        None => options,
    };
    match &login.user {
        Some((user, password)) => options.with_credentials(user.clone(), password),
        None => options,
    }
}

async fn watch_connection(client: &MqttClient, url: &str) -> anyhow::Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    let url = url.to_owned();
    client
        .on_connection_event(move |event| match event {
            ConnectionEvent::Connected { .. } => {
                sender.send_replace(true);
            }
            ConnectionEvent::Disconnected { reason } => {
                sender.send_replace(false);
                observe::broker_lost(&url, &reason);
            }
            ConnectionEvent::Reconnecting { attempt } => observe::broker_retried(&url, attempt),
            _ => {}
        })
        .await?;
    Ok(receiver)
}

type Take = Arc<dyn Fn(mqtt5::packet::publish::PublishPacket, AckToken) + Send + Sync>;

/// Runs on the client's reading task, so it never waits: the window of [`IN_FLIGHT`] keeps the
/// channel from filling with QoS 1; what is sent at QoS 0 has no promise and is dropped when full.
fn taker(sender: mpsc::Sender<Incoming>) -> Take {
    Arc::new(move |packet, token| {
        let incoming = Incoming {
            topic: packet.topic_name,
            payload: packet.payload.to_vec(),
            retained: packet.retain,
            token,
        };
        if let Err(error) = sender.try_send(incoming) {
            let topic = match &error {
                mpsc::error::TrySendError::Full(m) | mpsc::error::TrySendError::Closed(m) => {
                    m.topic.as_str()
                }
            };
            observe::message_dropped(topic);
        }
    })
}
