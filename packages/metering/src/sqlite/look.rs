//! Opening a file of SQLite for nothing but reading.

use rusqlite::{Connection, ErrorCode, OpenFlags, Result};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

const READ: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens a file that is there to read it: it is never changed, though its log's index may be made beside it, and who
/// writes it is not kept waiting. A copy that lies where nothing can be written is read too.
///
/// # Errors
/// If there is no such file, or it cannot be read: one that was copied in the midst of writing needs its log
/// (`-wal`) and the log's index (`-shm`) beside it, or a folder in which the index can be made.
pub fn look(path: &Path) -> Result<Connection> {
    let found = readable(Connection::open_with_flags(path, READ)?);
    match found {
        Err(error) if needs_to_write(&error) && !has_log(path) => {
            frozen(path).unwrap_or(Err(error))
        }
        found => found,
    }
}

/// Opening reads nothing yet.
fn readable(connection: Connection) -> Result<Connection> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// A log would be made beside a file that is written with one.
fn needs_to_write(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// Whether something of what was written may be in the log alone.
fn has_log(path: &Path) -> bool {
    let mut log = OsString::from(path);
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// A file that nobody can change is read without log and locks; `None` if its name is no text, which SQLite needs here.
fn frozen(path: &Path) -> Option<Result<Connection>> {
    let name = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = READ | OpenFlags::SQLITE_OPEN_URI;
    let opened = Connection::open_with_flags(format!("file:{name}?immutable=1"), flags);
    Some(opened.and_then(readable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_nobody_can_change_is_read_and_nothing_is_made_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let beside = |ending: &str| folder.path().join(format!("100% a?b#c.db{ending}"));
        let path = beside("");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer
            .execute_batch("CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (7)")
            .unwrap();
        assert!(has_log(&path));
        drop(writer);
        assert!(!has_log(&path), "the last one to close it has put it in order");
        let before = std::fs::read(&path).unwrap();
        let read = frozen(&path).unwrap().unwrap();
        let found: i64 = read.query_row("SELECT a FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(found, 7);
        assert!(read.execute("DELETE FROM t", []).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), before);

        // no index can be made there, as in a folder where nothing can be
        std::os::unix::fs::symlink("/nowhere/index", beside("-shm")).unwrap();
        let refused = Connection::open_with_flags(&path, READ).and_then(readable).err().unwrap();
        assert!(needs_to_write(&refused), "{refused}");
        let read = look(&path).unwrap();
        let found: i64 = read.query_row("SELECT a FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(found, 7);
        // what is in the log alone would be missed
        std::fs::write(beside("-wal"), b"x").unwrap();
        assert!(look(&path).is_err());
    }

    #[test]
    fn what_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        assert!(look(&folder.path().join("none.db")).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
