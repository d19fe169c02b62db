//! Who serves the leases of pools.

use crate::context::Context;
use crate::fabric::{ByProvider, Served, Serving};
use crate::leases::Lease;
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_api::pool::{ConfigResponse, QueryMsg, ServedResponse};
use caplet_chain::ChainExt as _;
use caplet_protocol::{DeviceId, Lane};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// The member that the pool's contract names, for a pool's lease; the provider, for any other.
pub struct ByPool {
    context: Context,
    provider: ByProvider,
    /// Maps a pool's device to its contract.
    pools: Mutex<BTreeMap<DeviceId, String>>,
    changed: watch::Sender<u64>,
}

impl ByPool {
    /// Knows no pool yet.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
            provider: ByProvider::default(),
            pools: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// Says that another member may serve some lease now.
    pub(super) fn touch(&self) {
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// The contract of the pool that a device sells for. A device becomes a pool's once and for good.
    async fn pool_of(&self, device: DeviceId) -> anyhow::Result<Option<String>> {
        let known = |pools: &BTreeMap<DeviceId, String>| pools.get(&device).cloned();
        let all = &self.context.deployment.contracts.pools;
        {
            let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(pool) = known(&pools) {
                return Ok(Some(pool));
            }
            if pools.len() == all.len() {
                return Ok(None);
            }
        }
        for pool in all {
            let config: ConfigResponse =
                self.context.chain.query(pool, &QueryMsg::Config {}).await?;
            if let Some(bound) = config.device {
                let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
                pools.insert(bound, pool.clone());
            }
        }
        Ok(known(&self.pools.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[async_trait]
impl Serving for ByPool {
    async fn serves(&self, lease: &Lease) -> anyhow::Result<Served> {
        let Some(pool) = self.pool_of(lease.provider).await? else {
            return self.provider.serves(lease).await;
        };
        let ask = QueryMsg::Lease { lease: lease.id.0.into() };
        let served: ServedResponse =
            self.context.chain.query(&pool, &ask).await.with_context(|| {
                format!("lease {} is not assigned to a member of its pool yet: ask again", lease.id)
            })?;
        let on = lease.lanes.first().map_or(Lane(0), |lane| lane.lane);
        Ok(Served { by: served.member, on })
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
