//! Links over iroh: dialled by key at the addresses of a signed record. Relays, address lookup and port
//! mapping are off; a relay of one's own is taken from configuration or a peer's record.

use super::{Endpoint, Key, Link, LinkError, Peer, RecvHalf, SendHalf, Stream, Tuning};
use async_trait::async_trait;
use iroh::endpoint::{Connection, QuicTransportConfig, RecvStream, SendStream, VarInt, presets};
use iroh::{EndpointAddr, EndpointId, RelayMap, RelayMode, RelayUrl, SecretKey};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What an iroh endpoint is made of.
pub struct Options {
    /// Seed of its ed25519 key.
    pub secret: [u8; 32],
    /// Where it listens; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Protocols it accepts: `caplet/<service>/1`.
    pub alpns: Vec<Vec<u8>>,
    /// URL of a relay of our own; none by default.
    pub relay: Option<String>,
    /// Windows and time-outs.
    pub tuning: Tuning,
}

/// An iroh endpoint.
pub struct Iroh {
    endpoint: iroh::Endpoint,
}

impl Iroh {
    /// Binds one.
    ///
    /// # Errors
    /// [`LinkError::Bind`].
    pub async fn bind(options: Options) -> Result<Arc<Self>, LinkError> {
        let address = options.bind;
        let failed = |why: String| LinkError::Bind { address, why };
        let relay = match options.relay {
            None => RelayMode::Disabled,
            Some(url) => {
                let url: RelayUrl = url.parse().map_err(|e| failed(format!("relay {url}: {e}")))?;
                RelayMode::Custom(RelayMap::from(url))
            }
        };
        let endpoint = iroh::Endpoint::builder(presets::Minimal)
            .secret_key(SecretKey::from_bytes(&options.secret))
            .relay_mode(relay)
            .clear_address_lookup()
            .clear_ip_transports()
            .bind_addr(address)
            .map_err(|e| failed(e.to_string()))?
            .alpns(options.alpns)
            .transport_config(transport(&options.tuning))
            .bind()
            .await
            .map_err(|e| failed(format!("{e:#}")))?;
        Ok(Arc::new(Self { endpoint }))
    }
}

fn transport(tuning: &Tuning) -> QuicTransportConfig {
    QuicTransportConfig::builder()
        .max_concurrent_bidi_streams(VarInt::from_u32(tuning.streams))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(tuning.stream_window))
        .receive_window(VarInt::from_u32(tuning.window))
        .send_window(tuning.window.into())
        .max_idle_timeout(tuning.idle.try_into().ok())
        .keep_alive_interval(tuning.keep_alive)
        .build()
}

#[async_trait]
impl Endpoint for Iroh {
    fn key(&self) -> Key {
        *self.endpoint.id().as_bytes()
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.endpoint.bound_sockets()
    }

    async fn dial(&self, peer: &Peer, alpn: &[u8]) -> Result<Arc<dyn Link>, LinkError> {
        let unreachable = |why: String| LinkError::Unreachable {
            key: hex::encode(peer.key),
            addresses: peer.addresses.clone(),
            why,
        };
        let id = EndpointId::from_bytes(&peer.key).map_err(|e| unreachable(e.to_string()))?;
        let mut address = EndpointAddr::new(id);
        for at in &peer.addresses {
            address = address.with_ip_addr(*at);
        }
        if let Some(relay) = &peer.relay {
            let url: RelayUrl = relay.parse().map_err(|e| unreachable(format!("{relay}: {e}")))?;
            address = address.with_relay_url(url);
        }
        let connection = self.endpoint.connect(address, alpn).await;
        let connection = connection.map_err(|e| unreachable(format!("{e:#}")))?;
        Ok(Arc::new(IrohLink { connection, local: self.key() }))
    }

    async fn accept(&self) -> Option<Arc<dyn Link>> {
        loop {
            // a handshake that fails is that peer's affair
            if let Ok(connection) = self.endpoint.accept().await?.await {
                return Some(Arc::new(IrohLink { connection, local: self.key() }));
            }
        }
    }

    async fn close(&self) {
        self.endpoint.close().await;
    }
}

struct IrohLink {
    connection: Connection,
    local: Key,
}

#[async_trait]
impl Link for IrohLink {
    fn peer(&self) -> Key {
        *self.connection.remote_id().as_bytes()
    }

    fn local(&self) -> Key {
        self.local
    }

    fn alpn(&self) -> Vec<u8> {
        self.connection.alpn().to_vec()
    }

    fn export(&self, label: &[u8], context: &[u8]) -> Result<[u8; 32], LinkError> {
        let mut out = [0; 32];
        self.connection
            .export_keying_material(&mut out, label, context)
            .map_err(|e| LinkError::Exporter(format!("{e:?}")))?;
        Ok(out)
    }

    async fn open(&self) -> Result<Stream, LinkError> {
        self.connection.open_bi().await.map(stream).map_err(LinkError::gone)
    }

    async fn accept(&self) -> Result<Stream, LinkError> {
        self.connection.accept_bi().await.map(stream).map_err(LinkError::gone)
    }

    fn close(&self, reason: &str) {
        self.connection.close(VarInt::from_u32(0), reason.as_bytes());
    }

    async fn closed(&self) -> LinkError {
        LinkError::gone(self.connection.closed().await)
    }

    fn round_trip(&self) -> Duration {
        let paths = self.connection.paths();
        let taken = paths.iter().find(|path| path.is_selected());
        taken.map_or(Duration::ZERO, |path| path.rtt())
    }
}

fn stream((send, recv): (SendStream, RecvStream)) -> Stream {
    Stream { send: Box::new(send), recv: Box::new(recv) }
}

impl SendHalf for SendStream {
    fn reset(&mut self) {
        // fails only if it is over already
        let _ = SendStream::reset(self, VarInt::from_u32(1));
    }
}

impl RecvHalf for RecvStream {
    fn stop(&mut self) {
        let _ = RecvStream::stop(self, VarInt::from_u32(1));
    }
}
