//! What a scenario needs before it begins: a chain with contracts, accounts, and a place to write.

use crate::deploy::Deployment;
use caplet_chain::{Chain, Signer};
use std::path::PathBuf;
use std::sync::Arc;

/// What a scenario needs.
pub struct Stage {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// The contracts.
    pub deployment: Deployment,
    /// Owner of the contracts.
    pub admin: Signer,
    /// Accounts of the two gateways.
    pub gateways: [Signer; 2],
    /// Accounts that own the providing devices, one a gateway.
    pub providers: [Signer; 2],
    /// Accounts that own and pay for the consuming devices, one a gateway; they hold every asset.
    pub payers: [Signer; 2],
    /// Folder for the keepers' stores.
    pub folder: PathBuf,
}
