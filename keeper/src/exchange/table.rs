//! Endpoint records and documents of others in the store.

use crate::store::Tables;

/// The exchange's tables.
pub const TABLES: Tables = Tables {
    room: "exchange",
    versions: &["CREATE TABLE endpoints (
        account INTEGER PRIMARY KEY,
        sequence BLOB NOT NULL,
        raw BLOB NOT NULL
    ) STRICT;
    CREATE TABLE documents (
        digest BLOB PRIMARY KEY,
        raw BLOB NOT NULL
    ) STRICT;
    CREATE TABLE scanned (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        height BLOB NOT NULL
    ) STRICT;"],
};
