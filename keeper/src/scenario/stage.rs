//! What a scenario needs before it begins: a chain with contracts, accounts, and a place to write.

use crate::deploy::Deployment;
use caplet_chain::{Chain, Event, Msg, Patience, Signer, TxOptions, execute_and_confirm};
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
    /// Accounts of three gateways more, where the pool's story is told: two own a member each, the third is the
    /// consumer's.
    pub pool: [Signer; 3],
    /// Folder for the keepers' stores.
    pub folder: PathBuf,
}

impl Stage {
    /// Sends messages in one transaction, and waits for its events.
    pub(super) async fn send(&self, by: &Signer, msgs: Vec<Msg>) -> anyhow::Result<Vec<Event>> {
        let (options, patience) = (TxOptions::default(), Patience::default());
        Ok(execute_and_confirm(&*self.chain, by, msgs, options, patience).await?.events)
    }
}
