//! What a deployment is made of.

use super::pools::PoolSpec;
use caplet_api::auction::{LatencyEntry, MarketConfig};
use caplet_api::escrow::FeeSchedule;
use caplet_api::reputation::Rules;
use cosmwasm_std::Uint128;
use serde::{Deserialize, Serialize};

/// What a deployment is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Assets accepted as payment, numbered from 1 in this order.
    pub assets: Vec<AssetSpec>,
    /// Fees on what is paid.
    pub fees: FeeSchedule,
    /// Where protocol fees go; burned when absent.
    pub treasury: Option<String>,
    /// Rules of reputation.
    pub rules: Rules,
    /// Rules of futures; no futures contract when absent.
    #[serde(default)]
    pub futures: Option<caplet_api::futures::Rules>,
    /// Pools, each of one market; none when absent.
    #[serde(default)]
    pub pools: Vec<PoolSpec>,
    /// The attest contract; attesters alone are believed when absent.
    #[serde(default)]
    pub attest: Option<super::AttestSpec>,
    /// Latencies between cells.
    pub latency: Vec<LatencyEntry>,
    /// Markets, numbered from 1 in this order.
    pub markets: Vec<MarketConfig>,
}

/// An asset, or a token that is made for the occasion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum AssetSpec {
    /// A denomination of the bank module.
    Native {
        /// The denomination.
        denom: String,
        /// What people call a whole unit.
        symbol: String,
        /// Decimals of a whole unit.
        decimals: u8,
    },
    /// A CW20 token that is already there.
    Cw20 {
        /// Its address.
        address: String,
        /// What people call a whole unit.
        symbol: String,
        /// Decimals of a whole unit.
        decimals: u8,
    },
    /// A CW20 token to make, for local networks.
    Token(TokenSpec),
}

/// A token to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// Its symbol, 3 to 12 letters.
    pub symbol: String,
    /// Decimals of a whole unit.
    pub decimals: u8,
    /// Who holds what at the start, smallest units.
    pub balances: Vec<(String, Uint128)>,
}
