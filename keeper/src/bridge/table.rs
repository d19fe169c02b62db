//! What was heard of whom, so that a restart does not open the door to repetitions.

use crate::store::Tables;

/// The bridge's tables.
pub const TABLES: Tables = Tables {
    room: "bridge",
    versions: &["CREATE TABLE heard (
        sender BLOB NOT NULL,
        boot BLOB NOT NULL,
        highest BLOB NOT NULL,
        came BLOB NOT NULL,
        tick INTEGER NOT NULL,
        PRIMARY KEY (sender, boot)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX heard_by_tick ON heard (tick);"],
};
