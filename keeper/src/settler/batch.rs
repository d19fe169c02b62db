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
}

impl Batcher {
    pub(super) const fn new(verb: &'static str) -> Self {
        Self { verb, suspects: BTreeMap::new() }
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

    /// Sends what is due; the results of what went through.
    pub(super) async fn send<T>(
        &mut self,
        outbox: &Outbox,
        height: u64,
        due: Vec<(LeaseId, T)>,
        message: impl Fn(Vec<T>) -> Result<Msg, ChainError>,
    ) -> anyhow::Result<Vec<TxResult>> {
        let mut done = Vec::new();
        for group in self.groups(due, height) {
            let (leases, items): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            match outbox.submit(Lane::Settle, vec![message(items)?]).await {
                Ok(result) => {
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
}
