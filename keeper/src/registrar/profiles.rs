//! Capability profiles: raw bytes by digest, and which of them the chain knows.

use crate::store::Store;
use caplet_protocol::{
    DeviceId,
    layout::ProfileStatement,
    wire::{CapabilityProfile, Document, Signed},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// A profile as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// What the device signed.
    pub(crate) statement: Signed<ProfileStatement>,
    /// The message it came in: boot and sequence, for an answer that comes later.
    pub(crate) message: (u64, u64),
}

const COLUMNS: &str = "device, sequence, not_after, digest, signature, boot, message";

fn read(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let number = |at| -> rusqlite::Result<u64> { Ok(u64::from_be_bytes(row.get(at)?)) };
    let layout = ProfileStatement {
        device: DeviceId(row.get(0)?),
        sequence: number(1)?,
        not_after: number(2)?,
        digest: row.get(3)?,
    };
    let statement = Signed { layout, signature: row.get(4)? };
    Ok(Kept { statement, message: (number(5)?, number(6)?) })
}

/// Keeps a profile as its device's latest; durable when it returns.
pub(super) fn keep(store: &Store, kept: &Kept, raw: &[u8]) -> anyhow::Result<()> {
    let Signed { layout, signature } = &kept.statement;
    store.write(|tx| {
        tx.execute(
            "INSERT INTO profiles
                 (digest, device, sequence, not_after, raw, signature, boot, message)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (digest) DO NOTHING",
            params![
                layout.digest,
                layout.device.0,
                layout.sequence.to_be_bytes(),
                layout.not_after.to_be_bytes(),
                raw,
                signature,
                kept.message.0.to_be_bytes(),
                kept.message.1.to_be_bytes(),
            ],
        )?;
        tx.execute(
            "UPDATE devices SET profile = ?2 WHERE id = ?1",
            params![layout.device.0, layout.digest],
        )?;
        forget(tx, layout.device)?;
        Ok(())
    })
}

/// A lease may still point to the profile before the last: a few are kept.
fn forget(tx: &Connection, device: DeviceId) -> rusqlite::Result<()> {
    tx.execute(
        "DELETE FROM profiles WHERE device = ?1 AND digest NOT IN
             (SELECT digest FROM profiles WHERE device = ?1 ORDER BY sequence DESC LIMIT 16)",
        [device.0],
    )?;
    Ok(())
}

/// A device's profile with the highest sequence.
pub(crate) fn latest(store: &Store, device: DeviceId) -> anyhow::Result<Option<Kept>> {
    let sql =
        format!("SELECT {COLUMNS} FROM profiles WHERE device = ?1 ORDER BY sequence DESC LIMIT 1");
    store.read(|c| c.prepare_cached(&sql)?.query_row([device.0], read).optional())
}

/// A device's profile of that digest, if the chain knows it.
pub(crate) fn latest_announced(
    store: &Store,
    device: DeviceId,
    digest: &[u8; 32],
) -> anyhow::Result<Option<Kept>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM profiles WHERE device = ?1 AND digest = ?2 AND announced = 1"
    );
    store.read(|c| c.prepare_cached(&sql)?.query_row(params![device.0, digest], read).optional())
}

/// Raw bytes of a profile.
pub(crate) fn raw(store: &Store, digest: &[u8; 32]) -> anyhow::Result<Option<Vec<u8>>> {
    store.read(|c| {
        c.prepare_cached("SELECT raw FROM profiles WHERE digest = ?1")?
            .query_row([digest], |row| row.get(0))
            .optional()
    })
}

/// A device's latest profile, read.
pub(crate) fn document(
    store: &Store,
    digest: &[u8; 32],
) -> anyhow::Result<Option<Document<CapabilityProfile>>> {
    let raw = raw(store, digest)?;
    Ok(raw.map(Document::decode).transpose()?)
}

/// Latest profiles that the chain has not been told of.
pub(super) fn unannounced(store: &Store, most: usize) -> anyhow::Result<Vec<Kept>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM profiles WHERE announced = 0 AND refused IS NULL
         AND digest IN (SELECT profile FROM devices) ORDER BY device LIMIT ?1"
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    store.read(|c| c.prepare_cached(&sql)?.query_map([most], read)?.collect())
}

/// Notes that the chain knows a profile.
pub(super) fn announced(store: &Store, digest: &[u8; 32]) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute("UPDATE profiles SET announced = 1 WHERE digest = ?1", [digest])?;
        Ok(())
    })
}

/// Notes that the chain does not take a profile, with its words.
pub(super) fn refuse(store: &Store, digest: &[u8; 32], why: &str) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute("UPDATE profiles SET refused = ?2 WHERE digest = ?1", params![digest, why])?;
        Ok(())
    })
}
