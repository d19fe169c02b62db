//! Money: books, clearings, vouchers, the ends of leases, on an embedded chain with the real contracts.

mod books;
mod lives;
mod races;
mod restarts;
mod stage;
