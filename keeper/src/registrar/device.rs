//! Devices that are enrolled at this gateway.

use crate::store::Store;
use caplet_protocol::{CellId, DeviceId, layout::PublicKey};
use rusqlite::{OptionalExtension as _, Row, params};

/// A device that this gateway serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalDevice {
    /// Its number in the registry.
    pub id: DeviceId,
    /// Its signing key, as the registry has it.
    pub key: PublicKey,
    /// Key epoch; registration is epoch 0.
    pub epoch: u32,
    /// Address of its owner.
    pub owner: String,
    /// Its network region; 0 until the registry's page was read.
    pub cell: CellId,
    /// SHA-256 of its latest profile, whether announced yet or not.
    pub profile: Option<[u8; 32]>,
}

const COLUMNS: &str = "id, key, epoch, owner, cell, profile";

fn read(row: &Row<'_>) -> rusqlite::Result<LocalDevice> {
    let bad = |at, what: &str| {
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Blob, what.into())
    };
    let key: Vec<u8> = row.get(1)?;
    let profile: Option<Vec<u8>> = row.get(5)?;
    Ok(LocalDevice {
        id: DeviceId(row.get(0)?),
        key: PublicKey::decode(&key).ok_or_else(|| bad(1, "no public key"))?,
        epoch: row.get(2)?,
        owner: row.get(3)?,
        cell: CellId(row.get(4)?),
        profile: profile
            .map(|bytes| bytes.as_slice().try_into().map_err(|_| bad(5, "no digest")))
            .transpose()?,
    })
}

/// All devices enrolled at this gateway, by number.
///
/// # Errors
/// If the store cannot be read.
pub fn devices(store: &Store) -> anyhow::Result<Vec<LocalDevice>> {
    store.read(|c| {
        c.prepare_cached(&format!("SELECT {COLUMNS} FROM devices ORDER BY id"))?
            .query_map([], read)?
            .collect()
    })
}

/// One of them; `None` if it is not enrolled here.
///
/// # Errors
/// If the store cannot be read.
pub fn device(store: &Store, id: DeviceId) -> anyhow::Result<Option<LocalDevice>> {
    store.read(|c| {
        c.prepare_cached(&format!("SELECT {COLUMNS} FROM devices WHERE id = ?1"))?
            .query_row([id.0], read)
            .optional()
    })
}

/// The device of an ed25519 key, if it is enrolled here.
pub(super) fn by_key(store: &Store, key: &[u8; 32]) -> anyhow::Result<Option<LocalDevice>> {
    let key = PublicKey::ed25519(*key).encode();
    store.read(|c| {
        c.prepare_cached(&format!("SELECT {COLUMNS} FROM devices WHERE key = ?1"))?
            .query_row([key], read)
            .optional()
    })
}

/// Takes a device up, or its new keys; its enrolment is over.
pub(super) fn enrol(store: &Store, device: &LocalDevice) -> anyhow::Result<()> {
    let key = device.key.encode();
    store.write(|tx| {
        tx.execute(
            "INSERT INTO devices (id, key, epoch, owner, cell, profile)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE SET key = ?2, epoch = ?3, owner = ?4, cell = ?5",
            params![device.id.0, key, device.epoch, device.owner, device.cell.0, device.profile],
        )?;
        tx.execute("DELETE FROM enrolments WHERE key = ?1", [device.key.key()])?;
        Ok(())
    })
}

/// Forgets a device that another gateway serves now. Its profiles stay: leases point to them.
pub(super) fn leave(store: &Store, id: DeviceId) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute("DELETE FROM devices WHERE id = ?1", [id.0])?;
        Ok(())
    })
}
