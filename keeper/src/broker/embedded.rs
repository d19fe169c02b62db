//! The broker inside the keeper.

use super::gate::Gate;
use super::link::{Incoming, Link, Login, Will};
use super::who::KEEPER;
use super::{Address, Broker, EmbeddedOptions};
use crate::tasks::Group;
use anyhow::Context as _;
use async_trait::async_trait;
use mqtt5::broker::config::{
    AuthConfig, RateLimitConfig, StorageBackend, StorageConfig, TlsConfig,
};
use mqtt5::broker::{BrokerConfig, MqttBroker};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Largest MQTT packet. An envelope that is too large but below this gets a refusal in words;
/// a larger packet ends the connection.
const MAX_PACKET: usize = 256 * 1024;

/// Messages waiting for one client that is away.
const QUEUE: usize = 1_000;

/// Bytes waiting for one client that is away.
const QUEUE_BYTES: usize = 4 * 1024 * 1024;

/// Seconds that a session outlives its connection.
const SESSION_SECS: u64 = 3_600;

/// Subscriptions of one client.
const SUBSCRIPTIONS: usize = 16;

/// The broker inside the keeper, running in a task of the group it was started in.
pub struct Embedded {
    plain: SocketAddr,
    tls: Option<SocketAddr>,
    secret: String,
}

impl Embedded {
    /// Binds and runs the broker until the group stops.
    ///
    /// # Errors
    /// If an address cannot be bound or a certificate cannot be read.
    pub async fn start(
        options: &EmbeddedOptions,
        gate: Gate,
        tasks: &Group,
    ) -> anyhow::Result<Self> {
        let secret = gate.secret.clone();
        let bound = MqttBroker::with_config(config(options)).await.with_context(|| {
            format!("cannot open the MQTT broker on {}: is it in use?", options.listen)
        })?;
        let mut broker = bound.with_auth_provider(Arc::new(gate));
        let plain = broker.local_addr().context("the MQTT broker has no address")?;
        let tls = broker.tls_local_addr();
        let (shutdown, mut ready) = (broker.shutdown_handle(), broker.ready_receiver());
        let stop = tasks.stop_token();
        tasks.spawn("mqtt broker", async move {
            let mut run = std::pin::pin!(broker.run());
            tokio::select! {
                ended = &mut run => {
                    ended?;
                    anyhow::bail!("the MQTT broker ended by itself")
                }
                () = stop.cancelled() => shutdown.shutdown(),
            }
            Ok(run.await?)
        });
        ready.wait_for(|ready| *ready).await.context("the MQTT broker did not start")?;
        Ok(Self { plain, tls, secret })
    }

    /// The plain TCP listener.
    #[must_use]
    pub const fn plain(&self) -> SocketAddr {
        self.plain
    }

    /// The TLS listener, if there is one.
    #[must_use]
    pub const fn tls(&self) -> Option<SocketAddr> {
        self.tls
    }
}

#[async_trait]
impl Broker for Embedded {
    fn address(&self) -> Address {
        let at = self.tls.unwrap_or(self.plain);
        Address { host: at.to_string(), tls: self.tls.is_some() }
    }

    async fn connect(
        &self,
        will: Option<Will>,
    ) -> anyhow::Result<(Link, mpsc::Receiver<Incoming>)> {
        let user = Some((KEEPER.to_owned(), self.secret.clone()));
        let url = format!("mqtt://{}", reachable(self.plain));
        Link::connect(Login { url, client_id: KEEPER.to_owned(), user, ca: None, will }).await
    }
}

/// Where the keeper itself dials a listener that may be bound to every address.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

fn config(options: &EmbeddedOptions) -> BrokerConfig {
    let auth = AuthConfig {
        allow_anonymous: true,
        rate_limit: RateLimitConfig { enabled: false, ..RateLimitConfig::default() },
        ..AuthConfig::default()
    };
    let storage = StorageConfig {
        backend: StorageBackend::Memory,
        max_queued_messages_per_client: QUEUE,
        max_queued_bytes_per_client: QUEUE_BYTES,
        ..StorageConfig::default()
    };
    let tls = options.tls.as_ref().map(|tls| {
        TlsConfig::new(tls.certificate.clone(), tls.key.clone()).with_bind_address(tls.listen)
    });
    BrokerConfig {
        bind_addresses: vec![options.listen],
        max_clients: options.max_clients,
        session_expiry_interval: mqtt5::time::Duration::from_secs(SESSION_SECS),
        max_packet_size: MAX_PACKET,
        max_subscriptions_per_client: SUBSCRIPTIONS,
        // two of each client (state, profile) and the keeper's sheets
        max_retained_messages: options.max_clients.saturating_mul(3),
        shared_subscription_available: false,
        sys_topics_enabled: false,
        auth_config: auth,
        storage_config: storage,
        tls_config: tls,
        ..BrokerConfig::default()
    }
}
