//! What of the leases cannot be read from the chain again: which are ours to watch, and the demand
//! that only the opening event names.

use crate::store::{Store, Tables};
use caplet_protocol::{LeaseId, OrderId};
use rusqlite::{OptionalExtension as _, params};
use std::collections::BTreeMap;

/// Tables of this room.
pub const TABLES: Tables = Tables {
    room: "leases",
    versions: &["CREATE TABLE leases (
        lease INTEGER PRIMARY KEY,
        demand INTEGER,
        over INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE leases_height (one INTEGER PRIMARY KEY CHECK (one = 1), height INTEGER NOT NULL) STRICT;"],
};

/// A lease to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) lease: LeaseId,
    pub(super) demand: Option<OrderId>,
}

/// Leases that are not over, and the height up to which events were heard.
pub(super) fn load(store: &Store) -> anyhow::Result<(Vec<Watched>, Option<u64>)> {
    let sql = "SELECT lease, demand FROM leases WHERE over = 0 ORDER BY lease";
    let rows: Vec<(i64, Option<i64>)> =
        store.read(|c| c.prepare(sql)?.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())?;
    let watched = rows.into_iter().map(|(lease, demand)| {
        let demand = demand.map(u64::try_from).transpose()?.and_then(OrderId::from_u64);
        Ok(Watched { lease: LeaseId(u64::try_from(lease)?), demand })
    });
    let sql = "SELECT height FROM leases_height";
    let height: Option<i64> = store.read(|c| c.query_row(sql, [], |r| r.get(0)).optional())?;
    let height = height.map(u64::try_from).transpose()?;
    Ok((watched.collect::<anyhow::Result<_>>()?, height))
}

/// Notes leases to watch and the height up to which events were heard, in one step.
pub(super) fn note(
    store: &Store,
    found: &BTreeMap<LeaseId, Option<OrderId>>,
    height: u64,
) -> anyhow::Result<()> {
    let height = i64::try_from(height)?;
    store.write(|tx| {
        for (lease, demand) in found {
            let demand = demand.map(|demand| i64::try_from(demand.to_u64())).transpose()?;
            tx.execute(
                "INSERT INTO leases (lease, demand) VALUES (?1, ?2)
                 ON CONFLICT (lease) DO UPDATE SET demand = coalesce(?2, demand)",
                params![i64::try_from(lease.0)?, demand],
            )?;
        }
        tx.execute(
            "INSERT INTO leases_height (one, height) VALUES (1, ?1)
             ON CONFLICT (one) DO UPDATE SET height = ?1",
            [height],
        )?;
        Ok(())
    })
}

/// Notes that nothing is left to do about a lease.
pub(super) fn over(store: &Store, lease: LeaseId) -> anyhow::Result<()> {
    let lease = i64::try_from(lease.0)?;
    store.write(|tx| {
        tx.execute("UPDATE leases SET over = 1 WHERE lease = ?1", [lease])?;
        Ok(())
    })
}

/// Whether nothing is left to do about a lease.
pub(super) fn is_over(store: &Store, lease: LeaseId) -> anyhow::Result<bool> {
    let lease = i64::try_from(lease.0)?;
    let sql = "SELECT over FROM leases WHERE lease = ?1";
    let over: Option<i64> = store.read(|c| c.query_row(sql, [lease], |r| r.get(0)).optional())?;
    Ok(over == Some(1))
}
