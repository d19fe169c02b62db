//! Closings that a device signed and its gateway is to bring to the chain.

use crate::store::{Store, Tables};
use caplet_api::escrow::CloseReason;
use caplet_protocol::LeaseId;
use rusqlite::{Row, params};

/// Tables of this room.
pub const TABLES: Tables = Tables {
    room: "closings",
    versions: &["CREATE TABLE closings (
        lease INTEGER NOT NULL,
        side INTEGER NOT NULL,
        reason INTEGER NOT NULL,
        signature BLOB,
        PRIMARY KEY (lease, side)
    ) STRICT, WITHOUT ROWID"],
};

/// Whose statement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum By {
    /// The payer's device: becomes a Close.
    Consumer = 1,
    /// The payee's device: becomes a Finish, or a Close for the reasons that have a notice.
    Provider = 2,
}

/// A closing that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The lease.
    pub lease: LeaseId,
    /// Whose statement.
    pub by: By,
    /// The reason that was signed.
    pub reason: CloseReason,
    /// The device's signature over `layout::Closing`.
    pub signature: [u8; 64],
}

/// Notes a closing; the first of a side stands, since its signature is as good as any later one.
/// Durable when it returns.
///
/// The caller has verified the signature.
///
/// # Errors
/// If the store fails.
pub fn request(
    store: &Store,
    lease: LeaseId,
    reason: CloseReason,
    signature: &[u8; 64],
    by: By,
) -> anyhow::Result<()> {
    let lease = i64::try_from(lease.0)?;
    store.write(|tx| {
        tx.execute(
            "INSERT INTO closings (lease, side, reason, signature) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
            params![lease, by as u8, reason as u8, signature],
        )?;
        Ok(())
    })
}

/// Every closing that is still to be brought to the chain.
///
/// # Errors
/// If the store fails.
pub fn pending(store: &Store) -> anyhow::Result<Vec<Closing>> {
    let sql = "SELECT lease, side, reason, signature FROM closings ORDER BY lease, side";
    let rows =
        store.read(|c| c.prepare(sql)?.query_map([], read)?.collect::<Result<Vec<_>, _>>())?;
    rows.into_iter().collect()
}

/// Forgets the closings of a lease that has ended.
///
/// # Errors
/// If the store fails.
pub fn forget(store: &Store, lease: LeaseId) -> anyhow::Result<()> {
    let lease = i64::try_from(lease.0)?;
    store.write(|tx| {
        tx.execute("DELETE FROM closings WHERE lease = ?1", [lease])?;
        Ok(())
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<anyhow::Result<Closing>> {
    let (lease, side, reason, signature): (i64, u8, u8, [u8; 64]) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    Ok((|| {
        let by = [By::Consumer, By::Provider].into_iter().find(|by| *by as u8 == side);
        let (Some(by), Some(reason)) = (by, CloseReason::from_u8(reason)) else {
            anyhow::bail!("the store holds a closing of side {side} and reason {reason}");
        };
        Ok(Closing { lease: LeaseId(u64::try_from(lease)?), by, reason, signature })
    })())
}
