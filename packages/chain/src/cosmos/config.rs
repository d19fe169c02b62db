//! How a Cosmos chain is reached.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::coin::Coin;

/// How a Cosmos chain is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// RPC addresses of nodes of this chain, as `http://127.0.0.1:26657`, in order of preference.
    pub rpc: Vec<String>,
    /// Chain id that every node must report; `None` takes that of the first node reached.
    pub chain_id: Option<String>,
    /// Bech32 prefix of addresses.
    pub prefix: String,
    /// What is paid for gas; `None` offers no fee.
    pub gas_price: Option<GasPrice>,
    /// Added to a simulation's result, in basis points of it: state may have grown by the time the
    /// transaction runs.
    pub gas_margin_bps: u32,
    /// Pause between questions for a new block; `None` takes a quarter of the last block's time.
    pub poll: Option<Duration>,
    /// Time allowed for one call to one node.
    pub timeout: Duration,
}

/// Price of gas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasPrice {
    /// Denomination the fee is paid in.
    pub denom: String,
    /// Smallest units for a million gas; fees are rounded up.
    pub per_million: u64,
}

impl Config {
    /// One node, no fees, everything else by default.
    pub fn new(rpc: impl Into<String>) -> Self {
        Self {
            rpc: vec![rpc.into()],
            chain_id: None,
            prefix: "wasm".to_owned(),
            gas_price: None,
            gas_margin_bps: 3_000,
            poll: None,
            timeout: Duration::from_secs(10),
        }
    }

    /// Gas limit for a simulated use.
    pub(super) fn gas_limit(&self, used: u64) -> u64 {
        let margin =
            u128::from(used).saturating_mul(u128::from(self.gas_margin_bps)).div_ceil(10_000);
        used.saturating_add(u64::try_from(margin).unwrap_or(u64::MAX))
    }

    /// Fee for a gas limit; nothing where no price is set.
    pub(super) fn fee(&self, gas_limit: u64) -> Vec<Coin> {
        let Some(price) = &self.gas_price else { return Vec::new() };
        let micro = u128::from(gas_limit).saturating_mul(u128::from(price.per_million));
        match micro.div_ceil(1_000_000) {
            0 => Vec::new(),
            amount => vec![Coin::new(amount, price.denom.clone())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_rounded_up_and_never_overflow() {
        let price = |per_million| Config {
            gas_price: Some(GasPrice { denom: "ucap".to_owned(), per_million }),
            ..Config::new("")
        };
        assert_eq!(price(25_000).fee(100_001), [Coin::new(2_501, "ucap")]);
        assert!(price(0).fee(u64::MAX).is_empty());
        assert!(Config::new("").fee(5).is_empty());
        assert_eq!(price(u64::MAX).fee(u64::MAX).len(), 1);
    }

    #[test]
    fn the_margin_is_added_and_never_overflows() {
        assert_eq!(Config::new("").gas_limit(100_001), 130_002);
        assert_eq!(Config::new("").gas_limit(u64::MAX), u64::MAX);
        assert_eq!(Config::new("").gas_limit(0), 0);
    }
}
