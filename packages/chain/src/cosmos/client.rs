//! The trait on a Cosmos node.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cosmwasm_std::Event;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::watch;

use super::abci::QueryError;
use super::compress::compressed;
use super::config::Config;
use super::connect::{Inner, connect};
use super::event::{contract_events, result};
use super::reply::{BlockResults, CheckTx, CommitReply, TxReply};
use super::{query, refusal, watcher};
use crate::chain::Chain;
use crate::error::{BroadcastError, ChainError};
use crate::head::{Account, Gas, Head};
use crate::msg::Msg;
use crate::signer::{Signer, check_address};
use crate::tx::{Envelope, SignedTx, TxHash, TxOptions, TxResult, mismatch, unsigned};

/// A handle on a Cosmos chain; clones share connections, sequences and the block watcher.
#[derive(Clone)]
pub struct CosmosChain {
    inner: Arc<Inner>,
}

impl CosmosChain {
    /// Reaches a node and checks that it is of the chain wanted.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::WrongChain`], [`ChainError::Unreadable`].
    pub async fn connect(config: Config) -> Result<Self, ChainError> {
        Ok(Self { inner: Arc::new(connect(config).await?) })
    }

    fn check(&self, address: &str) -> Result<(), ChainError> {
        check_address(address, &self.inner.config.prefix)
    }

    fn envelope(&self, gas_limit: u64, options: &TxOptions) -> Envelope {
        let config = &self.inner.config;
        let head = self.inner.watched.borrow().height;
        Envelope {
            chain_id: self.inner.chain_id.clone(),
            prefix: config.prefix.clone(),
            gas_limit,
            fee: options.fee.clone().unwrap_or_else(|| config.fee(gas_limit)),
            timeout_height: head.saturating_add(options.timeout_blocks.max(1)),
            memo: options.memo.clone(),
        }
    }

    /// One simulation with one sequence.
    async fn simulate_at(
        &self,
        signer: &Signer,
        msgs: &[Msg],
        sequence: u64,
    ) -> Result<u64, QueryError> {
        // No fee and no gas limit: neither is charged in a simulation.
        let options = TxOptions { fee: Some(Vec::new()), ..TxOptions::default() };
        let bytes = unsigned(signer, msgs, &self.envelope(0, &options), sequence)?;
        query::simulate(&self.inner.rpc, bytes).await
    }
}

/// Times a simulation is repeated because a block came between asking for the sequence and using it.
const RACES: u32 = 3;

#[async_trait]
impl Chain for CosmosChain {
    fn chain_id(&self) -> &str {
        &self.inner.chain_id
    }

    fn prefix(&self) -> &str {
        &self.inner.config.prefix
    }

    fn metered(&self) -> bool {
        true
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.inner.watched.clone()
    }

    async fn head(&self) -> Result<Head, ChainError> {
        let head = watcher::head(&self.inner.rpc).await?;
        watcher::publish(&self.inner.heads, head);
        Ok(head)
    }

    async fn smart(&self, contract: &str, query: Vec<u8>) -> Result<Vec<u8>, ChainError> {
        self.check(contract)?;
        query::smart(&self.inner.rpc, contract, query).await
    }

    async fn raw(&self, contract: &str, key: Vec<u8>) -> Result<Option<Vec<u8>>, ChainError> {
        self.check(contract)?;
        query::raw(&self.inner.rpc, contract, key).await
    }

    async fn bank_balance(&self, address: &str, denom: &str) -> Result<u128, ChainError> {
        self.check(address)?;
        query::balance(&self.inner.rpc, address, denom).await
    }

    async fn account(&self, address: &str) -> Result<Account, ChainError> {
        self.check(address)?;
        query::account(&self.inner.rpc, address).await
    }

    async fn simulate(&self, signer: &Signer, msgs: &[Msg]) -> Result<Gas, ChainError> {
        let msgs = &compressed(msgs)?;
        // A simulation sees transactions that wait in the mempool, the account query does not.
        let mut sequence = self.account(signer.address()).await?.sequence;
        for _ in 0..RACES {
            match self.simulate_at(signer, msgs, sequence).await {
                Ok(used) => return Ok(Gas { used, metered: true }),
                Err(QueryError::Chain(error)) => return Err(error),
                Err(QueryError::Refused { log }) => match mismatch(&log) {
                    Some((expected, _)) => sequence = expected,
                    None => return Err(ChainError::WouldFail { log }),
                },
            }
        }
        let log = format!("sequence {sequence} was taken {RACES} times by other transactions");
        Err(ChainError::WouldFail { log })
    }

    async fn prepare(
        &self,
        signer: &Signer,
        msgs: Vec<Msg>,
        options: TxOptions,
    ) -> Result<SignedTx, ChainError> {
        let gas_limit = match options.gas_limit {
            Some(limit) => limit,
            None => self.inner.config.gas_limit(self.simulate(signer, &msgs).await?.used),
        };
        let msgs = compressed(&msgs)?;
        let envelope = self.envelope(gas_limit, &options);
        let account = self.account(signer.address());
        self.inner.sequences.sign(signer, &msgs, &envelope, options.sequence, account).await
    }

    async fn resync(&self, address: &str) {
        self.inner.sequences.forget(address).await;
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError> {
        let params = json!({ "tx": STANDARD.encode(&tx.bytes) });
        let reply: Result<CheckTx, _> = self.inner.rpc.call("broadcast_tx_sync", params).await;
        refusal::outcome(reply.map_err(refusal::failure)?, tx.timeout_height)
    }

    async fn lookup(&self, hash: &TxHash) -> Result<Option<TxResult>, ChainError> {
        let params = json!({ "hash": STANDARD.encode(hash.0), "prove": false });
        match self.inner.rpc.call::<TxReply>("tx", params).await {
            Ok(reply) => Ok(Some(result(reply.height, reply.tx_result))),
            Err(ChainError::Node { message, .. }) if message.ends_with("not found") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn block_events(&self, height: u64) -> Result<Vec<Event>, ChainError> {
        let reply: BlockResults = self.at_height("block_results", height).await?;
        Ok(contract_events(reply.txs_results.unwrap_or_default()))
    }

    async fn block_hash(&self, height: u64) -> Result<[u8; 32], ChainError> {
        let reply: CommitReply = self.at_height("commit", height).await?;
        reply.hash().map_err(|cause| ChainError::Unreadable { method: "commit".to_owned(), cause })
    }
}

impl CosmosChain {
    /// Asks a method about one height.
    async fn at_height<T: DeserializeOwned>(
        &self,
        method: &str,
        height: u64,
    ) -> Result<T, ChainError> {
        let params = json!({ "height": height.to_string() });
        match self.inner.rpc.call::<T>(method, params).await {
            Err(ChainError::Node { message, .. }) if message.contains("must be less than") => {
                Err(ChainError::NoBlock { height, head: self.inner.watched.borrow().height })
            }
            Err(ChainError::Node { message, .. }) if message.contains("lowest height is") => {
                let oldest = message.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
                Err(ChainError::Pruned { height, oldest })
            }
            other => other,
        }
    }
}
