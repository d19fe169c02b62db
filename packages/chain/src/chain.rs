//! The trait.

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;

use crate::Event;
use crate::error::{BroadcastError, ChainError};
use crate::head::{Account, Gas, Head};
use crate::msg::Msg;
use crate::signer::Signer;
use crate::tx::{SignedTx, TxHash, TxOptions, TxResult};

/// A chain with CosmWasm contracts. Handles are cheap to clone behind an `Arc`; every method may be
/// called from any task at any time.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    /// Chain id, as signed into every transaction.
    fn chain_id(&self) -> &str;

    /// Bech32 prefix of its addresses.
    fn prefix(&self) -> &str;

    /// Whether gas figures are measurements. `false` on the embedded chain.
    fn metered(&self) -> bool;

    /// The last block seen. Wakes reconcilers, never carries work: several blocks may fall into one
    /// wake-up, and after a broken connection none may come for a while.
    fn watch(&self) -> watch::Receiver<Head>;

    /// The last block, asked of the chain now.
    async fn head(&self) -> Result<Head, ChainError>;

    /// A contract's answer to a JSON query, as JSON bytes.
    ///
    /// # Errors
    /// [`ChainError::NoContract`], [`ChainError::Query`] with the contract's words.
    async fn smart(&self, contract: &str, query: Vec<u8>) -> Result<Vec<u8>, ChainError>;

    /// One storage entry of a contract; `None` if the key is not set.
    ///
    /// # Errors
    /// [`ChainError::NoContract`].
    async fn raw(&self, contract: &str, key: Vec<u8>) -> Result<Option<Vec<u8>>, ChainError>;

    /// Balance of an address in the smallest unit of `denom`; 0 if it holds none.
    async fn bank_balance(&self, address: &str, denom: &str) -> Result<u128, ChainError>;

    /// Number and committed sequence of an account.
    ///
    /// # Errors
    /// [`ChainError::NoAccount`] if the chain has never seen it.
    async fn account(&self, address: &str) -> Result<Account, ChainError>;

    /// Runs messages against the last block's state and throws the changes away.
    ///
    /// # Errors
    /// [`ChainError::WouldFail`] with the chain's words.
    async fn simulate(&self, signer: &Signer, msgs: &[Msg]) -> Result<Gas, ChainError>;

    /// Builds and signs a transaction. Nothing is sent: the outbox persists it first. With
    /// [`crate::Sequence::Next`] it takes the signer's next sequence, so whoever prepares and then
    /// gives up must call [`Chain::resync`].
    async fn prepare(
        &self,
        signer: &Signer,
        msgs: Vec<Msg>,
        options: TxOptions,
    ) -> Result<SignedTx, ChainError>;

    /// Forgets the cached sequence of a signer: the next [`Chain::prepare`] asks the chain again.
    /// Transactions still pending are then unknown to it, so resend those first.
    async fn resync(&self, address: &str);

    /// Hands signed bytes to the mempool. Success means admitted, not included.
    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError>;

    /// What became of a transaction; `None` if it is in no block yet.
    ///
    /// # Errors
    /// Only if the chain could not be asked: "not found" is `Ok(None)`.
    async fn lookup(&self, hash: &TxHash) -> Result<Option<TxResult>, ChainError>;

    /// Contract events (`wasm` and `wasm-*`) of the successful transactions of one block, in order.
    ///
    /// # Errors
    /// [`ChainError::NoBlock`] above the head, [`ChainError::Pruned`] below what is kept.
    async fn block_events(&self, height: u64) -> Result<Vec<Event>, ChainError>;

    /// Hash of one block: what binds evidence to a registration in it. The embedded chain has one of every
    /// block with transactions: SHA-256 over what they brought and all before.
    ///
    /// # Errors
    /// As [`Chain::block_events`].
    async fn block_hash(&self, height: u64) -> Result<[u8; 32], ChainError>;
}

/// Typed helpers over [`Chain`].
pub trait ChainExt: Chain {
    /// Asks a contract with a typed query and reads the typed answer.
    ///
    /// # Errors
    /// As [`Chain::smart`], and [`ChainError::Json`] if a type does not fit.
    fn query<Q, R>(
        &self,
        contract: &str,
        query: &Q,
    ) -> impl Future<Output = Result<R, ChainError>> + Send
    where
        Q: Serialize + Sync + ?Sized,
        R: DeserializeOwned,
    {
        let json = to_json(query);
        async move {
            let answer = self.smart(contract, json?).await?;
            serde_json::from_slice(&answer).map_err(|e| ChainError::Json {
                what: format!("answer of {contract}"),
                cause: e.to_string(),
            })
        }
    }
}

impl<C: Chain + ?Sized> ChainExt for C {}

/// JSON bytes of a message.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, ChainError> {
    serde_json::to_vec(value)
        .map_err(|e| ChainError::Json { what: "message".to_owned(), cause: e.to_string() })
}
