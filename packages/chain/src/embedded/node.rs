//! Ledger, mempool and journal together: what runs on the chain's thread.

use std::time::Duration;

use prost::Message;
use tokio::sync::watch;

use super::clock::Clock;
use super::history::History;
use super::journal::Journal;
use super::ledger::Ledger;
use super::mempool::{Mempool, Pending};
use super::options::Limits;
use super::record::BlockRecord;
use crate::error::{BroadcastError, ChainError};
use crate::head::Head;
use crate::tx::{DecodeError, SignedTx, TxHash, decode};

/// The chain's thread owns one of these.
pub(super) struct Node {
    pub(super) ledger: Ledger,
    pub(super) history: History,
    pub(super) mempool: Mempool,
    /// `None` for a chain in memory only.
    pub(super) journal: Option<Journal>,
    pub(super) clock: Clock,
    pub(super) heads: watch::Sender<Head>,
    pub(super) chain_id: String,
    pub(super) prefix: String,
    pub(super) limits: Limits,
    /// A block that was executed but could not be written yet. Until it is, nobody sees it.
    pub(super) unwritten: Option<(Vec<u8>, super::block::Outcome)>,
    pub(super) trouble: String,
}

impl Node {
    /// Refuses to answer while a block is executed but not durable.
    pub(super) fn ready(&self) -> Result<(), ChainError> {
        match self.unwritten {
            None => Ok(()),
            Some(_) => Err(ChainError::Halted(self.trouble.clone())),
        }
    }

    /// Checks a transaction and lets it into the mempool.
    pub(super) fn admit(&mut self, bytes: Vec<u8>) -> Result<(), BroadcastError> {
        let (size, limit) = (bytes.len(), self.limits.tx_bytes);
        if size > limit {
            return Err(BroadcastError::TooLarge(format!("{size} bytes, the limit is {limit}")));
        }
        let hash = TxHash::of(&bytes);
        if self.mempool.contains(&hash) || self.history.get(&hash).is_some() {
            return Err(BroadcastError::AlreadyKnown);
        }
        let tx = decode(&bytes, &self.prefix).map_err(rejected)?;
        let Some(account) = self.ledger.accounts.get(&tx.signer) else {
            let error = ChainError::NoAccount { address: tx.signer };
            return Err(reject(9, error.to_string()));
        };
        if !tx.fee.is_empty() {
            let fee = "an embedded chain takes no fees, send none".to_owned();
            return Err(BroadcastError::InsufficientFee(fee));
        }
        let (timeout_height, height) = (tx.timeout_height, self.ledger.head.height);
        if timeout_height != 0 && timeout_height <= height {
            return Err(BroadcastError::Expired { timeout_height, height });
        }
        // Sequence before signature, as a node answers.
        let expected = self.mempool.expected(&tx.signer, account.sequence);
        if expected != tx.sequence {
            return Err(BroadcastError::SequenceMismatch { expected, got: tx.sequence });
        }
        tx.verify(&self.chain_id, account.number).map_err(rejected)?;
        self.mempool.push(Pending { hash, bytes, tx }, account.sequence)
    }

    /// Makes the next block, or tries again to write the last one.
    pub(super) fn produce(&mut self, advance: Option<Duration>) -> Result<Head, ChainError> {
        if self.unwritten.is_none() {
            self.execute(advance);
        }
        self.write()?;
        Ok(self.ledger.head)
    }

    fn execute(&mut self, advance: Option<Duration>) {
        let last = self.ledger.head;
        let head = Head {
            height: last.height.saturating_add(1),
            time_ns: self.clock.next(last.time_ns, advance),
        };
        self.mempool.recheck(head.height, &self.ledger.accounts);
        let block = self.mempool.take_block();
        let outcome = self.ledger.apply(head, block.iter().map(|p| (p.hash, &p.tx)));
        let record = BlockRecord {
            height: head.height,
            time_ns: head.time_ns,
            txs: block.into_iter().map(|p| p.bytes).collect(),
            digest: self.ledger.digest.clone(),
        };
        self.unwritten = Some((record.encode_to_vec(), outcome));
    }

    fn write(&mut self) -> Result<(), ChainError> {
        let Some((record, outcome)) = self.unwritten.take() else { return Ok(()) };
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.append(&record)
        {
            self.trouble =
                format!("its journal cannot be written ({error}): make room on the disk");
            tracing::error!(%error, "journal not written, standing still until it can be");
            self.unwritten = Some((record, outcome));
            return self.ready();
        }
        let head = self.ledger.head;
        self.history.add(head.height, outcome, &self.ledger.digest);
        self.heads.send_replace(head);
        Ok(())
    }
}

fn rejected(error: DecodeError) -> BroadcastError {
    let code = match error {
        DecodeError::Protobuf(_) => 2,
        DecodeError::Unsupported(_) => 6,
        DecodeError::Signature { .. } => 4,
    };
    reject(code, error.to_string())
}

/// A refusal with a code of the Cosmos SDK's root space.
fn reject(code: u32, log: String) -> BroadcastError {
    BroadcastError::Rejected { code, codespace: "sdk".to_owned(), log }
}

/// Whether the bytes a caller hands in are those it names.
pub(super) fn check_hash(tx: &SignedTx) -> Result<(), BroadcastError> {
    if TxHash::of(&tx.bytes) == tx.hash {
        return Ok(());
    }
    Err(reject(2, format!("the bytes do not hash to {}: the outbox row is damaged", tx.hash)))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::super::open::open;
    use super::super::options::{Genesis, Options, Pace};
    use super::*;

    #[test]
    fn while_the_disk_is_full_nobody_sees_the_block_and_afterwards_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            folder: Some(folder.path().to_owned()),
            pace: Pace::Manual,
            genesis: Genesis {
                chain_id: "full-1".to_owned(),
                prefix: "wasm".to_owned(),
                time_ns: Some(1),
                accounts: Vec::new(),
            },
            codes: Vec::new(),
            limits: Limits::default(),
        };
        let mut node = open(options.clone()).unwrap();
        let first = node.produce(None).unwrap();
        let path = folder.path().join("chain.journal");
        let writable = node.journal.as_mut().unwrap().swap(File::open(path).unwrap());
        for _ in 0..2 {
            assert!(matches!(node.produce(None), Err(ChainError::Halted(_))));
            assert!(node.ready().is_err());
            assert_eq!(*node.heads.borrow(), first);
        }
        node.journal.as_mut().unwrap().swap(writable);
        let second = node.produce(None).unwrap();
        assert_eq!((second.height, node.ready().is_ok()), (2, true));
        assert_eq!(*node.heads.borrow(), second);
        let root = node.ledger.root();
        drop(node);
        assert_eq!(open(options).unwrap().ledger.root(), root);
    }
}
