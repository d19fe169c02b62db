//! A chain over another one, some steps of which are different: for tests of what happens on the way.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::Event;
use crate::chain::Chain;
use crate::error::{BroadcastError, ChainError};
use crate::head::{Account, Gas, Head};
use crate::msg::Msg;
use crate::signer::Signer;
use crate::tx::{SignedTx, TxHash, TxOptions, TxResult};

/// The way to a chain, for tests of what happens on it: whatever is `Over` is a [`Chain`] that does what the one
/// below does, but for the steps that are written anew.
#[async_trait]
pub trait Over: Send + Sync + 'static {
    /// The chain below.
    fn inner(&self) -> &dyn Chain;

    /// The chain below as it is asked and sent to: by default always there.
    ///
    /// # Errors
    /// What is then answered instead by every step that is not written anew and may fail.
    fn reach(&self) -> Result<&dyn Chain, ChainError> {
        Ok(self.inner())
    }

    /// As [`Chain::smart`].
    async fn smart(&self, contract: &str, query: Vec<u8>) -> Result<Vec<u8>, ChainError> {
        self.reach()?.smart(contract, query).await
    }

    /// As [`Chain::raw`].
    async fn raw(&self, contract: &str, key: Vec<u8>) -> Result<Option<Vec<u8>>, ChainError> {
        self.reach()?.raw(contract, key).await
    }

    /// As [`Chain::account`].
    async fn account(&self, address: &str) -> Result<Account, ChainError> {
        self.reach()?.account(address).await
    }

    /// As [`Chain::prepare`].
    async fn prepare(
        &self,
        signer: &Signer,
        msgs: Vec<Msg>,
        options: TxOptions,
    ) -> Result<SignedTx, ChainError> {
        self.reach()?.prepare(signer, msgs, options).await
    }

    /// As [`Chain::broadcast`].
    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError> {
        self.reach().map_err(BroadcastError::Unreachable)?.broadcast(tx).await
    }

    /// As [`Chain::lookup`].
    async fn lookup(&self, hash: &TxHash) -> Result<Option<TxResult>, ChainError> {
        self.reach()?.lookup(hash).await
    }
}

#[async_trait]
impl<T: Over> Chain for T {
    fn chain_id(&self) -> &str {
        self.inner().chain_id()
    }

    fn prefix(&self) -> &str {
        self.inner().prefix()
    }

    fn metered(&self) -> bool {
        self.inner().metered()
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.inner().watch()
    }

    async fn head(&self) -> Result<Head, ChainError> {
        self.reach()?.head().await
    }

    async fn smart(&self, contract: &str, query: Vec<u8>) -> Result<Vec<u8>, ChainError> {
        Over::smart(self, contract, query).await
    }

    async fn raw(&self, contract: &str, key: Vec<u8>) -> Result<Option<Vec<u8>>, ChainError> {
        Over::raw(self, contract, key).await
    }

    async fn bank_balance(&self, address: &str, denom: &str) -> Result<u128, ChainError> {
        self.reach()?.bank_balance(address, denom).await
    }

    async fn account(&self, address: &str) -> Result<Account, ChainError> {
        Over::account(self, address).await
    }

    async fn simulate(&self, signer: &Signer, msgs: &[Msg]) -> Result<Gas, ChainError> {
        self.reach()?.simulate(signer, msgs).await
    }

    async fn prepare(
        &self,
        signer: &Signer,
        msgs: Vec<Msg>,
        options: TxOptions,
    ) -> Result<SignedTx, ChainError> {
        Over::prepare(self, signer, msgs, options).await
    }

    async fn resync(&self, address: &str) {
        self.inner().resync(address).await;
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError> {
        Over::broadcast(self, tx).await
    }

    async fn lookup(&self, hash: &TxHash) -> Result<Option<TxResult>, ChainError> {
        Over::lookup(self, hash).await
    }

    async fn block_events(&self, height: u64) -> Result<Vec<Event>, ChainError> {
        self.reach()?.block_events(height).await
    }

    async fn block_hash(&self, height: u64) -> Result<[u8; 32], ChainError> {
        self.reach()?.block_hash(height).await
    }
}
