//! Looking into a store that its keeper may have open.

use super::{Durable, look, table};
use crate::JournalError;
use caplet_protocol::{Lane, LeaseId};
use rusqlite::Connection;
use std::path::Path;

/// The durable states of a store, read and never written: a keeper that has it open is not disturbed.
#[derive(Debug)]
pub struct Reader(Connection);

impl Reader {
    /// Opens the store at `path`, which must be there.
    ///
    /// # Errors
    /// If the file is not there or cannot be opened.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        look(path).map(Self).map_err(|error| table::failure(&error))
    }

    /// Every durable state of one side, by lease and lane.
    ///
    /// # Errors
    /// If the file cannot be read, or is none of ours.
    pub fn all<S: Durable>(&self) -> Result<Vec<(LeaseId, Lane, S)>, JournalError> {
        table::all(&self.0)
    }
}
