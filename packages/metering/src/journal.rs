//! Where a side's state becomes durable.

use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// A write's place in a journal's order; what was written before it is durable when it is.
pub type Ticket = u64;

/// A write that did not become durable. What was durable before still is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JournalError {
    /// No room.
    #[error("the disk is full: make room; service resumes by itself")]
    Full,
    /// Anything else.
    #[error("the store fails: {0}")]
    Broken(String),
}

/// Keeps the latest state of one side of one lane.
///
/// A state is handed over whole and replaces the one before, so a journal may leave out states that
/// were replaced before they were synced; it may never make a later state durable before an earlier
/// one was replaced by it.
pub trait Journal<S> {
    /// The latest durable state.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn load(&mut self) -> Result<Option<S>, JournalError>;

    /// Hands a state over. It is durable once [`Journal::synced`] reaches the ticket.
    ///
    /// # Errors
    /// If the store is known to be unable to take it; then it is not written.
    fn write(&mut self, state: &S) -> Result<Ticket, JournalError>;

    /// The last ticket that is durable.
    fn synced(&self) -> Ticket;

    /// Whether the last writes became durable, or still may.
    ///
    /// # Errors
    /// Why they could not. It passes when the store works again.
    fn health(&self) -> Result<(), JournalError> {
        Ok(())
    }

    /// Asks for what was written to be made durable soon, without waiting.
    ///
    /// # Errors
    /// If an earlier write failed to become durable.
    fn hurry(&mut self) -> Result<(), JournalError>;

    /// Makes everything that was written durable before it returns.
    ///
    /// # Errors
    /// If it cannot; what was written may then be durable or not.
    fn sync(&mut self) -> Result<(), JournalError>;
}

/// A journal in memory that is always in sync; for tests and throw-away runs. Clones share the state.
#[derive(Clone, Debug, Default)]
pub struct Memory<S> {
    state: Arc<Mutex<(Option<S>, Ticket)>>,
}

impl<S: Clone> Journal<S> for Memory<S> {
    fn load(&mut self) -> Result<Option<S>, JournalError> {
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner).0.clone())
    }

    fn write(&mut self, state: &S) -> Result<Ticket, JournalError> {
        let mut kept = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = (Some(state.clone()), kept.1.saturating_add(1));
        Ok(kept.1)
    }

    fn synced(&self) -> Ticket {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn hurry(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        Ok(())
    }
}
