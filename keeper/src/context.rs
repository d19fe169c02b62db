//! What every role of a keeper holds: chain, contracts, keys, store, tasks.

use crate::deploy::Deployment;
use crate::outbox::Outbox;
use crate::store::Store;
use crate::tasks::Group;
use caplet_api::common::DomainResponse;
use caplet_chain::{Chain, ChainError, ChainExt, Signer};
use caplet_protocol::{AccountId, Domain};
use ed25519_dalek::SigningKey;
use serde_json::json;
use std::sync::Arc;

/// The signing domains of a deployment, with their preimages for devices to pin.
#[derive(Clone, Debug)]
pub struct Domains {
    /// Identity.
    pub registry: DomainResponse,
    /// Orders.
    pub auction: DomainResponse,
    /// Money.
    pub escrow: DomainResponse,
}

/// The 32 bytes of a domain answer.
///
/// # Errors
/// If the contract answered another length.
pub fn domain_of(answer: &DomainResponse) -> anyhow::Result<Domain> {
    let bytes: [u8; 32] = answer.domain.as_slice().try_into()?;
    Ok(Domain(bytes))
}

impl Domains {
    /// Asks the contracts.
    ///
    /// # Errors
    /// If the chain cannot be asked or a contract is not there.
    pub async fn load(chain: &dyn Chain, deployment: &Deployment) -> Result<Self, ChainError> {
        let ask = json!({"domain": {}});
        Ok(Self {
            registry: chain.query(&deployment.contracts.registry, &ask).await?,
            auction: chain.query(&deployment.contracts.auction, &ask).await?,
            escrow: chain.query(&deployment.contracts.escrow, &ask).await?,
        })
    }
}

/// What every role holds; cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Addresses of the contracts.
    pub deployment: Arc<Deployment>,
    /// Signing domains.
    pub domains: Arc<Domains>,
    /// The keeper's chain account.
    pub signer: Signer,
    /// Its number in the registry.
    pub account: AccountId,
    /// The gateway's ed25519 key: endpoint record, envelopes to devices, receipts, broker identity.
    pub key: Arc<SigningKey>,
    /// Durable state.
    pub store: Store,
    /// The way to the chain for everything that changes it.
    pub outbox: Outbox,
    /// The keeper's tasks.
    pub tasks: Group,
}
