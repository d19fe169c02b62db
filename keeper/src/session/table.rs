//! Counts of the provider side, and what both sides were told, in the store.

use crate::store::Tables;

/// The session's tables.
pub const TABLES: Tables = Tables {
    room: "session",
    versions: &[
        "CREATE TABLE served (
        lease BLOB PRIMARY KEY,
        units BLOB NOT NULL,
        operations BLOB NOT NULL,
        reported BLOB NOT NULL,
        mismatches INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE told (
        lease BLOB NOT NULL,
        role INTEGER NOT NULL,
        state INTEGER NOT NULL,
        reason INTEGER NOT NULL,
        reserve BLOB NOT NULL,
        PRIMARY KEY (lease, role)
    ) STRICT, WITHOUT ROWID;",
        // who serves a pool's lease changes; 0, which no device has, is told anew
        "ALTER TABLE told ADD COLUMN server INTEGER NOT NULL DEFAULT 0;",
        // without it the full price holds
        "ALTER TABLE served ADD COLUMN rates BLOB;",
        // what was let go of before is not known: nothing
        "ALTER TABLE served ADD COLUMN forgiven BLOB;",
    ],
};
