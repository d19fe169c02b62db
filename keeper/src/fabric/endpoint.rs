//! The gateway's end of all links, under the gateway's own key: devices pin that key when they are set
//! up, so they can grant it without being told another.

use crate::config::{FabricConfig, Transport};
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_fabric::Service;
use caplet_fabric::link::iroh::{Iroh, Options};
use caplet_fabric::link::memory::Network;
use caplet_fabric::link::quic::Quic;
use caplet_fabric::link::{Endpoint, Key, Link, LinkError, Peer, Tuning};
use caplet_fabric_enclave::ENCLAVE;
use caplet_fabric_fs::replica::REPLICA;
use ed25519_dalek::SigningKey;
use std::net::SocketAddr;
use std::sync::Arc;

/// All that is spoken.
const SERVICES: [Service; 9] = [
    Service::SENSOR,
    Service::JOBS,
    Service::WASM,
    Service::OCI,
    Service::STORE,
    Service::PROXY,
    Service::TCP,
    ENCLAVE,
    REPLICA,
];

/// The gateway's ends of links.
pub(crate) struct Bound {
    /// Taken from: other gateways, and this one.
    pub(super) taken: [Arc<dyn Endpoint>; 2],
    /// Dialled with.
    pub(super) dialled: Arc<dyn Endpoint>,
    /// `ip:port`s, as the record has them.
    pub(crate) addresses: Vec<String>,
    /// URL of the relay; empty for none.
    pub(crate) relay: String,
}

/// Dials other gateways over the network and this one in memory: two devices of one gateway need no
/// network, and not every transport dials itself.
struct Dialler {
    outside: Arc<dyn Endpoint>,
    inside: Arc<dyn Endpoint>,
}

#[async_trait]
impl Endpoint for Dialler {
    fn key(&self) -> Key {
        self.outside.key()
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.outside.addresses()
    }

    async fn dial(&self, peer: &Peer, alpn: &[u8]) -> Result<Arc<dyn Link>, LinkError> {
        if peer.key == self.key() {
            return self.inside.dial(peer, alpn).await;
        }
        self.outside.dial(peer, alpn).await
    }

    async fn accept(&self) -> Option<Arc<dyn Link>> {
        self.outside.accept().await
    }

    async fn close(&self) {
        self.inside.close().await;
        self.outside.close().await;
    }
}

/// Binds the endpoint.
///
/// # Errors
/// If the address is taken.
pub(crate) async fn bind(config: &FabricConfig, key: &SigningKey) -> anyhow::Result<Bound> {
    let secret = key.to_bytes();
    let alpns = SERVICES.map(Service::alpn).to_vec();
    let tuning = Tuning::default();
    let endpoint: Arc<dyn Endpoint> = match config.transport {
        Transport::Iroh => {
            let relay = config.relay.clone();
            Iroh::bind(Options { secret, bind: config.listen, alpns, relay, tuning }).await?
        }
        Transport::Quic => Quic::bind(&secret, config.listen, alpns, &tuning)
            .with_context(|| format!("cannot take links on {}: is it in use?", config.listen))?,
    };
    let own = || endpoint.addresses();
    let addresses = if config.advertise.is_empty() { own() } else { config.advertise.clone() };
    let addresses = addresses.iter().map(ToString::to_string).collect();
    let inside = Network::default().endpoint(endpoint.key());
    let dialler = Dialler { outside: Arc::clone(&endpoint), inside: Arc::clone(&inside) };
    Ok(Bound {
        taken: [endpoint, inside],
        dialled: Arc::new(dialler),
        addresses,
        relay: config.relay.clone().unwrap_or_default(),
    })
}
