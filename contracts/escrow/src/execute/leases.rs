//! What the messages about lists of leases share.

use crate::{ContractError, error::LeaseError};
use caplet_api::escrow::LeaseState;
use caplet_protocol::LeaseId;

/// Most leases in one message.
const MAX_LEASES: usize = 100;

/// Passes a list that is neither empty nor too long.
pub(super) fn bounded<T>(items: &[T]) -> Result<&[T], ContractError> {
    match items.len() {
        0 => Err(LeaseError::Empty.into()),
        count if count > MAX_LEASES => Err(LeaseError::TooMany { count, most: MAX_LEASES }.into()),
        _ => Ok(items),
    }
}

/// Leases that a message found further on than where it would take them. Somebody else was faster,
/// so they are passed over: a lost race must not undo the rest of a list.
pub(super) struct Skipped {
    verb: &'static str,
    first: Option<(LeaseId, LeaseState)>,
}

impl Skipped {
    pub(super) const fn new(verb: &'static str) -> Self {
        Self { verb, first: None }
    }

    /// Notes that the lease is passed over.
    pub(super) fn note(&mut self, lease: LeaseId, state: LeaseState) {
        self.first.get_or_insert((lease, state));
    }

    /// Passes unless the message did nothing at all.
    pub(super) fn check(self, done: usize) -> Result<(), ContractError> {
        match self.first {
            Some((lease, state)) if done == 0 => {
                Err(LeaseError::Already { lease, state, verb: self.verb }.into())
            }
            _ => Ok(()),
        }
    }
}
