//! Leases in which a local device takes part, kept in step with the escrow contract.

mod lease;
mod pools;
mod sync;
mod table;

pub use lease::Lease;
pub use table::TABLES;

use crate::context::Context;
use crate::observe;
use crate::store::Store;
use caplet_protocol::{DeviceId, LeaseId, MarketId};
use pools::{Bound, Committed, Pool};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use sync::Sync;
use tokio::sync::watch;

type Table = BTreeMap<LeaseId, Lease>;

/// The table; clones share it.
#[derive(Clone, Debug)]
pub struct Leases {
    table: Arc<RwLock<Table>>,
    /// What members of pools committed: as the chain has it, and as it is meant to be soon.
    committed: Arc<RwLock<[Committed; 2]>>,
    pools: Arc<RwLock<Bound>>,
    version: Arc<watch::Sender<u64>>,
}

impl Default for Leases {
    fn default() -> Self {
        Self {
            table: Arc::default(),
            committed: Arc::default(),
            pools: Arc::default(),
            version: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Leases {
    /// Reads the leases of the devices enrolled here and keeps them up in `context.tasks`.
    ///
    /// # Errors
    /// If the chain cannot be asked, the store fails, or the escrow is of another version.
    pub async fn start(context: &Context) -> anyhow::Result<Self> {
        let leases = Self::default();
        let contracts = &context.deployment.contracts;
        let (chain, store) = (Arc::clone(&context.chain), context.store.clone());
        let sync = Sync::open(leases.clone(), chain, contracts, store).await?;
        context.tasks.spawn("leases", sync.run(context.tasks.stop_token()));
        Ok(leases)
    }

    /// A lease as last read from the chain.
    #[must_use]
    pub fn get(&self, lease: LeaseId) -> Option<Lease> {
        self.read().get(&lease).cloned()
    }

    /// Every lease, by number.
    #[must_use]
    pub fn all(&self) -> Vec<Lease> {
        self.read().values().cloned().collect()
    }

    /// Leases in which a device takes part, by number.
    #[must_use]
    pub fn of_device(&self, device: DeviceId) -> Vec<Lease> {
        let takes_part =
            |l: &&Lease| l.consumer == device || l.provider == device || l.serving() == device;
        self.read().values().filter(takes_part).cloned().collect()
    }

    /// Lots of a device that are a pool's to sell in a market, and so not its own.
    #[must_use]
    pub fn committed(&self, device: DeviceId, market: MarketId) -> u32 {
        let committed = self.committed.read().unwrap_or_else(PoisonError::into_inner);
        let of = |lots: &Committed| lots.get(&(device, market)).copied().unwrap_or(0);
        committed.iter().map(of).max().unwrap_or(0)
    }

    /// Notes lots of a device that are to be a pool's, before the chain says so.
    pub(crate) fn commit(&self, device: DeviceId, market: MarketId, lots: u32) {
        let mut committed = self.committed.write().unwrap_or_else(PoisonError::into_inner);
        committed[1].insert((device, market), lots);
    }

    /// The pool that sells as this device, if one does.
    #[must_use]
    pub(crate) fn pool_of(&self, device: DeviceId) -> Option<Pool> {
        self.pools.read().unwrap_or_else(PoisonError::into_inner).get(&device).cloned()
    }

    /// Rises with every change of the table.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn put_pools(&self, bound: Bound, now: Committed) {
        *self.pools.write().unwrap_or_else(PoisonError::into_inner) = bound;
        let mut committed = self.committed.write().unwrap_or_else(PoisonError::into_inner);
        committed[0] = now;
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts leases as they were just read; what only an event told is kept.
    fn put(&self, leases: Vec<Lease>) {
        let mut changed = false;
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        for mut lease in leases {
            let before = table.get(&lease.id);
            lease.demand = lease.demand.or_else(|| before.and_then(|before| before.demand));
            // a pool forgets who served a lease that is accounted to its end
            lease.server = lease.server.or_else(|| before.and_then(|before| before.server));
            if before == Some(&lease) {
                continue;
            }
            match before {
                None => observe::lease_seen(&lease),
                Some(before) if before.state != lease.state => observe::lease_moved(&lease),
                Some(_) => {}
            }
            table.insert(lease.id, lease);
            changed = true;
        }
        drop(table);
        if changed {
            self.version.send_modify(|version| *version = version.wrapping_add(1));
        }
    }
}

/// Notes that nothing is left to do about a lease: it is not read again after a restart.
pub(crate) fn over(store: &Store, lease: LeaseId) -> anyhow::Result<()> {
    table::over(store, lease)
}

/// Whether nothing is left to do about a lease.
pub(crate) fn is_over(store: &Store, lease: LeaseId) -> anyhow::Result<bool> {
    table::is_over(store, lease)
}
