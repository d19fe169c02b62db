//! Where the device that serves a lease is dialled.

use super::sight::Sight;
use async_trait::async_trait;
use caplet_fabric::client::Finder;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::link::Peer;
use caplet_protocol::wire::{Endpoint, SignedEndpoint};
use prost::Message as _;
use std::sync::Arc;

/// Addresses that are tried.
const MOST: usize = 16;

/// Finds gateways by their signed records, read anew for every connection.
pub(super) struct ByRecord(pub(super) Arc<Sight>);

#[async_trait]
impl Finder for ByRecord {
    async fn find(&self, lease: &LeaseView) -> Result<Peer, String> {
        let found = self.0.directory.endpoint_of(lease.provider.device).await;
        peer_of(&found.map_err(|error| format!("{error:#}"))?)
    }
}

/// A gateway's end of links, by its verified record.
pub(super) fn peer_of(record: &SignedEndpoint) -> Result<Peer, String> {
    let body = Endpoint::decode(record.endpoint.as_slice()).map_err(|e| e.to_string())?;
    let key = record.key.as_slice().try_into();
    let key = key.map_err(|_| "the provider's gateway has no ed25519 key".to_owned())?;
    let addresses: Vec<_> =
        body.links.iter().take(MOST).filter_map(|text| text.parse().ok()).collect();
    let relay = (!body.relay.is_empty()).then_some(body.relay);
    if addresses.is_empty() && relay.is_none() {
        return Err("the provider's gateway takes no links: its record names none".to_owned());
    }
    Ok(Peer { key, addresses, relay })
}
