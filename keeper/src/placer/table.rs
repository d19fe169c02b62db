//! Demands and orders in the store.

use crate::store::Tables;

/// The placer's tables.
pub const TABLES: Tables = Tables {
    room: "placer",
    versions: &["CREATE TABLE demands (
        device INTEGER NOT NULL,
        id BLOB NOT NULL,
        raw BLOB NOT NULL,
        digest BLOB NOT NULL,
        answer BLOB NOT NULL,
        ordered INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (device, id)
    ) STRICT;
    CREATE TABLE orders (
        device INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        side INTEGER NOT NULL,
        market INTEGER NOT NULL,
        body BLOB NOT NULL,
        signature BLOB NOT NULL,
        reference BLOB NOT NULL,
        answer BLOB NOT NULL,
        state INTEGER NOT NULL DEFAULT 0,
        number INTEGER,
        PRIMARY KEY (device, sequence)
    ) STRICT;
    CREATE INDEX orders_by_state ON orders (state, device, sequence);
    CREATE INDEX orders_by_number ON orders (market, side, number);
    CREATE TABLE taken (
        lease BLOB PRIMARY KEY,
        demand BLOB NOT NULL
    ) STRICT;"],
};
