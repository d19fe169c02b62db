//! What each side of a lease was told last, so that every change is told once, also after a restart.

use crate::leases::Lease;
use crate::store::Store;
use caplet_protocol::{LeaseId, wire::Role};
use rusqlite::{OptionalExtension as _, params};

/// What a device can see change of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    state: u8,
    reason: u8,
    reserve: u64,
    server: u32,
}

impl Told {
    pub(super) fn of(lease: &Lease) -> Self {
        Self {
            state: lease.state as u8,
            reason: lease.reason.map_or(0, |reason| reason as u8),
            reserve: lease.cap(),
            server: lease.serving().0,
        }
    }
}

/// What a side was told last.
pub(super) fn get(store: &Store, lease: LeaseId, role: Role) -> anyhow::Result<Option<Told>> {
    store.read(|c| {
        c.prepare_cached(
            "SELECT state, reason, reserve, server FROM told WHERE lease = ?1 AND role = ?2",
        )?
        .query_row(params![lease.0.to_be_bytes(), role as i32], |row| {
            Ok(Told {
                state: row.get(0)?,
                reason: row.get(1)?,
                reserve: u64::from_be_bytes(row.get(2)?),
                server: row.get(3)?,
            })
        })
        .optional()
    })
}

/// Notes what a side was told.
pub(super) fn set(store: &Store, lease: LeaseId, role: Role, told: Told) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute(
            "INSERT INTO told (lease, role, state, reason, reserve, server) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (lease, role)
             DO UPDATE SET state = ?3, reason = ?4, reserve = ?5, server = ?6",
            params![
                lease.0.to_be_bytes(),
                role as i32,
                told.state,
                told.reason,
                told.reserve.to_be_bytes(),
                told.server
            ],
        )?;
        Ok(())
    })
}
