//! Links over plain QUIC (quinn), both ends proved by raw ed25519 keys (RFC 7250): the fallback, and
//! what iroh is compared with.

mod keys;

use super::{Endpoint, Key, Link, LinkError, Peer, RecvHalf, SendHalf, Stream, Tuning};
use async_trait::async_trait;
use quinn::crypto::rustls::{HandshakeData, QuicClientConfig, QuicServerConfig};
use quinn::{
    ClientConfig, Connection, RecvStream, SendStream, ServerConfig, TransportConfig, VarInt,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long one address is tried.
const PATIENCE: Duration = Duration::from_secs(5);

/// A quinn endpoint.
pub struct Quic {
    endpoint: quinn::Endpoint,
    keys: keys::Keys,
    transport: Arc<TransportConfig>,
}

impl Quic {
    /// Binds one under the key of `secret` (an ed25519 seed) for these protocols.
    ///
    /// # Errors
    /// [`LinkError::Bind`].
    pub fn bind(
        secret: &[u8; 32],
        bind: SocketAddr,
        alpns: Vec<Vec<u8>>,
        tuning: &Tuning,
    ) -> Result<Arc<Self>, LinkError> {
        let failed = |why: String| LinkError::Bind { address: bind, why };
        let keys = keys::Keys::of(secret).map_err(|e| failed(e.to_string()))?;
        let transport = Arc::new(transport(tuning));
        let tls = keys.server(alpns).map_err(|e| failed(e.to_string()))?;
        let tls = QuicServerConfig::try_from(tls).map_err(|e| failed(e.to_string()))?;
        let mut server = ServerConfig::with_crypto(Arc::new(tls));
        server.transport_config(Arc::clone(&transport));
        let socket = socket(bind, tuning.socket).map_err(|e| failed(e.to_string()))?;
        let (config, runtime) = (quinn::EndpointConfig::default(), Arc::new(quinn::TokioRuntime));
        let endpoint = quinn::Endpoint::new(config, Some(server), socket, runtime);
        let endpoint = endpoint.map_err(|e| failed(e.to_string()))?;
        Ok(Arc::new(Self { endpoint, keys, transport }))
    }

    async fn dial_one(
        &self,
        key: &Key,
        address: SocketAddr,
        alpn: &[u8],
    ) -> Result<Connection, String> {
        let tls = self.keys.client(*key, alpn).map_err(|e| e.to_string())?;
        let tls = QuicClientConfig::try_from(tls).map_err(|e| e.to_string())?;
        let mut config = ClientConfig::new(Arc::new(tls));
        config.transport_config(Arc::clone(&self.transport));
        // the name is not looked at: the key is
        let connecting = self.endpoint.connect_with(config, address, "caplet");
        let connecting = connecting.map_err(|e| e.to_string())?;
        match tokio::time::timeout(PATIENCE, connecting).await {
            Ok(connected) => connected.map_err(|e| e.to_string()),
            Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
        }
    }
}

fn socket(bind: SocketAddr, buffer: usize) -> std::io::Result<std::net::UdpSocket> {
    let socket = std::net::UdpSocket::bind(bind)?;
    let handle = socket2::SockRef::from(&socket);
    // a system that allows less is slower, no more
    let _ = handle.set_recv_buffer_size(buffer);
    let _ = handle.set_send_buffer_size(buffer);
    Ok(socket)
}

fn transport(tuning: &Tuning) -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(tuning.streams))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(tuning.stream_window))
        .receive_window(VarInt::from_u32(tuning.window))
        .send_window(tuning.window.into())
        .max_idle_timeout(tuning.idle.try_into().ok())
        .keep_alive_interval(Some(tuning.keep_alive));
    config
}

#[async_trait]
impl Endpoint for Quic {
    fn key(&self) -> Key {
        self.keys.public
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.endpoint.local_addr().into_iter().collect()
    }

    async fn dial(&self, peer: &Peer, alpn: &[u8]) -> Result<Arc<dyn Link>, LinkError> {
        let mut why = "its record names no address".to_owned();
        for address in &peer.addresses {
            match self.dial_one(&peer.key, *address, alpn).await {
                Ok(connection) => {
                    let (local, alpn) = (self.key(), alpn.to_vec());
                    return Ok(Arc::new(QuicLink { connection, local, peer: peer.key, alpn }));
                }
                Err(error) => why = error,
            }
        }
        let (key, addresses) = (hex::encode(peer.key), peer.addresses.clone());
        Err(LinkError::Unreachable { key, addresses, why })
    }

    async fn accept(&self) -> Option<Arc<dyn Link>> {
        loop {
            // a handshake that fails is that peer's affair
            let Ok(connection) = self.endpoint.accept().await?.await else { continue };
            let alpn = connection.handshake_data().and_then(|data| {
                data.downcast::<HandshakeData>().ok().and_then(|data| data.protocol)
            });
            if let (Some(peer), Some(alpn)) = (keys::peer(&connection), alpn) {
                return Some(Arc::new(QuicLink { connection, local: self.key(), peer, alpn }));
            }
        }
    }

    async fn close(&self) {
        self.endpoint.close(VarInt::from_u32(0), b"");
        self.endpoint.wait_idle().await;
    }
}

struct QuicLink {
    connection: Connection,
    local: Key,
    peer: Key,
    alpn: Vec<u8>,
}

#[async_trait]
impl Link for QuicLink {
    fn peer(&self) -> Key {
        self.peer
    }

    fn local(&self) -> Key {
        self.local
    }

    fn alpn(&self) -> Vec<u8> {
        self.alpn.clone()
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
        self.connection.rtt()
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
