//! Which device serves a lease now, and on which lane it is paid.

use crate::leases::Lease;
use async_trait::async_trait;
use caplet_protocol::{DeviceId, Lane};
use tokio::sync::watch;

/// Who serves a lease, and the lane on which that is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Served {
    /// The device that is dialled.
    pub by: DeviceId,
    /// The lane that pays it.
    pub on: Lane,
}

/// Who serves leases: asked whenever a consumer attaches, and again when it says that something has
/// changed, so that another device takes over without the consumer's doing.
#[async_trait]
pub trait Serving: Send + Sync + 'static {
    /// Who serves `lease` now.
    ///
    /// # Errors
    /// If that cannot be known now; it is asked again.
    async fn serves(&self, lease: &Lease) -> anyhow::Result<Served>;

    /// Changes whenever an answer of [`Serving::serves`] may have.
    fn changed(&self) -> watch::Receiver<u64>;
}

/// The provider that the lease names, on the lease's first lane.
#[derive(Debug)]
pub struct ByProvider {
    never: watch::Sender<u64>,
}

impl Default for ByProvider {
    fn default() -> Self {
        Self { never: watch::Sender::new(0) }
    }
}

#[async_trait]
impl Serving for ByProvider {
    async fn serves(&self, lease: &Lease) -> anyhow::Result<Served> {
        let on = lease.lanes.first().map_or(Lane(0), |lane| lane.lane);
        Ok(Served { by: lease.provider, on })
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.never.subscribe()
    }
}
