//! Who is who, as the registry says: devices with their keys, gateways with their addresses. Answers
//! about devices are kept for a few seconds, since keys rotate.

use super::client::Client;
use super::endpoints;
use crate::context::{Context, domain_of};
use crate::observe;
use anyhow::Context as _;
use caplet_api::layout::{OLD_KEY_LEN, old_keys_key};
use caplet_api::registry::{DeviceResponse, GatewayResponse, QueryMsg};
use caplet_chain::ChainExt as _;
use caplet_protocol::{AccountId, DeviceId, layout::PublicKey, wire::SignedEndpoint};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer about a device is believed.
const FRESH: Duration = Duration::from_secs(5);

/// Answers that are kept.
const KEPT: usize = 4_096;

type Known = BTreeMap<DeviceId, (Arc<DeviceResponse>, Instant)>;

/// The registry as this gateway sees it. Clones share it.
#[derive(Clone)]
pub(crate) struct Directory {
    pub(super) context: Context,
    pub(super) client: Client,
    peers: Arc<[String]>,
    known: Arc<Mutex<Known>>,
}

impl Directory {
    pub(super) fn new(context: Context, client: Client, peers: Vec<String>) -> Self {
        Self { context, client, peers: peers.into(), known: Arc::default() }
    }

    /// A device as the registry has it, or had it a few seconds ago.
    ///
    /// # Errors
    /// If there is none, or the chain cannot be asked.
    pub(crate) async fn device(&self, id: DeviceId) -> anyhow::Result<Arc<DeviceResponse>> {
        self.device_within(id, FRESH).await
    }

    /// A device as the registry has it, or had it at most `age` ago.
    ///
    /// # Errors
    /// As [`Directory::device`].
    pub(crate) async fn device_within(
        &self,
        id: DeviceId,
        age: Duration,
    ) -> anyhow::Result<Arc<DeviceResponse>> {
        let known = self.with(|known| known.get(&id).cloned());
        if let Some((device, at)) = known
            && at.elapsed() < age
        {
            return Ok(device);
        }
        let registry = &self.context.deployment.contracts.registry;
        let ask = QueryMsg::Device { device: id };
        let device: DeviceResponse = self.context.chain.query(registry, &ask).await?;
        let device = Arc::new(device);
        self.with(|known| {
            if known.len() >= KEPT {
                known.retain(|_, (_, at)| at.elapsed() < FRESH);
            }
            known.insert(id, (Arc::clone(&device), Instant::now()));
        });
        Ok(device)
    }

    /// Keys that a device had before, the latest first, as far back as a settle window can reach; asked of the chain.
    ///
    /// # Errors
    /// If the chain cannot be asked.
    pub(crate) async fn old_keys(&self, id: DeviceId) -> anyhow::Result<Vec<PublicKey>> {
        let registry = &self.context.deployment.contracts.registry;
        let bytes = self.context.chain.raw(registry, old_keys_key(id)).await?;
        Ok(old_keys(&bytes.unwrap_or_default()))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Known) -> T) -> T {
        f(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// This gateway's own record.
    pub(super) fn own(&self) -> anyhow::Result<Option<SignedEndpoint>> {
        endpoints::get(&self.context.store, self.context.account)
    }

    /// A record that is kept here, for others who missed it.
    pub(super) fn kept(&self, account: AccountId) -> anyhow::Result<Option<SignedEndpoint>> {
        endpoints::get(&self.context.store, account)
    }

    /// Where the gateway of a device is dialled.
    ///
    /// # Errors
    /// If the gateway has no record, or nobody who can be reached has its body.
    pub(crate) async fn endpoint_of(&self, device: DeviceId) -> anyhow::Result<SignedEndpoint> {
        let gateway = self.device(device).await?.gateway.clone();
        let registry = &self.context.deployment.contracts.registry;
        let ask = QueryMsg::Gateway { address: gateway.address.clone() };
        let known: GatewayResponse = self.context.chain.query(registry, &ask).await?;
        self.endpoint_at(&known).await
    }

    /// Where a gateway is dialled.
    ///
    /// # Errors
    /// If nobody who can be reached has the body of its record.
    pub(super) async fn endpoint_at(
        &self,
        known: &GatewayResponse,
    ) -> anyhow::Result<SignedEndpoint> {
        let gateway = &known.account;
        if let Some(record) = self.kept(gateway.account)?
            && self.is_current(&record, known)
        {
            return Ok(record);
        }
        for peer in self.peers.iter() {
            match self.client.endpoint(peer, gateway.account).await {
                Ok(record) if self.is_current(&record, known) => {
                    endpoints::keep(&self.context.store, &record)?;
                    return Ok(record);
                }
                Ok(_) => {}
                Err(error) => observe::peer_failed(peer, &error),
            }
        }
        None.with_context(|| {
            format!(
                "the addresses of gateway {} are not known here, only their digest: name a gateway that knows them under exchange.peers",
                gateway.address
            )
        })
    }

    /// The quote of a device's enclave, from the device's gateway. Nothing of it is believed yet.
    ///
    /// # Errors
    /// If the gateway cannot be reached or has none.
    pub(crate) async fn quote(&self, device: DeviceId, sequence: u64) -> anyhow::Result<Vec<u8>> {
        let endpoint = self.endpoint_of(device).await?;
        self.client.quote(&endpoint, device, sequence).await
    }

    /// Whether a record is the one whose digest the registry has, signed by its own key.
    fn is_current(&self, record: &SignedEndpoint, known: &GatewayResponse) -> bool {
        let Ok(domain) = domain_of(&self.context.domains.registry) else { return false };
        endpoints::verified(record, &domain).is_ok_and(|layout| {
            layout.account == known.account.account
                && known.addresses.as_slice() == layout.addresses
                && known.key.as_slice() == layout.key
        })
    }

    /// Keeps a record that the registry published, if its own key signed it.
    pub(super) fn learn(&self, record: &SignedEndpoint) -> anyhow::Result<()> {
        let domain = domain_of(&self.context.domains.registry)?;
        endpoints::verified(record, &domain)?;
        endpoints::keep(&self.context.store, record)
    }
}

fn old_keys(bytes: &[u8]) -> Vec<PublicKey> {
    let records = bytes.chunks_exact(OLD_KEY_LEN);
    records.filter_map(|record| PublicKey::decode(record.get(..PublicKey::LEN)?)).collect()
}

/// The signing key of a device.
///
/// # Errors
/// If the registry holds bytes of no scheme.
pub(crate) fn key_of(device: &DeviceResponse) -> anyhow::Result<PublicKey> {
    PublicKey::new(device.key.scheme, &device.key.key)
        .with_context(|| format!("device {} has a key of no scheme", device.device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_keys_are_read_as_the_registry_writes_them() {
        let keys = [3, 4].map(|n| PublicKey::ed25519([n; 32]));
        let record = |key: &PublicKey, compromised| {
            let times = [9u64.to_be_bytes(), 2u64.to_be_bytes()].concat();
            [key.encode().to_vec(), times, vec![u8::from(compromised)]].concat()
        };
        let bytes = [record(&keys[0], true), record(&keys[1], false)].concat();
        assert_eq!(bytes.len(), 2 * OLD_KEY_LEN);
        assert_eq!(old_keys(&bytes), keys);
        assert!(old_keys(&[]).is_empty());
    }
}
