//! Documents by digest: profiles of this gateway's devices, and those fetched from others.

use crate::registrar::profiles;
use crate::store::Store;
use rusqlite::{OptionalExtension as _, params};

/// Documents of others that are kept.
const MOST: i64 = 4_096;

/// A document of anybody's.
pub(super) fn find(store: &Store, digest: &[u8; 32]) -> anyhow::Result<Option<Vec<u8>>> {
    if let Some(raw) = profiles::raw(store, digest)? {
        return Ok(Some(raw));
    }
    store.read(|c| {
        c.prepare_cached("SELECT raw FROM documents WHERE digest = ?1")?
            .query_row([digest], |row| row.get(0))
            .optional()
    })
}

/// Keeps a document of another gateway, and of all such the latest.
pub(super) fn keep(store: &Store, digest: &[u8; 32], raw: &[u8]) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute(
            "INSERT INTO documents (digest, raw) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![digest, raw],
        )?;
        tx.execute(
            "DELETE FROM documents WHERE rowid NOT IN
                 (SELECT rowid FROM documents ORDER BY rowid DESC LIMIT ?1)",
            [MOST],
        )?;
        Ok(())
    })
}
