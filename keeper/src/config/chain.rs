//! Which chain, and how it is reached.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// Which of the two below is used.
    pub kind: ChainKind,
    /// A chain inside this process.
    pub embedded: EmbeddedConfig,
    /// A Cosmos node with wasmd.
    pub cosmos: CosmosConfig,
}

/// Which chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainKind {
    /// Inside this process.
    #[default]
    Embedded,
    /// A Cosmos node.
    Cosmos,
}

/// A chain inside this process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedConfig {
    /// Folder of its journal.
    pub path: PathBuf,
    /// Chain id of a fresh chain.
    pub chain_id: String,
    /// Milliseconds from block to block, at least 1.
    pub block_ms: u64,
    /// Addresses that a fresh chain gives coins to, beside the keeper's own: device owners, payers.
    pub fund: Vec<String>,
}

impl Default for EmbeddedConfig {
    fn default() -> Self {
        Self {
            path: "chain".into(),
            chain_id: "caplet-embedded-1".to_owned(),
            block_ms: 250,
            fund: Vec::new(),
        }
    }
}

/// A Cosmos node with wasmd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosmosConfig {
    /// CometBFT RPC addresses, tried in this order.
    pub rpc: Vec<String>,
    /// Chain id; a node of another chain is refused.
    pub chain_id: String,
    /// Bech32 prefix of addresses.
    pub prefix: String,
    /// Price of a unit of gas with its denomination, such as `0.025ucap`.
    pub gas_price: String,
}

impl Default for CosmosConfig {
    fn default() -> Self {
        Self {
            rpc: vec!["http://127.0.0.1:26657".to_owned()],
            chain_id: "caplet-local-1".to_owned(),
            prefix: "wasm".to_owned(),
            gas_price: "0.025ucap".to_owned(),
        }
    }
}
