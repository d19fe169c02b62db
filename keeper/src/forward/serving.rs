//! Who serves the leases of pools.

use crate::fabric::{Served, Serving};
use crate::leases::{Lease, Leases};
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_protocol::Lane;
use tokio::sync::watch;

/// The member that the pool's contract names, for a pool's lease; the provider, for any other. Read from the table
/// of leases, which follows the pools' events.
pub struct ByPool {
    leases: Leases,
}

impl ByPool {
    /// By a keeper's leases.
    #[must_use]
    pub const fn new(leases: Leases) -> Self {
        Self { leases }
    }
}

#[async_trait]
impl Serving for ByPool {
    async fn serves(&self, lease: &Lease) -> anyhow::Result<Served> {
        // what was read of it last counts, not what the asker has kept
        let server = self.leases.get(lease.id).map_or(lease.server, |known| known.server);
        let by = server.with_context(|| {
            format!("lease {} is not assigned to a member of its pool yet: ask again", lease.id)
        })?;
        let on = lease.lanes.first().map_or(Lane(0), |lane| lane.lane);
        Ok(Served { by, on })
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.leases.changed()
    }
}
