//! Money: books, clearings, vouchers, the ends of leases, on an embedded chain with the real contracts.

mod audits;
mod backups;
mod books;
mod chains;
mod frozen;
pub(crate) mod lives;
mod lost;
mod races;
mod restarts;
pub(crate) mod stage;
