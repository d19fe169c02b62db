//! Redeems vouchers, finishes, pokes, sweeps and rates leases.
