//! Devices that asked to be registered.

use crate::store::Store;
use caplet_protocol::wire::{Schema as _, SignedPossession};
use prost::Message as _;
use rusqlite::params;

/// A possession that was checked and waits for the chain.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) key: [u8; 32],
    pub(super) possession: SignedPossession,
}

/// Keeps a possession; a later one of the same key takes its place, refused or not.
pub(super) fn keep(store: &Store, key: &[u8; 32], raw: &[u8]) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute(
            "INSERT INTO enrolments (key, possession) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET possession = ?2, refused = NULL",
            params![key, raw],
        )?;
        Ok(())
    })
}

/// Some that are neither registered nor refused.
pub(super) fn pending(store: &Store, most: usize) -> anyhow::Result<Vec<Pending>> {
    let rows = store.read(|c| {
        c.prepare_cached(
            "SELECT key, possession FROM enrolments WHERE refused IS NULL ORDER BY rowid LIMIT ?1",
        )?
        .query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<([u8; 32], Vec<u8>)>, _>>()
    })?;
    rows.into_iter()
        .map(|(key, raw)| {
            let possession = SignedPossession::decode(raw.as_slice()).map_err(|error| {
                anyhow::anyhow!("the store holds no {}: {error}", SignedPossession::NAME)
            })?;
            Ok(Pending { key, possession })
        })
        .collect()
}

/// Notes that the chain does not take it, with its words.
pub(super) fn refuse(store: &Store, key: &[u8; 32], why: &str) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute("UPDATE enrolments SET refused = ?2 WHERE key = ?1", params![key, why])?;
        Ok(())
    })
}
