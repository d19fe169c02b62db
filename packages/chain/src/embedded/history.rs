//! What became of transactions.

use std::collections::BTreeMap;

use cosmwasm_std::Event;

use super::block::Outcome;
use crate::error::ChainError;
use crate::event::is_contract_event;
use crate::tx::{TxHash, TxResult};

/// Results by hash, and hashes by height. Results stay; their events go after `keep` blocks.
#[derive(Debug)]
pub(super) struct History {
    results: BTreeMap<TxHash, TxResult>,
    /// Blocks with transactions whose events are still kept.
    blocks: BTreeMap<u64, Vec<TxHash>>,
    /// Digests of blocks with transactions.
    digests: BTreeMap<u64, [u8; 32]>,
    keep: u64,
}

impl History {
    pub(super) fn new(keep: u64) -> Self {
        Self { results: BTreeMap::new(), blocks: BTreeMap::new(), digests: BTreeMap::new(), keep }
    }

    pub(super) fn add(&mut self, height: u64, outcome: Outcome, digest: &[u8]) {
        if !outcome.is_empty() {
            self.digests.extend(digest.try_into().ok().map(|digest| (height, digest)));
            self.blocks.insert(height, outcome.iter().map(|(hash, _)| *hash).collect());
            self.results.extend(outcome);
        }
        let oldest = self.oldest(height);
        while let Some(block) = self.blocks.first_entry()
            && *block.key() < oldest
        {
            for hash in block.remove() {
                if let Some(result) = self.results.get_mut(&hash) {
                    result.events = Vec::new();
                }
            }
        }
    }

    pub(super) fn get(&self, hash: &TxHash) -> Option<&TxResult> {
        self.results.get(hash)
    }

    /// Contract events of a block, in order.
    pub(super) fn events(&self, height: u64, head: u64) -> Result<Vec<Event>, ChainError> {
        let oldest = self.oldest(head);
        if height > head {
            return Err(ChainError::NoBlock { height, head });
        }
        if height < oldest {
            return Err(ChainError::Pruned { height, oldest });
        }
        let hashes = self.blocks.get(&height).into_iter().flatten();
        let events = hashes.filter_map(|hash| self.results.get(hash)).flat_map(|r| &r.events);
        Ok(events.filter(|e| is_contract_event(e)).cloned().collect())
    }

    /// Digest of a block with transactions.
    pub(super) fn digest(&self, height: u64, head: u64) -> Result<[u8; 32], ChainError> {
        if height > head {
            return Err(ChainError::NoBlock { height, head });
        }
        let oldest = self.digests.range(height..).next().map_or(head, |(oldest, _)| *oldest);
        self.digests.get(&height).copied().ok_or(ChainError::Pruned { height, oldest })
    }

    fn oldest(&self, head: u64) -> u64 {
        head.saturating_add(1).saturating_sub(self.keep)
    }
}
