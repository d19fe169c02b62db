//! Native compute leases: a command in an OCI container, run by the program of libcontainer (`youki`), or by `runc`.
//!
//! The root file system is the provider's, or one that the consumer sends (a tar, gzipped or not: [`Bundles`]),
//! read-only to the guest; there is no capability, no device but null, zero and random, a user
//! namespace, a seccomp list, limits on memory, processes, CPU and time. There is no network either, unless the lease grants it and
//! a run asks for it: then a proxy on the container's own loopback leads where the provider's uplinks do, and what goes through is
//! paid by the MiB. CPU seconds are what the kernel counts: unlike
//! fuel they can't be checked by running it again, so a consumer bounds them by the units it allows. The consumer's
//! side speaks [`caplet_fabric::kinds::programs`], as everything that runs programs.

mod bundle;
mod bundles;
mod container;
mod env;
mod local;
mod netns;
mod provider;
mod reach;
mod ready;
mod receive;
mod rootfs;
mod runtime;
mod spec;
mod till;
mod unpack;
mod usage;

pub use bundle::Limits;
pub use bundles::{BundleError, BundleId, BundleLimits, Bundles};
pub use local::ContainerSurface;
pub use provider::OciAdapter;
pub use reach::{ReachError, reachable};
pub use ready::{CGROUPS, ReadyError, ready};
pub use rootfs::Bundle;
pub use runtime::{Lack, RUNC, Runtime, Unfit, YOUKI};
pub use spec::Spec;
pub use unpack::UnpackError;

/// The tag of a capability whose containers get out: a demand can require it, as any tag.
pub const NETWORK: &str = "network";

/// Milliseconds of CPU of a unit.
pub const UNIT_MS: u64 = 100;
