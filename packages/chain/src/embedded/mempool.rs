//! Transactions that wait for a block.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::accounts::Accounts;
use super::options::Limits;
use crate::error::BroadcastError;
use crate::tx::{Decoded, TxHash};

/// A checked transaction.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) hash: TxHash,
    pub(super) bytes: Vec<u8>,
    pub(super) tx: Decoded,
}

/// First come, first served; the sequences of each signer are without gaps.
#[derive(Debug)]
pub(super) struct Mempool {
    queue: VecDeque<Pending>,
    known: BTreeSet<TxHash>,
    /// Maps signer to the sequence after its last waiting transaction.
    next: BTreeMap<String, u64>,
    limits: Limits,
}

impl Mempool {
    pub(super) fn new(limits: Limits) -> Self {
        Self { queue: VecDeque::new(), known: BTreeSet::new(), next: BTreeMap::new(), limits }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn contains(&self, hash: &TxHash) -> bool {
        self.known.contains(hash)
    }

    /// Sequence that a signer's next transaction must carry.
    pub(super) fn expected(&self, signer: &str, committed: u64) -> u64 {
        self.next.get(signer).copied().unwrap_or(committed)
    }

    /// Takes a transaction whose signature has been checked.
    ///
    /// # Errors
    /// [`BroadcastError::SequenceMismatch`], [`BroadcastError::MempoolFull`].
    pub(super) fn push(&mut self, pending: Pending, committed: u64) -> Result<(), BroadcastError> {
        let expected = self.expected(&pending.tx.signer, committed);
        let got = pending.tx.sequence;
        if expected != got {
            return Err(BroadcastError::SequenceMismatch { expected, got });
        }
        if self.queue.len() >= self.limits.mempool {
            let waiting = self.queue.len();
            return Err(BroadcastError::MempoolFull(format!("{waiting} transactions wait")));
        }
        self.known.insert(pending.hash);
        self.next.insert(pending.tx.signer.clone(), got.saturating_add(1));
        self.queue.push_back(pending);
        Ok(())
    }

    /// Takes out what the next block holds, in order, up to the limit of bytes.
    pub(super) fn take_block(&mut self) -> Vec<Pending> {
        let mut room = self.limits.block_bytes;
        let mut block = Vec::new();
        while let Some(first) = self.queue.front() {
            let size = first.bytes.len();
            // One transaction always fits, or it would wait for ever.
            if size > room && !block.is_empty() {
                break;
            }
            room = room.saturating_sub(size);
            block.extend(self.queue.pop_front());
        }
        block
    }

    /// Drops what can no longer be included at `height` or later: timed out, or out of sequence.
    pub(super) fn recheck(&mut self, height: u64, accounts: &Accounts) {
        let queue = std::mem::take(&mut self.queue);
        self.known.clear();
        self.next.clear();
        for pending in queue {
            let committed = accounts.get(&pending.tx.signer).map_or(0, |a| a.sequence);
            let alive = pending.tx.timeout_height == 0 || pending.tx.timeout_height >= height;
            let in_order = self.expected(&pending.tx.signer, committed) == pending.tx.sequence;
            if alive && in_order {
                self.known.insert(pending.hash);
                let next = pending.tx.sequence.saturating_add(1);
                self.next.insert(pending.tx.signer.clone(), next);
                self.queue.push_back(pending);
            }
        }
    }
}
