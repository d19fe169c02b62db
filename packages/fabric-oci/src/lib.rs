//! Native compute leases: a command in an OCI container, run by `runc`.
//!
//! The root file system is the provider's, or one that the consumer sends (a tar, gzipped or not: [`Bundles`]),
//! read-only to the guest; there is no network, no capability, no device but null, zero and random, a user
//! namespace, a seccomp list, limits on memory, processes, CPU and time. CPU seconds are what the kernel counts: unlike
//! fuel they can't be checked by running it again, so a consumer bounds them by the units it allows. The consumer's
//! side speaks [`caplet_fabric::kinds::programs`], as everything that runs programs.

mod bundle;
mod bundles;
mod container;
mod env;
mod local;
mod provider;
mod reach;
mod receive;
mod rootfs;
mod spec;
mod unpack;

pub use bundle::Limits;
pub use bundles::{BundleError, BundleId, BundleLimits, Bundles};
pub use local::ContainerSurface;
pub use provider::OciAdapter;
pub use reach::{ReachError, reachable};
pub use rootfs::Bundle;
pub use spec::Spec;
pub use unpack::UnpackError;

/// Milliseconds of CPU of a unit.
pub const UNIT_MS: u64 = 100;
