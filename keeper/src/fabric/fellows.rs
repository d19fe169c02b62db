//! Fellow members of pools: who stands by for what is stored here, and where that one is dialled.

use super::finder::peer_of;
use super::sight::Sight;
use crate::context::Context;
use crate::observe;
use async_trait::async_trait;
use caplet_api::pool::{NextResponse, QueryMsg};
use caplet_chain::ChainExt as _;
use caplet_fabric::link::{Endpoint, Link};
use caplet_fabric_fs::replica::{Happening, Next, REPLICA, Replicas};
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer of a pool's contract is believed.
const FRESH: Duration = Duration::from_secs(3);

/// Leases whose answers are kept.
const KEPT: usize = 1_024;

type Answers = BTreeMap<LeaseId, (Option<DeviceId>, Instant)>;

/// Who stands by, by the pools' contracts.
pub(super) struct Fellows {
    context: Context,
    sight: Arc<Sight>,
    dialled: Arc<dyn Endpoint>,
    known: Mutex<Answers>,
}

impl Fellows {
    pub(super) fn new(context: Context, sight: Arc<Sight>, dialled: Arc<dyn Endpoint>) -> Self {
        Self { context, sight, dialled, known: Mutex::default() }
    }

    async fn asked(&self, lease: LeaseId, pool: &str) -> anyhow::Result<Option<DeviceId>> {
        if let Some((member, at)) = self.with(|known| known.get(&lease).copied())
            && at.elapsed() < FRESH
        {
            return Ok(member);
        }
        let ask = QueryMsg::Next { lease: lease.0.into() };
        let next: NextResponse = self.context.chain.query(pool, &ask).await?;
        self.with(|known| {
            if known.len() >= KEPT {
                known.retain(|_, (_, at)| at.elapsed() < FRESH);
            }
            known.insert(lease, (next.member, Instant::now()));
        });
        Ok(next.member)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Answers) -> T) -> T {
        f(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn reach(&self, device: DeviceId) -> anyhow::Result<Arc<dyn Link>> {
        let record = self.sight.directory.endpoint_of(device).await?;
        let peer = peer_of(&record).map_err(anyhow::Error::msg)?;
        let granted = self.sight.granted(device).await?;
        anyhow::ensure!(
            granted.contains(&peer.key),
            "device {device} has not granted its gateway to accept for it: let the device grant it"
        );
        Ok(self.dialled.dial(&peer, &REPLICA.alpn()).await?)
    }
}

#[async_trait]
impl Replicas for Fellows {
    async fn next(&self, lease: LeaseId, by: DeviceId) -> Result<Next, String> {
        let Some(known) = self.sight.leases.get(lease) else { return Ok(Next::Elsewhere) };
        let served = self.sight.serving.serves(&known).await.map_err(|e| format!("{e:#}"))?;
        if served.by != by || !known.is_live() {
            return Ok(Next::Elsewhere);
        }
        let Some(pool) = self.sight.leases.pool_of(known.provider) else { return Ok(Next::Nobody) };
        match self.asked(lease, &pool.contract).await {
            Ok(Some(member)) => Ok(Next::Member(member)),
            Ok(None) => Ok(Next::Nobody),
            Err(error) => Err(format!("the pool does not say who stands by: {error:#}")),
        }
    }

    async fn dial(&self, device: DeviceId) -> Result<Arc<dyn Link>, String> {
        self.reach(device).await.map_err(|error| format!("{error:#}"))
    }

    fn note(&self, lease: LeaseId, what: Happening) {
        match what {
            Happening::InStep { at, sequence } => observe::store_in_step(lease, at, sequence),
            Happening::Alone(why) => observe::store_alone(lease, &why),
            Happening::Acknowledged(sequence) => observe::acknowledged_alone(lease, sequence),
            Happening::Lied { at } => observe::standby_lied(lease, at),
        }
    }
}
