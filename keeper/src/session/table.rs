//! Counts of both sides in the store.

use crate::store::Tables;

/// The session's tables.
pub const TABLES: Tables = Tables { room: "session", versions: &[] };
