//! Answers of operations that were served: a repeated id is the same operation, answered again, never
//! served or charged a second time.

use bytes::Bytes;
use caplet_protocol::{LeaseId, wire::OpDone};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Bytes of answers kept for a lease.
const BYTES: usize = 4 << 20;

/// Answers kept for a lease.
const ANSWERS: usize = 64;

/// Leases with answers.
const LEASES: usize = 256;

/// A served operation.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) body: Bytes,
    pub(super) done: OpDone,
}

/// The memory of answers.
#[derive(Default)]
pub(super) struct Replay {
    kept: Mutex<BTreeMap<LeaseId, VecDeque<Answer>>>,
}

impl Replay {
    pub(super) fn get(&self, lease: LeaseId, op: u64) -> Option<Answer> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&lease)?.iter().find(|answer| answer.done.op == op).cloned()
    }

    pub(super) fn put(&self, lease: LeaseId, answer: Answer) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= LEASES && !kept.contains_key(&lease) {
            // the lowest number is the oldest lease
            kept.pop_first();
        }
        let of_lease = kept.entry(lease).or_default();
        of_lease.push_back(answer);
        while of_lease.len() > ANSWERS
            || of_lease.len() > 1 && of_lease.iter().map(|a| a.body.len()).sum::<usize>() > BYTES
        {
            of_lease.pop_front();
        }
    }
}
