//! What one member of a pool stores, a fellow member stores too, so that it can take over.
//!
//! Chunks and manifests are sealed by the consumer: whoever stands by sees no more than whoever serves. The
//! [`Replicator`] of who serves keeps the one who stands by in step, and a manifest is acknowledged as stored twice
//! once that one has proved every chunk and says that the manifest is on its disk. When it can't be had in a bounded
//! time the manifest is acknowledged as stored once, and what is missing is brought when it is back. Which device
//! stands by, and whether somebody may bring a replica here, is the chain's to say: [`Replicas`] and [`Wards`] are the
//! two seams to it. `docs/adr/0028-a-store-stands-twice.md` has the reasons.

mod admit;
mod bring;
mod course;
mod mirror;
mod peer;
mod replicator;
mod standby;
mod stores;
#[cfg(test)]
mod tests;
mod wire;

pub use admit::{NotTaken, Standing};
pub use replicator::{Pace, Replicator};
pub use standby::Standby;
pub use stores::Stores;
#[doc(hidden)]
pub use wire::question_reads_back;

use crate::provider::Shelves;
use async_trait::async_trait;
use caplet_fabric::Service;
use caplet_fabric::link::{Key, Link};
use caplet_protocol::{DeviceId, LeaseId};
use std::sync::Arc;

/// What is spoken between who serves and who stands by: no lease's service, nothing of it is metered.
pub const REPLICA: Service = Service::named("replica");

/// A chunk's digest.
pub(crate) type Name = [u8; 32];

/// Who stands by for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This device takes over when who serves fails.
    Member(DeviceId),
    /// No device: the lease is no pool's, or its pool has nobody to spare.
    Nobody,
    /// It is not served here any more: nothing is replicated from here.
    Elsewhere,
}

/// What becomes of a lease's replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The device that stands by has everything, up to this manifest.
    InStep {
        /// Who stands by.
        at: DeviceId,
        /// Number of the manifest.
        sequence: u64,
    },
    /// Who serves keeps it alone, for this reason.
    Alone(String),
    /// A manifest was acknowledged that is on one disk only though somebody stands by.
    Acknowledged(u64),
    /// The device that stands by does not have a chunk which it has said it has; it is brought again.
    Lied {
        /// Who stands by.
        at: DeviceId,
    },
}

/// The chain and the network, for whoever serves.
#[async_trait]
pub trait Replicas: Send + Sync + 'static {
    /// Who stands by for `lease` while `by` serves it. Asked again and again: it changes.
    ///
    /// # Errors
    /// Why that can't be known now.
    async fn next(&self, lease: LeaseId, by: DeviceId) -> Result<Next, String>;

    /// Connects, for [`REPLICA`], to the gateway that a device has granted.
    ///
    /// # Errors
    /// Why it can't be reached.
    async fn dial(&self, device: DeviceId) -> Result<Arc<dyn Link>, String>;

    /// Hears what happens to the replica of a lease.
    fn note(&self, lease: LeaseId, what: Happening);
}

/// The chain and this gateway's devices, for whoever stands by.
#[async_trait]
pub trait Wards: Send + Sync + 'static {
    /// A lease as the chain has it, a replica of which is to be kept for the device `at`, and where that keeps it.
    ///
    /// # Errors
    /// If the chain can't be read, or the device is not here or stores nothing.
    async fn standing(
        &self,
        lease: LeaseId,
        at: DeviceId,
    ) -> Result<(Standing, Arc<Shelves>), String>;

    /// Hears that a gateway was refused.
    fn refused(&self, lease: LeaseId, peer: Key, why: &str);
}
