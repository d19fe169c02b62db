//! A device's connection to its broker.

use anyhow::Context as _;
use mqtt5::{ConnectOptions, MqttClient, PublishOptions, QoS, SubscribeOptions};
use std::time::Duration;
use tokio::sync::mpsc;

/// A message as it came in.
pub(crate) struct Inbound {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
}

/// A connection under one client id.
pub(crate) struct Link {
    client: MqttClient,
    pub(crate) inbox: mpsc::Receiver<Inbound>,
    into: mpsc::Sender<Inbound>,
}

/// Messages that may wait in a device; beyond that the oldest of its peers wait at the broker.
const INBOX: usize = 256;

impl Link {
    /// Connects and logs in.
    pub(crate) async fn connect(
        broker: &str,
        client_id: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let options = ConnectOptions::new(client_id)
            .with_clean_start(true)
            .with_keep_alive(Duration::from_secs(20))
            .with_automatic_reconnect(false)
            .with_credentials(client_id, password.as_bytes());
        let client = MqttClient::with_options(options.clone());
        Box::pin(client.connect_with_options(&format!("mqtt://{broker}"), options))
            .await
            .with_context(|| format!("cannot log in at the broker {broker} as {client_id}"))?;
        let (into, inbox) = mpsc::channel(INBOX);
        Ok(Self { client, inbox, into })
    }

    /// Listens to a topic.
    pub(crate) async fn listen(&self, filter: &str) -> anyhow::Result<()> {
        let into = self.into.clone();
        let options = SubscribeOptions { qos: QoS::AtLeastOnce, ..SubscribeOptions::default() };
        self.client
            .subscribe_with_options(filter, options, move |message| {
                // a full inbox drops the message, as a small device does; its peer repeats it
                if into
                    .try_send(Inbound { topic: message.topic, payload: message.payload })
                    .is_err()
                {
                    tracing::warn!("inbox full, message dropped");
                }
            })
            .await
            .with_context(|| format!("cannot listen to {filter}"))?;
        Ok(())
    }

    /// Says something, at least once.
    pub(crate) async fn say(
        &self,
        topic: &str,
        payload: Vec<u8>,
        retain: bool,
    ) -> anyhow::Result<()> {
        let options = PublishOptions { qos: QoS::AtLeastOnce, retain, ..PublishOptions::default() };
        self.client
            .publish_with_options(topic, payload, options)
            .await
            .with_context(|| format!("cannot publish on {topic}"))?;
        Ok(())
    }

    pub(crate) async fn is_up(&self) -> bool {
        self.client.is_connected().await
    }

    /// Says goodbye; a broken connection is left as it is.
    pub(crate) async fn close(self) {
        if let Err(error) = self.client.disconnect().await {
            tracing::debug!(%error, "disconnect");
        }
    }
}
