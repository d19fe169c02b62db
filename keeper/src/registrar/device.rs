//! Devices that are enrolled at this gateway.

use crate::store::Store;
use caplet_protocol::{DeviceId, layout::PublicKey};
use rusqlite::{OptionalExtension as _, Row};

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
    /// SHA-256 of its latest profile, whether announced yet or not.
    pub profile: Option<[u8; 32]>,
}

const COLUMNS: &str = "id, key, epoch, owner, profile";

fn read(row: &Row<'_>) -> rusqlite::Result<LocalDevice> {
    let bad = |at, what: &str| {
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Blob, what.into())
    };
    let key: Vec<u8> = row.get(1)?;
    let profile: Option<Vec<u8>> = row.get(4)?;
    Ok(LocalDevice {
        id: DeviceId(row.get(0)?),
        key: PublicKey::decode(&key).ok_or_else(|| bad(1, "no public key"))?,
        epoch: row.get(2)?,
        owner: row.get(3)?,
        profile: profile
            .map(|bytes| bytes.as_slice().try_into().map_err(|_| bad(4, "no digest")))
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
