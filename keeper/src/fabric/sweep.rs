//! What was stored for leases that are over is deleted, where it was served and where it stood by.

use super::host::Parts;
use crate::context::Context;
use crate::leases::Leases;
use crate::observe;
use crate::reconcile::Reconciler;
use crate::registrar;
use caplet_api::escrow::{LeaseResponse, LeaseState, QueryMsg};
use caplet_chain::{ChainError, ChainExt as _};
use caplet_fabric_fs::Shelves;
use caplet_fabric_fs::replica::Stores;
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between looks at the disk.
const LOOK: Duration = Duration::from_secs(2);
/// Between two questions to the chain about a lease that is not known here.
const ASK: Duration = Duration::from_secs(60);

/// Where a device stores, below its folder.
pub(super) fn root(folder: &Path) -> PathBuf {
    folder.join("store")
}

/// Deletes it.
pub(super) struct Sweep {
    context: Context,
    leases: Leases,
    stores: Arc<Stores>,
    folder: PathBuf,
    looked: Option<Instant>,
    /// When the chain was last asked about a lease that is not known here, and did not call it closed.
    asked: BTreeMap<LeaseId, Instant>,
}

impl Sweep {
    pub(super) fn new(parts: &Parts) -> Self {
        let (context, leases) = (parts.context.clone(), parts.sight.leases.clone());
        let (stores, folder) = (Arc::clone(&parts.stores), parts.folder.clone());
        Self { context, leases, stores, folder, looked: None, asked: BTreeMap::new() }
    }

    fn shelves(&self, device: DeviceId) -> Arc<Shelves> {
        let below = root(&self.folder.join(device.to_string()));
        self.stores.shelves(device).unwrap_or_else(|| Arc::new(Shelves::new(below, 0)))
    }

    /// Whether the chain has closed it for good. One that the chain does not know is kept.
    async fn is_over(&mut self, lease: LeaseId) -> anyhow::Result<bool> {
        if let Some(known) = self.leases.get(lease) {
            return Ok(known.state == LeaseState::Closed);
        }
        if self.asked.get(&lease).is_some_and(|at| at.elapsed() < ASK) {
            return Ok(false);
        }
        let over = self.closed_on_chain(lease).await?;
        if over {
            self.asked.remove(&lease);
        } else {
            self.asked.insert(lease, Instant::now());
        }
        Ok(over)
    }

    async fn closed_on_chain(&self, lease: LeaseId) -> anyhow::Result<bool> {
        let (escrow, ask) =
            (&self.context.deployment.contracts.escrow, QueryMsg::Lease { lease: lease.0.into() });
        match self.context.chain.query::<_, LeaseResponse>(escrow, &ask).await {
            Ok(found) => Ok(found.state == LeaseState::Closed),
            Err(ChainError::Query { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Reconciler for Sweep {
    const NAME: &'static str = "sweep";

    async fn pass(&mut self) -> anyhow::Result<()> {
        if self.looked.is_some_and(|at| at.elapsed() < LOOK) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        for device in registrar::devices(&self.context.store)? {
            let shelves = self.shelves(device.id);
            for lease in shelves.kept()? {
                if self.is_over(lease).await? {
                    let shelves = Arc::clone(&shelves);
                    tokio::task::spawn_blocking(move || shelves.forget(lease)).await??;
                    observe::store_swept(device.id, lease);
                }
            }
        }
        Ok(())
    }
}
