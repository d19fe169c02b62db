//! A chain that is not always there: what goes wrong between a keeper and its node.

use async_trait::async_trait;
use caplet_chain::embedded::EmbeddedChain;
use caplet_chain::{BroadcastError, Chain, ChainError, Over, SignedTx};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// The way to a chain, and what is wrong with it now.
pub(super) struct Weather {
    chain: Arc<EmbeddedChain>,
    down: AtomicBool,
    full: AtomicBool,
    lose: AtomicU32,
    lost: AtomicU32,
    asked: AtomicU64,
}

impl Weather {
    pub(super) fn over(chain: &Arc<EmbeddedChain>) -> Arc<Self> {
        Arc::new(Self {
            chain: Arc::clone(chain),
            down: AtomicBool::new(false),
            full: AtomicBool::new(false),
            lose: AtomicU32::new(0),
            lost: AtomicU32::new(0),
            asked: AtomicU64::new(0),
        })
    }

    /// The node restarts: nothing is answered.
    pub(super) fn down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Blocks are full, and so is the mempool.
    pub(super) fn full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// So many transactions are admitted and then forgotten, as by a mempool that restarts.
    pub(super) fn lose(&self, transactions: u32) {
        self.lose.store(transactions, Ordering::SeqCst);
    }

    /// Transactions that were forgotten or found no room.
    pub(super) fn lost(&self) -> u32 {
        self.lost.load(Ordering::SeqCst)
    }

    /// Questions about a device so far.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Over for Weather {
    fn inner(&self) -> &dyn Chain {
        &*self.chain
    }
    fn reach(&self) -> Result<&dyn Chain, ChainError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(ChainError::Unreachable {
                tried: "the node".to_owned(),
                cause: "it restarts".to_owned(),
            });
        }
        Ok(self.inner())
    }
    async fn smart(&self, contract: &str, query: Vec<u8>) -> Result<Vec<u8>, ChainError> {
        if query.starts_with(b"{\"device\":") {
            self.asked.fetch_add(1, Ordering::SeqCst);
        }
        self.reach()?.smart(contract, query).await
    }
    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError> {
        let chain = self.reach().map_err(BroadcastError::Unreachable)?;
        if self.full.load(Ordering::SeqCst) {
            self.lost.fetch_add(1, Ordering::SeqCst);
            return Err(BroadcastError::MempoolFull("for now".to_owned()));
        }
        let less = |left: u32| left.checked_sub(1);
        if self.lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            self.lost.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        chain.broadcast(tx).await
    }
}
