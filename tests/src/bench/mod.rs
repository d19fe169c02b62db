//! Benchmarks: figures, never checks. `scripts/bench` runs them; each prints JSON lines.

mod account;
mod clearing;
mod device;
mod devices;
mod failover;
mod gas;
mod latency;
mod memory;
mod payments;
mod sizes;

pub use clearing::clearing;
pub use device::device;
pub use failover::failover;
pub use gas::{gas, lag, quotes};
pub use latency::latency;
pub use memory::memory;
pub use payments::payments;
pub use sizes::sizes;

/// Where the chain lives that `scripts/bench` has started.
///
/// # Errors
/// If it started none.
fn localnet() -> anyhow::Result<std::path::PathBuf> {
    use anyhow::Context as _;
    let home = std::env::var_os("CAPLET_LOCALNET");
    Ok(home.context("CAPLET_LOCALNET names no chain: run this through scripts/bench")?.into())
}
