//! Sending one verb for many leases: together, and those of a refused message alone, ever later.

use crate::observe;
use crate::outbox::{Lane, Outbox, OutboxError};
use caplet_chain::{ChainError, Msg, TxResult};
use caplet_protocol::LeaseId;
use std::collections::BTreeMap;

/// Leases in one message, at most (the contracts' bound).
const MAX_BATCH: usize = 100;
/// Blocks that a lease waits after it was refused alone; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: u64 = 5;
const LONGEST_WAIT: u64 = 1_000;

/// Remembers which leases spoilt a message.
#[derive(Debug)]
pub(super) struct Batcher {
    verb: &'static str,
    /// Maps a lease that was in a refused message to the height from which it is tried alone, and
    /// the wait after that.
    suspects: BTreeMap<LeaseId, (u64, u64)>,
    /// What was last found to cost more than it brings.
    poor: Option<Poor>,
}

/// A message that was not worth its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Poor {
    /// What it was worth.
    worth: u128,
    /// Height until which nothing is tried that is worth no more.
    until: u64,
    /// The wait after that.
    wait: u64,
}

impl Batcher {
    pub(super) const fn new(verb: &'static str) -> Self {
        Self { verb, suspects: BTreeMap::new(), poor: None }
    }

    /// Groups of due leases to send: those without a past together, suspects alone once it is time.
    fn groups<T>(&mut self, due: Vec<(LeaseId, T)>, height: u64) -> Vec<Vec<(LeaseId, T)>> {
        self.suspects.retain(|lease, _| due.iter().any(|(id, _)| id == lease));
        let (mut groups, mut together) = (Vec::new(), Vec::new());
        for (lease, item) in due {
            match self.suspects.get(&lease) {
                None => together.push((lease, item)),
                Some((from, _)) if *from <= height => groups.push(vec![(lease, item)]),
                Some(_) => {}
            }
            if together.len() >= MAX_BATCH {
                groups.push(std::mem::take(&mut together));
            }
        }
        if !together.is_empty() {
            groups.push(together);
        }
        groups
    }

    fn refused(&mut self, leases: &[LeaseId], height: u64) {
        let alone = leases.len() == 1;
        for lease in leases {
            let (_, wait) = self.suspects.get(lease).copied().unwrap_or((height, FIRST_WAIT));
            let (from, next) = if alone {
                (height.saturating_add(wait), wait.saturating_mul(2).min(LONGEST_WAIT))
            } else {
                (height, wait)
            };
            self.suspects.insert(*lease, (from, next));
        }
    }

    /// Whether as much was found to be too little a moment ago. What is not weighed waits for nothing.
    fn waits(&self, worth: Option<u128>, height: u64) -> bool {
        let Some((worth, poor)) = worth.zip(self.poor) else { return false };
        worth <= poor.worth && height < poor.until
    }

    fn too_little(&mut self, leases: &[LeaseId], worth: u128, height: u64) {
        let (most, wait) = self.poor.map_or((0, FIRST_WAIT), |poor| (poor.worth, poor.wait));
        let (until, next) = (height.saturating_add(wait), wait.saturating_mul(2).min(LONGEST_WAIT));
        self.poor = Some(Poor { worth: worth.max(most), until, wait: next });
        // alone none of them would ever be worth it
        for lease in leases {
            self.suspects.remove(lease);
        }
    }

    /// Sends what is due, whatever it costs; the results of what went through.
    pub(super) async fn send<T>(
        &mut self,
        outbox: &Outbox,
        height: u64,
        due: Vec<(LeaseId, T)>,
        message: impl Fn(Vec<T>) -> Result<Msg, ChainError>,
    ) -> anyhow::Result<Vec<TxResult>> {
        self.send_worth(outbox, height, due, |_| None, message).await
    }

