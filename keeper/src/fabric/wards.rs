//! Replicas that fellow members bring: to which device of this gateway, and what the chain says of the lease.

use super::host::Offering;
use crate::observe;
use crate::registrar;
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_fabric::host::Door;
use caplet_fabric::lease::{ChainView as _, LeaseView, Party};
use caplet_fabric::link::{Key, Link};
use caplet_fabric_fs::Shelves;
use caplet_fabric_fs::replica::{Standby, Standing, Wards};
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Takes links on which replicas are brought.
pub(super) struct ReplicaDoor(pub(super) Standby);

#[async_trait]
impl Door for ReplicaDoor {
    async fn enter(&self, link: Arc<dyn Link>) {
        self.0.serve(link).await;
    }
}

/// By the chain and by what devices here let out.
pub(super) struct ByChain(pub(super) Arc<Offering>);

impl ByChain {
    async fn stands(
        &self,
        lease: LeaseId,
        at: DeviceId,
    ) -> anyhow::Result<(Standing, Arc<Shelves>)> {
        let Offering { parts, .. } = &*self.0;
        let (sight, here) = (&parts.sight, registrar::device(&parts.context.store, at)?);
        here.with_context(|| format!("device {at} is not here: dial its gateway"))?;
        let view = sight.lease(lease).await?;
        let provider = sight.leases.get(lease).map_or(view.provider.device, |known| known.provider);
        let members: BTreeSet<DeviceId> =
            sight.leases.pool_of(provider).iter().flat_map(|pool| pool.members()).collect();
        let at = Party { device: at, endpoints: sight.granted(at).await? };
        if members.contains(&at.device) {
            // as if it served: then it stores as it will when it does
            let served = LeaseView { provider: at.clone(), ..view.clone() };
            self.0.offer(&served).await?;
        }
        let shelves = parts.stores.shelves(at.device);
        let shelves = shelves
            .with_context(|| format!("device {} stores nothing for lease {lease}", at.device))?;
        let (now, age) = (sight.now(), sight.age());
        Ok((Standing { lease: view, at, members, now, age }, shelves))
    }
}

#[async_trait]
impl Wards for ByChain {
    async fn standing(
        &self,
        lease: LeaseId,
        at: DeviceId,
    ) -> Result<(Standing, Arc<Shelves>), String> {
        self.stands(lease, at).await.map_err(|error| format!("{error:#}"))
    }

    fn refused(&self, lease: LeaseId, peer: Key, why: &str) {
        observe::replica_refused(lease, &hex::encode(peer), why);
    }
}
