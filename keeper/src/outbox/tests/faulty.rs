//! A chain behind a bad connection.

use async_trait::async_trait;
use caplet_chain::embedded::EmbeddedChain;
use caplet_chain::{
    Account, BroadcastError, Chain, ChainError, Msg, Over, SignedTx, Signer, TxHash, TxOptions,
    TxResult,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

/// What goes wrong with one broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// Said to be admitted, and forgotten: a mempool that restarts.
    Lose,
    /// Admitted, but the answer never arrives.
    NoAnswer,
    /// Not even sent.
    Unreachable,
    /// Answered from a node that is behind: it expects an older sequence.
    Behind,
    /// Put into a block before what its key sent earlier, where it fails for its sequence.
    OutOfTurn,
    /// Admitted, after as long as a slow node takes.
    Slow,
}

/// An embedded chain that does to each broadcast what the script says, and afterwards nothing bad.
pub(super) struct Faulty {
    pub(super) inner: EmbeddedChain,
    script: Mutex<VecDeque<Fault>>,
    sent: Mutex<Vec<(TxHash, u64)>>,
    /// Questions that get no answer before any is answered.
    deaf: Mutex<u32>,
    /// Whether the bytes that were handed in first never arrive, however often they are sent.
    first_is_doomed: bool,
    /// What is in a block and failed there.
    failed: Mutex<BTreeMap<TxHash, TxResult>>,
}

impl Faulty {
    pub(super) fn new(inner: EmbeddedChain, script: &[Fault]) -> Self {
        Self {
            inner,
            script: Mutex::new(script.iter().copied().collect()),
            sent: Mutex::default(),
            deaf: Mutex::new(0),
            first_is_doomed: false,
            failed: Mutex::default(),
        }
    }

    /// A chain that never gets the bytes handed in first.
    pub(super) fn dooming_the_first(inner: EmbeddedChain) -> Self {
        Self { first_is_doomed: true, ..Self::new(inner, &[]) }
    }

    /// Lets the next questions go unanswered.
    pub(super) fn deafen(&self, questions: u32) {
        *self.deaf.lock().unwrap() = questions;
    }

    /// Every hash that was handed in, in order.
    pub(super) fn sent(&self) -> Vec<TxHash> {
        self.sent.lock().unwrap().iter().map(|(hash, _)| *hash).collect()
    }

    /// Their sequences.
    pub(super) fn sequences(&self) -> Vec<u64> {
        self.sent.lock().unwrap().iter().map(|(_, sequence)| *sequence).collect()
    }

    fn hear(&self) -> Result<(), ChainError> {
        let mut deaf = self.deaf.lock().unwrap();
        if *deaf == 0 {
            return Ok(());
        }
        *deaf = deaf.saturating_sub(1);
        Err(unreachable())
    }
}

fn unreachable() -> ChainError {
    ChainError::Unreachable { tried: "a cable".to_owned(), cause: "pulled".to_owned() }
}

#[async_trait]
impl Over for Faulty {
    fn inner(&self) -> &dyn Chain {
        &self.inner
    }
    async fn account(&self, address: &str) -> Result<Account, ChainError> {
        self.hear()?;
        self.inner.account(address).await
    }
    async fn prepare(
        &self,
        signer: &Signer,
        msgs: Vec<Msg>,
        options: TxOptions,
    ) -> Result<SignedTx, ChainError> {
        self.hear()?;
        self.inner.prepare(signer, msgs, options).await
    }
    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError> {
        self.sent.lock().unwrap().push((tx.hash, tx.sequence));
        if self.first_is_doomed && self.sent().first() == Some(&tx.hash) {
            return Ok(());
        }
        let fault = self.script.lock().unwrap().pop_front().unwrap_or(Fault::None);
        match fault {
            Fault::None => self.inner.broadcast(tx).await,
            Fault::Lose => Ok(()),
            Fault::NoAnswer => {
                self.inner.broadcast(tx).await?;
                Err(BroadcastError::Unreachable(unreachable()))
            }
            Fault::Unreachable => Err(BroadcastError::Unreachable(unreachable())),
            Fault::Behind => {
                let got = tx.sequence;
                Err(BroadcastError::SequenceMismatch { expected: got.saturating_sub(1), got })
            }
            Fault::OutOfTurn => {
                let (got, height) = (tx.sequence, self.inner.head().await.unwrap().height);
                let expected = got.saturating_sub(1);
                let log = format!("account sequence mismatch, expected {expected}, got {got}");
                let (gas_used, gas_wanted, events) = (0, 0, Vec::new());
                let result = TxResult {
                    height,
                    code: 32,
                    gas_used,
                    gas_wanted,
                    metered: false,
                    events,
                    log,
                };
                self.failed.lock().unwrap().insert(tx.hash, result);
                Ok(())
            }
            Fault::Slow => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                self.inner.broadcast(tx).await
            }
        }
    }
    async fn lookup(&self, hash: &TxHash) -> Result<Option<TxResult>, ChainError> {
        let failed = self.failed.lock().unwrap().get(hash).cloned();
        match failed {
            Some(result) => Ok(Some(result)),
            None => self.inner.lookup(hash).await,
        }
    }
}
