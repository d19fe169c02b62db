//! The one table.

use super::{Durable, Options, lane::Key};
use crate::JournalError;
use caplet_protocol::{Lane, LeaseId};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use std::path::Path;
use std::time::Duration;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS metered (
    side INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (side, lease, lane)
) STRICT, WITHOUT ROWID";

const UPSERT: &str = "INSERT INTO metered (side, lease, lane, state) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (side, lease, lane) DO UPDATE SET state = ?4";

pub(super) fn open(path: &Path, options: &Options) -> Result<Connection, JournalError> {
    let make = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        if let Some(pages) = options.most_pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        connection.execute_batch(CREATE)?;
        Ok(connection)
    };
    make().map_err(|error| failure(&error))
}

/// All or nothing, on disk when it returns.
pub(super) fn commit<'a>(
    connection: &mut Connection,
    states: impl Iterator<Item = (&'a Key, &'a [u8])>,
) -> Result<(), JournalError> {
    let write = || {
        let tx = connection.transaction()?;
        {
            let mut upsert = tx.prepare_cached(UPSERT)?;
            for (key, state) in states {
                upsert.execute(params![key.side as u8, signed(key.lease), key.lane.0, state])?;
            }
        }
        tx.commit()
    };
    write().map_err(|error| failure(&error))
}

pub(super) fn get<S: Durable>(
    connection: &Connection,
    key: &Key,
) -> Result<Option<S>, JournalError> {
    let read = || {
        connection
            .prepare_cached(
                "SELECT state FROM metered WHERE side = ?1 AND lease = ?2 AND lane = ?3",
            )?
            .query_row(params![key.side as u8, signed(key.lease), key.lane.0], |row| {
                row.get::<_, Vec<u8>>(0)
            })
            .optional()
    };
    let found = read().map_err(|error| failure(&error))?;
    found.map(|bytes| decode(&bytes, key.lease, key.lane)).transpose()
}

pub(super) fn all<S: Durable>(
    connection: &Connection,
) -> Result<Vec<(LeaseId, Lane, S)>, JournalError> {
    let read = || {
        connection
            .prepare_cached("SELECT lease, lane, state FROM metered WHERE side = ?1")?
            .query_map([S::SIDE as u8], |row| {
                Ok((LeaseId(row.get::<_, i64>(0)?.cast_unsigned()), Lane(row.get(1)?), row.get(2)?))
            })?
            .collect::<rusqlite::Result<Vec<(LeaseId, Lane, Vec<u8>)>>>()
    };
    let rows = read().map_err(|error| failure(&error))?;
    let state = |(lease, lane, bytes): (LeaseId, Lane, Vec<u8>)| {
        Ok((lease, lane, decode(&bytes, lease, lane)?))
    };
    rows.into_iter().map(state).collect()
}

fn decode<S: Durable>(bytes: &[u8], lease: LeaseId, lane: Lane) -> Result<S, JournalError> {
    S::decode(bytes).ok_or_else(|| {
        JournalError::Broken(format!(
            "the state of lane {lane} of lease {lease} is not one this version knows: restore the store from a backup, the other side helps it to resume"
        ))
    })
}

/// SQLite has signed integers; the bits stay.
const fn signed(lease: LeaseId) -> i64 {
    lease.0.cast_signed()
}

pub(super) fn failure(error: &rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::Full,
        _ => JournalError::Broken(error.to_string()),
    }
}
