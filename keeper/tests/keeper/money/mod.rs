//! Money: books, clearings, vouchers, the ends of leases, on an embedded chain with the real contracts.

mod audits;
mod backups;
mod books;
mod chains;
mod frozen;
mod lives;
mod races;
mod restarts;
mod stage;
