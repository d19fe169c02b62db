//! Numbers of the last manifests of leased stores, and how stores are spread over leases, remembered over restarts.

use super::spreads::Kept;
use crate::store::{Store, Tables};
use caplet_fabric_fs::Memory;
use caplet_protocol::LeaseId;
use rusqlite::OptionalExtension as _;

/// Stores that are remembered: the leases with the largest numbers.
const KEPT: u32 = 4_096;

/// The room's table; numbers as big-endian bytes, which order as they do.
pub const TABLES: Tables = Tables {
    room: "fabric",
    versions: &[
        "CREATE TABLE manifests (
        lease BLOB PRIMARY KEY,
        sequence BLOB NOT NULL
    ) STRICT;",
        "CREATE TABLE spreads (
        name TEXT PRIMARY KEY,
        plan TEXT NOT NULL
    ) STRICT;",
        super::measured::TABLE,
        super::measured::WORD,
        super::measured::ENDS,
    ],
};

/// In the keeper's store.
pub(super) struct Remembered(pub(super) Store);

impl Remembered {
    /// Every store that is spread over leases, by its name.
    pub(super) fn spreads(&self) -> anyhow::Result<Vec<(String, Kept)>> {
        let rows: Vec<(String, String)> = self.0.read(|c| {
            let mut all = c.prepare_cached("SELECT name, plan FROM spreads ORDER BY name")?;
            let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()
        })?;
        rows.into_iter().map(|(name, plan)| Ok((name, serde_json::from_str(&plan)?))).collect()
    }

    /// Keeps how one is spread.
    pub(super) fn keep_spread(&self, name: &str, kept: &Kept) -> anyhow::Result<()> {
        let plan = serde_json::to_string(kept)?;
        let put = "INSERT INTO spreads (name, plan) VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET plan = excluded.plan";
        self.0.write(|tx| {
            tx.prepare_cached(put)?.execute([name, &plan])?;
            Ok(())
        })
    }

    /// Forgets one.
    pub(super) fn drop_spread(&self, name: &str) -> anyhow::Result<()> {
        self.0.write(|tx| {
            tx.prepare_cached("DELETE FROM spreads WHERE name = ?1")?.execute([name])?;
            Ok(())
        })
    }
}

impl Memory for Remembered {
    fn known(&self, lease: LeaseId) -> Result<u64, String> {
        let ask = "SELECT sequence FROM manifests WHERE lease = ?1";
        let found = self.0.read(|c| {
            c.prepare_cached(ask)?
                .query_row([lease.0.to_be_bytes()], |row| row.get::<_, [u8; 8]>(0))
                .optional()
        });
        let found = found.map_err(|error| format!("{error:#}"))?;
        Ok(found.map_or(0, u64::from_be_bytes))
    }

    fn remember(&self, lease: LeaseId, sequence: u64) -> Result<(), String> {
        let put = "INSERT INTO manifests (lease, sequence) VALUES (?1, ?2)
            ON CONFLICT (lease) DO UPDATE SET sequence = max(sequence, excluded.sequence)";
        let drop = "DELETE FROM manifests WHERE lease NOT IN
            (SELECT lease FROM manifests ORDER BY lease DESC LIMIT ?1)";
        let put = self.0.write(|tx| {
            tx.prepare_cached(put)?.execute([lease.0.to_be_bytes(), sequence.to_be_bytes()])?;
            if sequence == 1 {
                tx.prepare_cached(drop)?.execute([KEPT])?;
            }
            Ok(())
        });
        put.map_err(|error| format!("{error:#}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_number_of_each_store_is_remembered_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Remembered(Store::open(&folder.path().join("keeper.db"), &[TABLES]).unwrap());
        let memory = open();
        assert_eq!(memory.known(LeaseId(7)), Ok(0));
        for (lease, sequence) in [(7, 1), (7, 300), (7, 299), (8, 1)] {
            memory.remember(LeaseId(lease), sequence).unwrap();
        }
        drop(memory);
        let memory = open();
        assert_eq!((memory.known(LeaseId(7)), memory.known(LeaseId(8))), (Ok(300), Ok(1)));
    }

    #[test]
    fn how_a_store_is_spread_is_remembered_until_it_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Remembered(Store::open(&folder.path().join("keeper.db"), &[TABLES]).unwrap());
        let kept = |last| Kept {
            needed: 2,
            leases: vec![LeaseId(1), LeaseId(u64::MAX), LeaseId(last)],
            mount: Some("/mnt/box".into()),
        };
        let memory = open();
        memory.keep_spread("box", &kept(3)).unwrap();
        memory.keep_spread("box", &kept(4)).unwrap();
        memory.keep_spread("other", &kept(5)).unwrap();
        memory.drop_spread("other").unwrap();
        drop(memory);
        assert_eq!(open().spreads().unwrap(), [("box".to_owned(), kept(4))]);
    }
}
