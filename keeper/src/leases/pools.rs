//! Pools, as far as leases go: which devices stand behind a pool's device, and which of them serves a lease.

use crate::observe;
use caplet_api::escrow::LeaseResponse;
use caplet_api::pool::{ConfigResponse, MAX_MEMBERS, MembersResponse, QueryMsg, ServedResponse};
use caplet_chain::{Chain, ChainError, ChainExt as _};
use caplet_protocol::{DeviceId, MarketId};
use std::collections::{BTreeMap, BTreeSet};

/// Lots of members by device and market.
pub(super) type Committed = BTreeMap<(DeviceId, MarketId), u32>;

/// A pool whose device is bound.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) contract: String,
    market: MarketId,
    /// Maps members to the lots they committed.
    members: BTreeMap<DeviceId, u16>,
}

impl Pool {
    /// Devices that stand behind it.
    pub(crate) fn members(&self) -> impl Iterator<Item = DeviceId> {
        self.members.keys().copied()
    }
}

/// Maps the device that a pool sells as to the pool. A device becomes a pool's once and for good.
pub(super) type Bound = BTreeMap<DeviceId, Pool>;

/// The pools of a deployment.
pub(super) struct Pools {
    contracts: Vec<String>,
    bound: Bound,
}

impl Pools {
    pub(super) const fn new(contracts: Vec<String>) -> Self {
        Self { contracts, bound: BTreeMap::new() }
    }

    /// Addresses, for whoever follows their events.
    pub(super) fn contracts(&self) -> impl Iterator<Item = &str> {
        self.contracts.iter().map(String::as_str)
    }

    /// Whether a pool has no device yet: it gets one without an event of its own.
    pub(super) fn is_waiting(&self) -> bool {
        self.bound.len() < self.contracts.len()
    }

    /// Reads pools and members anew.
    pub(super) async fn refresh(&mut self, chain: &dyn Chain) -> Result<(), ChainError> {
        for contract in &self.contracts {
            match read(chain, contract).await {
                Ok(Some((device, pool))) => {
                    self.bound.insert(device, pool);
                }
                Ok(None) => {}
                // one pool that does not answer keeps no lease of the others from being read
                Err(ChainError::Query { log, .. }) => observe::pool_unread(contract, &log),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Those that have a device.
    pub(super) const fn bound(&self) -> &Bound {
        &self.bound
    }

    /// Devices of pools with a member among `local`.
    pub(super) fn stood_for(&self, local: &BTreeSet<DeviceId>) -> BTreeSet<DeviceId> {
        let of_ours = |pool: &Pool| pool.members.keys().any(|member| local.contains(member));
        self.bound.iter().filter(|(_, pool)| of_ours(pool)).map(|(device, _)| *device).collect()
    }

    /// What members committed.
    pub(super) fn committed(&self) -> Committed {
        let mut all = Committed::new();
        for pool in self.bound.values() {
            for (member, lots) in &pool.members {
                let sum = all.entry((*member, pool.market)).or_default();
                *sum = sum.saturating_add((*lots).into());
            }
        }
        all
    }

    /// The device that serves a lease now: of a pool's the member, `None` before one is assigned; of any other its
    /// provider.
    pub(super) async fn server(
        &self,
        chain: &dyn Chain,
        lease: &LeaseResponse,
    ) -> Result<Option<DeviceId>, ChainError> {
        let Some(pool) = self.bound.get(&lease.provider) else { return Ok(Some(lease.provider)) };
        let ask = QueryMsg::Lease { lease: lease.lease };
        match chain.query::<_, ServedResponse>(&pool.contract, &ask).await {
            Ok(served) => Ok(Some(served.member)),
            Err(ChainError::Query { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

async fn read(chain: &dyn Chain, contract: &str) -> Result<Option<(DeviceId, Pool)>, ChainError> {
    let config: ConfigResponse = chain.query(contract, &QueryMsg::Config {}).await?;
    let Some(device) = config.device else { return Ok(None) };
    let limit = u32::try_from(MAX_MEMBERS).ok();
    let ask = QueryMsg::Members { start_after: None, limit };
    let found: MembersResponse = chain.query(contract, &ask).await?;
    let members = found.members.iter().map(|member| (member.device, member.lots.0)).collect();
    Ok(Some((device, Pool { contract: contract.to_owned(), market: config.market, members })))
}