    /// As [`Batcher::send`], but a message waits for more to be due, or for cheaper gas, while it costs more than it is
    /// `worth`, in the smallest unit of the gas denomination.
    pub(super) async fn send_worth<T>(
        &mut self,
        outbox: &Outbox,
        height: u64,
        due: Vec<(LeaseId, T)>,
        worth: impl Fn(&[T]) -> Option<u128>,
        message: impl Fn(Vec<T>) -> Result<Msg, ChainError>,
    ) -> anyhow::Result<Vec<TxResult>> {
        let mut done = Vec::new();
        for group in self.groups(due, height) {
            let (leases, items): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            let worth = worth(&items);
            if self.waits(worth, height) {
                continue;
            }
            match outbox.submit_worth(Lane::Settle, vec![message(items)?], worth).await {
                Ok(result) => {
                    self.poor = self.poor.filter(|_| worth.is_none());
                    observe::leases_done(self.verb, leases.len());
                    for lease in &leases {
                        self.suspects.remove(lease);
                    }
                    done.push(result);
                }
                Err(error @ OutboxError::Failed { .. }) => {
                    observe::leases_refused(self.verb, leases.len(), &error);
                    self.refused(&leases, height);
                }
                Err(OutboxError::Uneconomic { worth, .. }) => {
                    self.too_little(&leases, worth, height);
                }
                // Said by the outbox already; what is due then is computed anew.
                Err(_) => return Ok(done),
            }
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(ids: impl IntoIterator<Item = u64>) -> Vec<(LeaseId, ())> {
        ids.into_iter().map(|id| (LeaseId(id), ())).collect()
    }

    fn ids(groups: &[Vec<(LeaseId, ())>]) -> Vec<Vec<u64>> {
        groups.iter().map(|group| group.iter().map(|(id, ())| id.0).collect()).collect()
    }

    #[test]
    fn leases_go_together_a_hundred_at_a_time() {
        let groups = Batcher::new("poke").groups(due(0..250), 1);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
    }

    #[test]
    fn after_a_refusal_each_is_tried_alone_and_the_culprit_ever_later() {
        let mut batcher = Batcher::new("poke");
        batcher.refused(&[LeaseId(1), LeaseId(2)], 10);
        assert_eq!(ids(&batcher.groups(due([1, 2, 3]), 10)), [vec![1], vec![2], vec![3]]);
        batcher.refused(&[LeaseId(1)], 10);
        assert_eq!(ids(&batcher.groups(due([1, 3]), 14)), [vec![3]]);
        assert_eq!(ids(&batcher.groups(due([1, 3]), 15)), [vec![1], vec![3]]);
        batcher.refused(&[LeaseId(1)], 15);
        assert!(batcher.groups(due([1]), 24).is_empty());
        assert_eq!(ids(&batcher.groups(due([1]), 25)), [vec![1]]);
        // What is no longer due is forgotten.
        assert!(batcher.groups(due([]), 26).is_empty());
        assert_eq!(ids(&batcher.groups(due([1, 2]), 26)), [vec![1, 2]]);
    }

    #[test]
    fn what_costs_more_than_it_brings_waits_for_more_or_for_cheaper_gas_and_duties_do_not() {
        let mut batcher = Batcher::new("sweep");
        assert!(!batcher.waits(Some(0), 10));
        batcher.refused(&[LeaseId(1), LeaseId(2)], 10);
        batcher.too_little(&[LeaseId(1)], 30, 10);
        // it goes with the others again: alone it would never be worth it
        assert_eq!(ids(&batcher.groups(due([1, 2, 3]), 10)), [vec![2], vec![1, 3]]);
        assert!(batcher.waits(Some(30), 14));
        assert!(!batcher.waits(Some(31), 14));
        assert!(!batcher.waits(None, 14));
        assert!(!batcher.waits(Some(30), 15));
        batcher.too_little(&[LeaseId(1)], 20, 15);
        assert!(batcher.waits(Some(30), 24), "the most that was too little, and twice as long");
        assert!(!batcher.waits(Some(30), 25));
    }
}
