//! What the escrow keeps. Every constant is private to its file and reached through functions.
//!
//! Keys whose first byte is above 0x7F: `caplet_api::layout` holds 0xE0 to 0xE7, which peers read;
//! 0xE8 to 0xEB are the escrow's own (allowances, ledgers, gateways' slots, times of openings of an older version).

pub(crate) mod allowances;
pub(crate) mod assets;
pub(crate) mod books;
pub(crate) mod config;
pub(crate) mod evidence;
pub(crate) mod fees;
pub(crate) mod leases;
pub(crate) mod ledger;
pub(crate) mod slots;
pub(crate) mod terms;
