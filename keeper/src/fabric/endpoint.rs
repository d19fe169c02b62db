//! The gateway's end of all links, under the gateway's own key: devices pin that key when they are set
//! up, so they can grant it without being told another.

use crate::config::{FabricConfig, Transport};
use anyhow::Context as _;
use caplet_fabric::Service;
use caplet_fabric::link::iroh::{Iroh, Options};
use caplet_fabric::link::quic::Quic;
use caplet_fabric::link::{Endpoint, Tuning};
use ed25519_dalek::SigningKey;
use std::sync::Arc;

/// All that is spoken.
const SERVICES: [Service; 7] = [
    Service::SENSOR,
    Service::JOBS,
    Service::WASM,
    Service::OCI,
    Service::STORE,
    Service::PROXY,
    Service::TCP,
];

/// A bound endpoint, and the addresses for its record.
pub(crate) struct Bound {
    pub(crate) endpoint: Arc<dyn Endpoint>,
    /// `ip:port`, as the record has them.
    pub(crate) addresses: Vec<String>,
    /// URL of the relay; empty for none.
    pub(crate) relay: String,
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
    Ok(Bound { endpoint, addresses, relay: config.relay.clone().unwrap_or_default() })
}
