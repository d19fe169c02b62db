//! One side of one lane in a store.

use super::{committer::Committer, record, table};
use crate::{Journal, JournalError, PayeeState, PayerState, Ticket};
use caplet_protocol::{Lane, LeaseId};
use rusqlite::Connection;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

/// Which side a state is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Side {
    /// The consumer's.
    Payer = 1,
    /// The provider's.
    Payee = 2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) side: Side,
    pub(super) lease: LeaseId,
    pub(super) lane: Lane,
}

/// A state that a store can keep.
pub trait Durable: Sized {
    /// Whose state it is.
    const SIDE: Side;
    /// Its bytes.
    fn encode(&self) -> Vec<u8>;
    /// The inverse; `None` for bytes that are no such state.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

impl Durable for PayerState {
    const SIDE: Side = Side::Payer;

    fn encode(&self) -> Vec<u8> {
        record::payer(self)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        record::to_payer(bytes)
    }
}

impl Durable for PayeeState {
    const SIDE: Side = Side::Payee;

    fn encode(&self) -> Vec<u8> {
        record::payee(self)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        record::to_payee(bytes)
    }
}

/// The journal of one side of one lane. One at a time: two would overwrite each other.
#[derive(Debug)]
pub struct LaneJournal<S> {
    committer: Arc<Committer>,
    reader: Arc<Mutex<Connection>>,
    key: Key,
    state: PhantomData<fn() -> S>,
}

impl<S: Durable> LaneJournal<S> {
    pub(super) const fn new(
        committer: Arc<Committer>,
        reader: Arc<Mutex<Connection>>,
        lease: LeaseId,
        lane: Lane,
    ) -> Self {
        Self { committer, reader, key: Key { side: S::SIDE, lease, lane }, state: PhantomData }
    }
}

impl<S: Durable> Journal<S> for LaneJournal<S> {
    fn load(&mut self) -> Result<Option<S>, JournalError> {
        // what an earlier journal of this lane handed over may still be on its way
        self.committer.sync()?;
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        table::get(&reader, &self.key)
    }

    fn write(&mut self, state: &S) -> Result<Ticket, JournalError> {
        self.committer.write(self.key, state.encode())
    }

    fn synced(&self) -> Ticket {
        self.committer.synced()
    }

    fn health(&self) -> Result<(), JournalError> {
        self.committer.health()
    }

    fn hurry(&mut self) -> Result<(), JournalError> {
        self.committer.hurry()
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.committer.sync()
    }
}
