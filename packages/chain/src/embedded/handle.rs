//! The handle, and the trait on it.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use cosmwasm_std::Event;
use tokio::sync::{oneshot, watch};

use super::error::OpenError;
use super::node::{Node, check_hash};
use super::open::open;
use super::options::{Options, Pace};
use super::runner::{Job, run};
use crate::chain::Chain;
use crate::error::{BroadcastError, ChainError};
use crate::head::{Account, Gas, Head};
use crate::msg::Msg;
use crate::sequence::Sequences;
use crate::signer::{Signer, check_address};
use crate::tx::{Envelope, SignedTx, TxHash, TxOptions, TxResult, unsigned};

/// A handle on a running embedded chain; clones share it. When the last one is dropped the chain's
/// thread ends, and what was in no block is forgotten.
#[derive(Clone)]
pub struct EmbeddedChain {
    inner: Arc<Inner>,
}

/// Fingerprint of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateRoot {
    /// Where the chain stands.
    pub head: Head,
    /// SHA-256 over all state, accounts and block results.
    pub root: [u8; 32],
}

struct Inner {
    chain_id: String,
    prefix: String,
    pace: Pace,
    heads: watch::Receiver<Head>,
    sequences: Sequences,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // Waited for, so that the journal is free again when this returns.
            let _ = thread.join();
        }
    }
}

impl EmbeddedChain {
    /// Opens the chain, replaying its journal if there is one, and starts its thread.
    ///
    /// # Errors
    /// [`OpenError`]; each says what to do.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let (jobs, queue) = channel::<Job>();
        let (opened, outcome) = oneshot::channel();
        let pace = options.pace;
        let (chain_id, prefix) = (options.genesis.chain_id.clone(), options.genesis.prefix.clone());
        let body = move || match open(options) {
            Ok(node) => {
                let _ = opened.send(Ok(node.heads.subscribe()));
                run(node, &queue, pace);
            }
            Err(error) => drop(opened.send(Err(error))),
        };
        let thread = std::thread::Builder::new().name("embedded-chain".to_owned()).spawn(body);
        let thread = thread.map_err(|e| OpenError::Thread(e.to_string()))?;
        let heads = outcome.await.map_err(|_| OpenError::Thread("it panicked".to_owned()))??;
        let (jobs, thread) = (Some(jobs), Some(thread));
        let sequences = Sequences::default();
        let inner = Inner { chain_id, prefix, pace, heads, sequences, jobs, thread };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes a block now, its time at least `advance` after the last one's. This is how tests and
    /// the demo let time pass.
    ///
    /// # Errors
    /// [`ChainError::Halted`] if it could not be written.
    pub async fn produce(&self, advance: Duration) -> Result<Head, ChainError> {
        self.ask_always(move |node| node.produce(Some(advance))).await
    }

    /// Fingerprint of the whole state; takes time in proportion to its size.
    ///
    /// # Errors
    /// [`ChainError::Halted`].
    pub async fn state_root(&self) -> Result<StateRoot, ChainError> {
        self.ask(|node| Ok(StateRoot { head: node.ledger.head, root: node.ledger.root() })).await
    }

    /// Runs a job on the chain's thread, unless a block waits to be written.
    async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Node) -> Result<T, ChainError> + Send + 'static,
    ) -> Result<T, ChainError> {
        self.ask_always(|node| node.ready().and_then(|()| job(node))).await
    }

    async fn ask_always<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Node) -> Result<T, ChainError> + Send + 'static,
    ) -> Result<T, ChainError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |node| drop(reply.send(job(node))));
        let gone = || ChainError::Halted("its thread has ended".to_owned());
        self.inner.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    fn check(&self, address: &str) -> Result<String, ChainError> {
        check_address(address, &self.inner.prefix)?;
        Ok(address.to_owned())
    }

    fn envelope(&self, gas_limit: u64, options: &TxOptions) -> Result<Envelope, ChainError> {
        if options.fee.as_ref().is_some_and(|fee| !fee.is_empty()) {
            let text = "an embedded chain takes no fees: leave the fee out";
            return Err(ChainError::BadMessage(text.to_owned()));
        }
        let head = self.inner.heads.borrow().height;
        Ok(Envelope {
            chain_id: self.inner.chain_id.clone(),
            prefix: self.inner.prefix.clone(),
            gas_limit,
            fee: Vec::new(),
            timeout_height: head.saturating_add(options.timeout_blocks.max(1)),
            memo: options.memo.clone(),
        })
    }
}

