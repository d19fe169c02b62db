//! Storing, instantiating and wiring the contracts; the deployment file.

use serde::{Deserialize, Serialize};

/// Where the contracts of one deployment are; what `scripts/deploy` writes and every keeper reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Chain id.
    pub chain_id: String,
    /// Addresses.
    pub contracts: Contracts,
}

/// Addresses of the contracts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contracts {
    /// Registry.
    pub registry: String,
    /// Auction.
    pub auction: String,
    /// Escrow.
    pub escrow: String,
    /// Reputation.
    pub reputation: String,
}
