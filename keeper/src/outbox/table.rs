//! The outbox on disk. A row goes queued -> signed -> broadcast -> included or failed; only the
//! signed bytes of a row are ever sent, and a row goes back to queued only when its bytes can no
//! longer be included.

use super::{Lane, OutboxError};
use crate::store::{Store, Tables};
use caplet_chain::{Msg, SignedTx, TxResult};
use rusqlite::{OptionalExtension as _, Row, params};

/// Tables of this room.
pub const TABLES: Tables = Tables {
    room: "outbox",
    versions: &["CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        lane INTEGER NOT NULL,
        state INTEGER NOT NULL,
        msgs BLOB NOT NULL,
        worth BLOB,
        queued_ms INTEGER NOT NULL,
        tx BLOB,
        height INTEGER,
        log TEXT
    ) STRICT;
    CREATE INDEX outbox_open ON outbox (lane, id) WHERE state < 3;"],
};

/// Where a row stands: to be signed; its bytes are on disk and may or may not have left; the mempool
/// took them once; in a block with success; over without effect.
const QUEUED: u8 = 0;
const SIGNED: u8 = 1;
const BROADCAST: u8 = 2;
const INCLUDED: u8 = 3;
const FAILED: u8 = 4;

/// Number of a row; the order of submission.
pub(super) type RowId = i64;

/// A row that is not over.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Open {
    pub(super) id: RowId,
    pub(super) lane: Lane,
    pub(super) msgs: Vec<Msg>,
    /// Most that may be paid in fees; `None` for whatever it takes.
    pub(super) worth: Option<u128>,
    /// The machine's clock when it was submitted, Unix milliseconds.
    pub(super) queued_ms: i64,
    /// Its bytes, once signed.
    pub(super) tx: Option<SignedTx>,
}

/// Rows by state, for status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Backlog {
    /// To be signed.
    pub queued: u64,
    /// Signed or broadcast, in no block yet.
    pub in_flight: u64,
}

/// Rows that are over are kept for whoever looks, at most this many.
const KEEP: i64 = 1_000;

/// Adds a submission.
pub(super) fn insert(
    store: &Store,
    lane: Lane,
    msgs: &[Msg],
    worth: Option<u128>,
    now_ms: i64,
) -> anyhow::Result<RowId> {
    let msgs = serde_json::to_vec(msgs)?;
    let worth = worth.map(u128::to_be_bytes);
    store.write(|tx| {
        tx.execute(
            "INSERT INTO outbox (lane, state, msgs, worth, queued_ms) VALUES (?1, ?5, ?2, ?3, ?4)",
            params![lane as u8, msgs, worth, now_ms, QUEUED],
        )?;
        Ok(tx.last_insert_rowid())
    })
}

/// The next row to sign: the first lane that has one, the oldest in it.
pub(super) fn next_queued(store: &Store) -> anyhow::Result<Option<Open>> {
    let sql = format!("{SELECT} WHERE state = 0 ORDER BY lane, id LIMIT 1");
    store.read(|c| c.query_row(&sql, [], read).optional())?.transpose()
}

/// Rows whose bytes may be on their way, by sequence.
pub(super) fn in_flight(store: &Store) -> anyhow::Result<Vec<Open>> {
    let sql = format!("{SELECT} WHERE state IN (1, 2) ORDER BY id");
    let rows =
        store.read(|c| c.prepare(&sql)?.query_map([], read)?.collect::<Result<Vec<_>, _>>())?;
    let mut rows = rows.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    rows.sort_by_key(|row| row.tx.as_ref().map(|tx| tx.sequence));
    Ok(rows)
}

/// Writes the signed bytes of a row: the write-ahead, before they leave.
pub(super) fn signed(store: &Store, id: RowId, signed: &SignedTx) -> anyhow::Result<()> {
    let bytes = serde_json::to_vec(signed)?;
    change(store, "UPDATE outbox SET state = ?3, tx = ?2 WHERE id = ?1", params![id, bytes, SIGNED])
}

/// Notes that the mempool took a row's bytes.
pub(super) fn broadcast(store: &Store, id: RowId) -> anyhow::Result<()> {
    let sql = "UPDATE outbox SET state = ?2 WHERE id = ?1 AND state = ?3";
    change(store, sql, params![id, BROADCAST, SIGNED])
}

/// Notes that a row's bytes can no longer be included.
pub(super) fn requeue(store: &Store, id: RowId) -> anyhow::Result<()> {
    change(store, "UPDATE outbox SET state = ?2, tx = NULL WHERE id = ?1", params![id, QUEUED])
}

/// Ends a row that is in a block.
pub(super) fn decided(store: &Store, id: RowId, result: &TxResult) -> anyhow::Result<()> {
    let state = if result.code == 0 { INCLUDED } else { FAILED };
    let height = i64::try_from(result.height)?;
    end(store, id, state, Some(height), &result.log)
}

/// Ends a row that never got into a block.
pub(super) fn failed(store: &Store, id: RowId, error: &OutboxError) -> anyhow::Result<()> {
    end(store, id, FAILED, None, &error.to_string())
}

fn end(store: &Store, id: RowId, state: u8, height: Option<i64>, log: &str) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute(
            "UPDATE outbox SET state = ?2, height = ?3, log = ?4 WHERE id = ?1",
            params![id, state, height, log],
        )?;
        tx.execute("DELETE FROM outbox WHERE state >= 3 AND id <= ?1 - ?2", params![id, KEEP])?;
        Ok(())
    })
}

/// How much waits.
pub(super) fn backlog(store: &Store) -> anyhow::Result<Backlog> {
    let sql = "SELECT count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state IN (1, 2)) FROM outbox";
    let (queued, in_flight): (i64, i64) =
        store.read(|c| c.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))))?;
    Ok(Backlog { queued: u64::try_from(queued)?, in_flight: u64::try_from(in_flight)? })
}

/// Number of the last row that was ever added; 0 for none.
pub(super) fn last(store: &Store) -> anyhow::Result<RowId> {
    store.read(|c| c.query_row("SELECT coalesce(max(id), 0) FROM outbox", [], |row| row.get(0)))
}

/// Whether a row up to `id` is not over.
pub(super) fn open_up_to(store: &Store, id: RowId) -> anyhow::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE state < 3 AND id <= ?1)";
    store.read(|c| c.query_row(sql, [id], |row| row.get(0)))
}

const SELECT: &str = "SELECT id, lane, msgs, worth, queued_ms, tx FROM outbox";

fn change(store: &Store, sql: &str, params: impl rusqlite::Params) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute(sql, params)?;
        Ok(())
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<anyhow::Result<Open>> {
    let (id, lane, queued_ms): (RowId, u8, i64) = (row.get(0)?, row.get(1)?, row.get(4)?);
    let (msgs, worth, tx): (Vec<u8>, Option<[u8; 16]>, Option<Vec<u8>>) =
        (row.get(2)?, row.get(3)?, row.get(5)?);
    Ok((|| {
        let lane = Lane::from_u8(lane).ok_or_else(|| {
            anyhow::anyhow!("outbox row {id} is of lane {lane}: a newer keeper wrote it")
        })?;
        let tx = tx.map(|bytes| serde_json::from_slice(&bytes)).transpose()?;
        let worth = worth.map(u128::from_be_bytes);
        Ok(Open { id, lane, msgs: serde_json::from_slice(&msgs)?, worth, queued_ms, tx })
    })())
}