#[async_trait]
impl Chain for EmbeddedChain {
    fn chain_id(&self) -> &str {
        &self.inner.chain_id
    }

    fn prefix(&self) -> &str {
        &self.inner.prefix
    }

    fn metered(&self) -> bool {
        false
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.inner.heads.clone()
    }

    async fn head(&self) -> Result<Head, ChainError> {
        self.ask(|node| Ok(node.ledger.head)).await
    }

    async fn smart(&self, contract: &str, query: Vec<u8>) -> Result<Vec<u8>, ChainError> {
        let contract = self.check(contract)?;
        self.ask(move |node| node.ledger.smart(&contract, query)).await
    }

    async fn raw(&self, contract: &str, key: Vec<u8>) -> Result<Option<Vec<u8>>, ChainError> {
        let contract = self.check(contract)?;
        self.ask(move |node| node.ledger.raw(&contract, &key)).await
    }

    async fn bank_balance(&self, address: &str, denom: &str) -> Result<u128, ChainError> {
        let (address, denom) = (self.check(address)?, denom.to_owned());
        self.ask(move |node| node.ledger.balance(&address, &denom)).await
    }

    async fn account(&self, address: &str) -> Result<Account, ChainError> {
        let address = self.check(address)?;
        self.ask(move |node| {
            let account = node.ledger.accounts.get(&address);
            account.ok_or(ChainError::NoAccount { address })
        })
        .await
    }

    async fn simulate(&self, signer: &Signer, msgs: &[Msg]) -> Result<Gas, ChainError> {
        // Built for its checks: what could not be sent must not be called good.
        unsigned(signer, msgs, &self.envelope(0, &TxOptions::default())?, 0)?;
        let (signer, msgs) = (signer.address().to_owned(), msgs.to_vec());
        self.ask(move |node| {
            let outcome = node.ledger.rehearse(&signer, &msgs);
            outcome.map_err(|log| ChainError::WouldFail { log })
        })
        .await?;
        Ok(Gas { used: 0, metered: false })
    }

    async fn prepare(
        &self,
        signer: &Signer,
        msgs: Vec<Msg>,
        options: TxOptions,
    ) -> Result<SignedTx, ChainError> {
        let gas_limit = match options.gas_limit {
            Some(limit) => limit,
            None => self.simulate(signer, &msgs).await?.used,
        };
        let envelope = self.envelope(gas_limit, &options)?;
        let account = self.account(signer.address());
        self.inner.sequences.sign(signer, &msgs, &envelope, options.sequence, account).await
    }

    async fn resync(&self, address: &str) {
        self.inner.sequences.forget(address).await;
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError> {
        check_hash(tx)?;
        let bytes = tx.bytes.clone();
        let at_once = matches!(self.inner.pace, Pace::PerTransaction(_));
        let admitted = self.ask(move |node| {
            let admitted = node.admit(bytes);
            if at_once && !node.mempool.is_empty() {
                // Trouble shows in the next call; the transaction itself was admitted.
                let _ = node.produce(None);
            }
            Ok(admitted)
        });
        admitted.await.map_err(BroadcastError::Unreachable)?
    }

    async fn lookup(&self, hash: &TxHash) -> Result<Option<TxResult>, ChainError> {
        let hash = *hash;
        self.ask(move |node| Ok(node.history.get(&hash).cloned())).await
    }

    async fn block_events(&self, height: u64) -> Result<Vec<Event>, ChainError> {
        self.ask(move |node| node.history.events(height, node.ledger.head.height)).await
    }

    async fn block_hash(&self, height: u64) -> Result<[u8; 32], ChainError> {
        self.ask(move |node| node.history.digest(height, node.ledger.head.height)).await
    }
}
