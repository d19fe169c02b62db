//! Redeems vouchers, finishes, pokes, sweeps and rates leases.

pub mod closings;
pub mod vouchers;
