//! Native compute leases: a command in an OCI container, run by `runc`.
//!
//! The root file system is the provider's, read-only to the guest; there is no network, no capability, no
//! device but null, zero and random, a user namespace, a seccomp list, limits on memory, processes, CPU
//! and time. CPU seconds are what the kernel counts: unlike fuel they can't be checked by running it
//! again, so a consumer bounds them by the units it allows.

mod bundle;
mod container;
mod local;
mod provider;

pub use bundle::Limits;
pub use local::{Command, Ran};
pub use provider::OciAdapter;

/// Milliseconds of CPU of a unit.
pub const UNIT_MS: u64 = 100;
