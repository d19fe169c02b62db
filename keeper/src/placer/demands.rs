//! Demand profiles that wait for an order, or have one.

use crate::store::Store;
use caplet_protocol::{
    DeviceId,
    wire::{Ack, DemandProfile, Document, Schema as _},
};
use prost::Message as _;
use rusqlite::{OptionalExtension as _, Row, params};

/// A demand as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) device: DeviceId,
    pub(super) profile: Document<DemandProfile>,
    /// What acknowledged it, for an answer that comes later.
    pub(super) answer: Ack,
    /// Whether an order for it is on its way or placed.
    pub(super) ordered: bool,
}

type Raw = (u32, Vec<u8>, Vec<u8>, bool);

const SELECT: &str = "SELECT device, raw, answer, ordered FROM demands";

fn read(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn whole((device, raw, answer, ordered): Raw) -> anyhow::Result<Kept> {
    Ok(Kept {
        device: DeviceId(device),
        profile: Document::decode(raw)?,
        answer: answer_of(&answer)?,
        ordered,
    })
}

/// What acknowledged a message.
pub(super) fn answer_of(bytes: &[u8]) -> anyhow::Result<Ack> {
    Ack::decode(bytes).map_err(|error| anyhow::anyhow!("the store holds no {}: {error}", Ack::NAME))
}

/// Keeps a demand; a later one of the same id takes its place.
pub(super) fn keep(store: &Store, kept: &Kept) -> anyhow::Result<()> {
    let id = kept.profile.view().id.to_be_bytes();
    store.write(|tx| {
        tx.execute(
            "INSERT INTO demands (device, id, raw, digest, answer) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (device, id) DO UPDATE SET raw = ?3, digest = ?4, answer = ?5, ordered = 0",
            params![
                kept.device.0,
                id,
                kept.profile.raw(),
                kept.profile.digest(),
                kept.answer.encode_to_vec()
            ],
        )?;
        Ok(())
    })
}

/// A device's demand.
pub(super) fn get(store: &Store, device: DeviceId, id: u64) -> anyhow::Result<Option<Kept>> {
    let sql = format!("{SELECT} WHERE device = ?1 AND id = ?2");
    let row = store.read(|c| {
        c.prepare_cached(&sql)?.query_row(params![device.0, id.to_be_bytes()], read).optional()
    })?;
    row.map(whole).transpose()
}

/// The profile sequence of a device's latest demand.
pub(super) fn last_sequence(store: &Store, device: DeviceId) -> anyhow::Result<Option<u64>> {
    Ok(of(store, device)?.iter().map(|kept| kept.profile.view().sequence).max())
}

/// How many demands a device has.
pub(super) fn count(store: &Store, device: DeviceId) -> anyhow::Result<u32> {
    store.read(|c| {
        c.prepare_cached("SELECT count(*) FROM demands WHERE device = ?1")?
            .query_row([device.0], |row| row.get(0))
    })
}

fn of(store: &Store, device: DeviceId) -> anyhow::Result<Vec<Kept>> {
    let sql = format!("{SELECT} WHERE device = ?1");
    let rows: Vec<Raw> =
        store.read(|c| c.prepare_cached(&sql)?.query_map([device.0], read)?.collect())?;
    rows.into_iter().map(whole).collect()
}

/// Every demand.
pub(super) fn all(store: &Store) -> anyhow::Result<Vec<Kept>> {
    let sql = format!("{SELECT} ORDER BY device, id");
    let rows: Vec<Raw> = store.read(|c| c.prepare_cached(&sql)?.query_map([], read)?.collect())?;
    rows.into_iter().map(whole).collect()
}

/// Notes whether an order for a demand is under way.
pub(super) fn set_ordered(
    store: &Store,
    device: DeviceId,
    id: u64,
    ordered: bool,
) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute(
            "UPDATE demands SET ordered = ?3 WHERE device = ?1 AND id = ?2",
            params![device.0, id.to_be_bytes(), ordered],
        )?;
        Ok(())
    })
}

/// Forgets a demand.
pub(super) fn forget(store: &Store, device: DeviceId, id: u64) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute(
            "DELETE FROM demands WHERE device = ?1 AND id = ?2",
            params![device.0, id.to_be_bytes()],
        )?;
        Ok(())
    })
}
