//! Demands, proposals and orders in the store.

use crate::store::Tables;

/// The placer's tables.
pub const TABLES: Tables = Tables { room: "placer", versions: &[] };
