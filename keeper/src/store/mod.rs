//! The keeper's memory: one SQLite file, WAL, `synchronous=FULL`, so that what a method has
//! returned from survives a power cut.
//!
//! Each room keeps its tables in a file of its own beside its code (`outbox/table.rs`, ...) and
//! hands its migrations to [`Store::open`]; nobody else writes SQL against them.

pub mod home;

use anyhow::Context as _;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A room's tables: a name, and statements that bring an older version up, one entry a version.
pub struct Tables {
    /// The room.
    pub room: &'static str,
    /// Statements of version 1, 2, ...; never change one that was released, append.
    pub versions: &'static [&'static str],
}

/// The store. Clones share one connection.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens or makes the store at `path` and brings every room's tables up to date.
    ///
    /// # Errors
    /// If the file cannot be opened, is of a newer version, or a statement fails.
    pub fn open(path: &Path, rooms: &[Tables]) -> anyhow::Result<Self> {
        let connection = Connection::open(path).with_context(|| {
            format!(
                "cannot open the store {}: check that the folder exists and is writable",
                path.display()
            )
        })?;
        Self::prepare(connection, rooms)
    }

    /// Opens the store at `path` to read it beside its keeper, or as a copy that cannot be written: nothing is brought up
    /// to date, and [`Store::write`] fails.
    ///
    /// # Errors
    /// If the file is not there, cannot be read, or its tables are not of the versions that this keeper knows.
    pub fn look(path: &Path, rooms: &[Tables]) -> anyhow::Result<Self> {
        let connection = caplet_metering::sqlite::look(path)
            .with_context(|| format!("cannot read the store {}", path.display()))?;
        for tables in rooms {
            let have = version(&connection, tables)
                .with_context(|| format!("{} is no keeper's store", path.display()))?;
            anyhow::ensure!(
                have == tables.versions.len(),
                "the store's {} tables are of version {have}, this program knows {}: read it with the program that its keeper runs, or start this keeper on it once",
                tables.room,
                tables.versions.len()
            );
        }
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// A store that is forgotten when it is dropped, for tests and the demo's throw-away runs.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn in_memory(rooms: &[Tables]) -> anyhow::Result<Self> {
        Self::prepare(Connection::open_in_memory()?, rooms)
    }

    fn prepare(mut connection: Connection, rooms: &[Tables]) -> anyhow::Result<Self> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch("CREATE TABLE IF NOT EXISTS rooms (room TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT")?;
        for tables in rooms {
            migrate(&tx, tables)?;
        }
        tx.commit()?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Reads.
    ///
    /// # Errors
    /// What `f` fails with.
    pub fn read<T>(&self, f: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> anyhow::Result<T> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(f(&connection)?)
    }

    /// Changes, all or nothing, on disk when it returns. A commit takes about 0.2 ms; what comes
    /// in bulk goes many to a transaction.
    ///
    /// # Errors
    /// What `f` fails with; then nothing is changed.
    pub fn write<T>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let out = f(&tx)?;
        tx.commit()?;
        Ok(out)
    }
}

/// Whether something was not written for want of room: nothing of it is there, and it may be tried again.
#[must_use]
pub fn is_full(error: &anyhow::Error) -> bool {
    let code = |error: &rusqlite::Error| error.sqlite_error_code();
    error.downcast_ref().and_then(code) == Some(rusqlite::ErrorCode::DiskFull)
}

/// Of which version a room's tables are; 0 if there are none.
fn version(connection: &Connection, tables: &Tables) -> anyhow::Result<usize> {
    use rusqlite::OptionalExtension as _;
    let sql = "SELECT version FROM rooms WHERE room = ?1";
    let have: Option<i64> =
        connection.query_row(sql, [tables.room], |row| row.get(0)).optional()?;
    Ok(usize::try_from(have.unwrap_or(0))?)
}

fn migrate(tx: &Transaction<'_>, tables: &Tables) -> anyhow::Result<()> {
    let have = version(tx, tables)?;
    anyhow::ensure!(
        have <= tables.versions.len(),
        "the store's {} tables are of version {have}, this keeper knows {}: run a newer keeper",
        tables.room,
        tables.versions.len()
    );
    for statements in tables.versions.iter().skip(have) {
        tx.execute_batch(statements)
            .with_context(|| format!("migrating the {} tables", tables.room))?;
    }
    tx.execute(
        "INSERT INTO rooms (room, version) VALUES (?1, ?2) ON CONFLICT (room) DO UPDATE SET version = ?2",
        rusqlite::params![tables.room, i64::try_from(tables.versions.len())?],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Tables = Tables { room: "t", versions: &["CREATE TABLE t (a INTEGER) STRICT"] };
    const TWO: Tables = Tables {
        room: "t",
        versions: &["CREATE TABLE t (a INTEGER) STRICT", "ALTER TABLE t ADD COLUMN b INTEGER"],
    };

    #[test]
    fn an_older_store_is_brought_up_and_a_newer_one_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let store = Store::open(&path, &[ONE]).unwrap();
        store.write(|tx| Ok(tx.execute("INSERT INTO t (a) VALUES (7)", [])?)).unwrap();
        drop(store);
        let store = Store::open(&path, &[TWO]).unwrap();
        let row: (i64, Option<i64>) = store
            .read(|c| c.query_row("SELECT a, b FROM t", [], |r| Ok((r.get(0)?, r.get(1)?))))
            .unwrap();
        assert_eq!(row, (7, None));
        drop(store);
        let refused = Store::open(&path, &[ONE]).err().unwrap().to_string();
        assert!(refused.contains("version 2, this keeper knows 1"), "{refused}");
    }

    #[test]
    fn a_store_is_looked_into_beside_its_keeper_and_never_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        assert!(Store::look(&path, &[ONE]).is_err());
        assert!(!path.exists());
        let keeper = Store::open(&path, &[ONE]).unwrap();
        let add = |store: &Store| store.write(|tx| Ok(tx.execute("INSERT INTO t VALUES (7)", [])?));
        let count = |store: &Store| -> i64 {
            store.read(|c| c.query_row("SELECT count(*) FROM t", [], |row| row.get(0))).unwrap()
        };
        add(&keeper).unwrap();
        let looker = Store::look(&path, &[ONE]).unwrap();
        assert_eq!(count(&looker), 1);
        add(&looker).unwrap_err();
        // a reader in the midst of reading keeps no writer waiting, and sees one state
        let during = looker.read(|c| {
            let tx = c.unchecked_transaction()?;
            let before: i64 = tx.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?;
            add(&keeper).unwrap();
            let after: i64 = tx.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?;
            Ok((before, after))
        });
        assert_eq!(during.unwrap(), (1, 1));
        assert_eq!((count(&looker), count(&keeper)), (2, 2));
        // what another program would bring up to date is left as it is
        let refused = Store::look(&path, &[TWO]).err().unwrap().to_string();
        assert!(refused.contains("version 1, this program knows 2"), "{refused}");
        drop((keeper, looker));
        assert_eq!(count(&Store::open(&path, &[ONE]).unwrap()), 2);
    }

    #[test]
    fn a_failed_write_changes_nothing() {
        let store = Store::in_memory(&[ONE]).unwrap();
        let failed = store.write(|tx| {
            tx.execute("INSERT INTO t (a) VALUES (1)", [])?;
            anyhow::bail!("on purpose")
        });
        let _: anyhow::Result<()> = failed;
        let count: i64 =
            store.read(|c| c.query_row("SELECT count(*) FROM t", [], |r| r.get(0))).unwrap();
        assert_eq!(count, 0);
    }
}
