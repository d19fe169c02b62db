//! Gateway to gateway: documents by digest, lease frames, vouchers.
//!
//! What travels is signed by devices and gateways themselves (envelopes, endpoint records, vouchers) or
//! checked by digest, so the HTTP between gateways proves nothing and needs to prove nothing. It does
//! not hide payloads either: those of constrained devices are sealed by the devices (`PROTOCOL.md` 5), all
//! others go over the links of the virtualization layer.

mod client;
mod directory;
mod documents;
mod endpoints;
mod problem;
mod record;
mod reputation;
mod server;
mod table;
mod watcher;
mod why;

pub(crate) use directory::{Directory, key_of};
#[doc(hidden)]
pub use endpoints::are_few;
#[doc(hidden)]
pub use problem::is_told_on;
pub use reputation::Reputation;
pub(crate) use server::{Frames, serve};
pub use table::TABLES;
pub use why::{Filled, Why};

use crate::attester::Quotes;
use crate::bridge::Clock;
use crate::context::Context;
use anyhow::Context as _;
use caplet_protocol::wire::{CapabilityProfile, Document, Endpoint, SignedEndpoint};
use client::Client;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What `GET /status` answers; asked anew each time.
pub type Status = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// Where other gateways connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// `host:port`s for the endpoint record; the bound address when empty.
    pub advertise: Vec<String>,
    /// Seconds that an endpoint record is valid; it is renewed at half of that.
    pub record_secs: u64,
    /// `host:port` of gateways to ask for endpoint records that this keeper missed.
    pub peers: Vec<String>,
    /// Seconds between two rounds of measuring how far other gateways are.
    pub measure_secs: u64,
    /// Folder of quotes that are handed to attesters.
    pub quotes: PathBuf,
}

/// Who is who, kept up from the chain's events, for a keeper that is no gateway itself as for one that is.
///
/// # Errors
/// If the HTTP client cannot be made.
pub(crate) fn directory(context: &Context, peers: Vec<String>) -> anyhow::Result<Directory> {
    let directory = Directory::new(context.clone(), Client::new(context)?, peers);
    watcher::start(context, directory.clone());
    Ok(directory)
}

/// Where lease connections are taken, for the endpoint record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    /// `ip:port`s; none if links are off.
    pub(crate) addresses: Vec<String>,
    /// URL of a relay; empty for none.
    pub(crate) relay: String,
}

/// The HTTP side of this gateway: its address and record, and its ways to others.
#[derive(Clone)]
pub struct Exchange {
    address: SocketAddr,
    pub(crate) directory: Directory,
    pub(crate) client: Client,
    quotes: Quotes,
}

impl Exchange {
    /// Binds the listener, publishes the gateway's endpoint record on chain and keeps it fresh, and
    /// listens for the records of others.
    ///
    /// # Errors
    /// If the address is taken, or the chain cannot be asked or refuses the record.
    pub(crate) async fn open(
        context: &Context,
        options: &Options,
        links: Links,
        clock: Clock,
    ) -> anyhow::Result<(Self, TcpListener)> {
        let listener = TcpListener::bind(options.listen).await.with_context(|| {
            format!("cannot listen for other gateways on {}: is it in use?", options.listen)
        })?;
        let address = listener.local_addr()?;
        let addresses = if options.advertise.is_empty() {
            vec![address.to_string()]
        } else {
            options.advertise.clone()
        };
        let Links { addresses: links, relay } = links;
        let endpoint = Endpoint { addresses, relay, links };
        record::publish(context, endpoint, options.record_secs, clock).await?;
        let directory = directory(context, options.peers.clone())?;
        let client = directory.client.clone();
        let quotes = Quotes::new(options.quotes.clone());
        Ok((Self { address, directory, client, quotes }, listener))
    }

    /// The address really bound.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The gateway's own endpoint record, as others may ask for it.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn endpoint(&self) -> anyhow::Result<Option<SignedEndpoint>> {
        self.directory.own()
    }

    /// How long a gateway takes to answer, several times.
    ///
    /// # Errors
    /// If its addresses are not known, or it does not answer.
    pub(crate) async fn round_trips(
        &self,
        gateway: &caplet_api::registry::GatewayResponse,
    ) -> anyhow::Result<Vec<std::time::Duration>> {
        let endpoint = self.directory.endpoint_at(gateway).await?;
        self.client.round_trips(&endpoint).await
    }

    /// Passes if the gateway of a device answers.
    ///
    /// # Errors
    /// If its addresses are not known, or it does not answer.
    pub(crate) async fn is_up(&self, device: caplet_protocol::DeviceId) -> anyhow::Result<()> {
        let endpoint = self.directory.endpoint_of(device).await?;
        self.client.is_up(&endpoint).await
    }

    /// A capability profile by digest: from the store, or from the gateway that announced it. Its bytes
    /// are those of the digest, whoever sent them.
    ///
    /// # Errors
    /// If nobody who can be reached has it.
    pub async fn profile(
        &self,
        digest: &[u8; 32],
        device: caplet_protocol::DeviceId,
    ) -> anyhow::Result<Document<CapabilityProfile>> {
        if let Some(raw) = documents::find(&self.directory.context.store, digest)? {
            return Ok(Document::decode(raw)?);
        }
        let endpoint = self.directory.endpoint_of(device).await?;
        let raw = self.client.profile(&endpoint, digest).await?;
        let document = Document::<CapabilityProfile>::decode(raw)?;
        anyhow::ensure!(
            document.digest() == *digest,
            "the gateway of device {device} sent another document than the one asked for: ask again later, or distrust it"
        );
        documents::keep(&self.directory.context.store, digest, document.raw())?;
        Ok(document)
    }
}
