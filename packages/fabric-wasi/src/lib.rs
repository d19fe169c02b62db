//! Compute leases: WASI (preview 1) programs in wasmtime, billed by fuel.
//!
//! A program sees its arguments, the environment that the consumer gave it, standard input and output,
//! clocks and randomness; there is no folder, no network and nothing of the provider's in it. What it may
//! take up is limited in fuel, memory, time and output. A run whose input is named by content goes on
//! when the connection fails, as far as it is paid, and is found again by the same names. The consumer's side is
//! [`caplet_fabric::kinds::programs`], as for everything that runs programs.

mod alone;
mod bill;
mod guest;
mod io;
mod job;
mod kept;
mod local;
mod machine;
mod price;
mod provider;

pub use alone::run_alone;
pub use local::ComputeSurface;
pub use machine::{Limits, Machine, MachineError};
pub use price::{BYTE, CALL, UNIT, units};
pub use provider::WasiAdapter;
