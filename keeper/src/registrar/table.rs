//! Enrolments, devices and profiles in the store.

use crate::store::Tables;

/// The registrar's tables.
pub const TABLES: Tables = Tables {
    room: "registrar",
    versions: &["CREATE TABLE enrolments (
        key BLOB PRIMARY KEY,
        possession BLOB NOT NULL,
        refused TEXT
    ) STRICT;
    CREATE TABLE devices (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        epoch INTEGER NOT NULL,
        owner TEXT NOT NULL,
        cell INTEGER NOT NULL,
        profile BLOB
    ) STRICT;
    CREATE TABLE profiles (
        digest BLOB PRIMARY KEY,
        device INTEGER NOT NULL,
        sequence BLOB NOT NULL,
        not_after BLOB NOT NULL,
        raw BLOB NOT NULL,
        signature BLOB NOT NULL,
        boot BLOB NOT NULL,
        message BLOB NOT NULL,
        announced INTEGER NOT NULL DEFAULT 0,
        refused TEXT
    ) STRICT;
    CREATE INDEX profiles_by_device ON profiles (device);"],
};
