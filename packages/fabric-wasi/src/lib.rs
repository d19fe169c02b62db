//! Compute leases: WASI programs in wasmtime, billed by fuel.
