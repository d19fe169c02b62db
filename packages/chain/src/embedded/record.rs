//! What the journal holds: one genesis, then blocks.

use super::error::OpenError;
use super::options::Genesis;
use crate::coin::Coin;

/// First frame.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GenesisRecord {
    #[prost(string, tag = "1")]
    pub(super) chain_id: String,
    #[prost(string, tag = "2")]
    pub(super) prefix: String,
    #[prost(uint64, tag = "3")]
    pub(super) time_ns: u64,
    #[prost(message, repeated, tag = "4")]
    pub(super) coins: Vec<HeldCoin>,
}

/// One coin of one account.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct HeldCoin {
    #[prost(string, tag = "1")]
    pub(super) address: String,
    #[prost(string, tag = "2")]
    pub(super) denom: String,
    #[prost(string, tag = "3")]
    pub(super) amount: String,
}

/// Every further frame.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct BlockRecord {
    #[prost(uint64, tag = "1")]
    pub(super) height: u64,
    #[prost(uint64, tag = "2")]
    pub(super) time_ns: u64,
    /// Signed bytes, in order of execution.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub(super) txs: Vec<Vec<u8>>,
    /// [`super::block::digest`] up to and including this block.
    #[prost(bytes = "vec", tag = "4")]
    pub(super) digest: Vec<u8>,
}

impl GenesisRecord {
    pub(super) fn new(genesis: &Genesis, now_ns: u64) -> Self {
        let coin = |address: &String, coin: &Coin| HeldCoin {
            address: address.clone(),
            denom: coin.denom.clone(),
            amount: coin.amount.to_string(),
        };
        let held = |(address, coins): &(String, Vec<Coin>)| {
            coins.iter().map(|c| coin(address, c)).collect::<Vec<_>>()
        };
        Self {
            chain_id: genesis.chain_id.clone(),
            prefix: genesis.prefix.clone(),
            time_ns: genesis.time_ns.unwrap_or(now_ns),
            coins: genesis.accounts.iter().flat_map(held).collect(),
        }
    }

    /// A journal goes on only under the id and prefix it was begun with.
    pub(super) fn check(&self, genesis: &Genesis) -> Result<(), OpenError> {
        if self.chain_id == genesis.chain_id && self.prefix == genesis.prefix {
            return Ok(());
        }
        Err(OpenError::OtherChain {
            found: format!("{} ({})", self.chain_id, self.prefix),
            configured: format!("{} ({})", genesis.chain_id, genesis.prefix),
        })
    }
}
