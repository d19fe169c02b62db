//! Keeping the table in step with the escrow contract. Events only say which leases to read; what is
//! known of a lease is always the contract's answer. "I could not ask" never means "it is closed".

use super::pools::Pools;
use super::table::{self, Watched};
use super::{Lease, Leases};
use crate::deploy::Contracts;
use crate::follow::{Follower, Since};
use crate::observe;
use crate::registrar;
use crate::settler::vouchers;
use crate::store::Store;
use anyhow::Context as _;
use caplet_api::common::MAX_LIMIT;
use caplet_api::escrow::{LeaseResponse, LeasesResponse, QueryMsg};
use caplet_api::event::{
    CapMoved, EpochCleared, EventError, LeaseClosed, LeaseServed, LeasesClosing, LeasesOpened,
    LeasesToppedUp, MemberChanged, NoticeGiven, OfferTaken, Settled,
};
use caplet_chain::{Chain, ChainError, ChainExt as _, Event};
use caplet_protocol::{DeviceId, LeaseId, OrderId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Wait after the chain could not be asked.
const RETRY: Duration = Duration::from_secs(2);

/// The task behind [`Leases`].
pub(super) struct Sync {
    pub(super) leases: Leases,
    pub(super) chain: Arc<dyn Chain>,
    pub(super) escrow: String,
    pub(super) auction: String,
    pub(super) store: Store,
    follower: Follower,
    /// Devices enrolled here when the table was read last.
    local: BTreeSet<DeviceId>,
    pools: Pools,
    /// Devices of pools that a local device stands behind.
    stood_for: BTreeSet<DeviceId>,
}

/// Leases to read, with the demand they fill where an event named it.
type Touched = BTreeMap<LeaseId, Option<OrderId>>;

impl Sync {
    /// Takes up what an earlier run knew.
    pub(super) async fn open(
        leases: Leases,
        chain: Arc<dyn Chain>,
        contracts: &Contracts,
        store: Store,
    ) -> anyhow::Result<Self> {
        let (escrow, auction) = (contracts.escrow.clone(), contracts.auction.clone());
        let (watched, height) = table::load(&store)?;
        let mut follower = Follower::default();
        if let Some(height) = height {
            follower.reached(height);
        }
        let local = local(&store)?;
        let mut pools = Pools::new(contracts.pools.clone());
        pools.refresh(&*chain).await?;
        let stood_for = pools.stood_for(&local);
        leases.put_pools(pools.bound().clone(), pools.committed());
        let mut sync =
            Self { leases, chain, escrow, auction, store, follower, local, pools, stood_for };
        let touched = watched.into_iter().map(|Watched { lease, demand }| (lease, demand));
        sync.read(touched.collect()).await?;
        sync.step().await?;
        Ok(sync)
    }

    /// Runs until told to stop.
    pub(super) async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut blocks = self.chain.watch();
        loop {
            blocks.borrow_and_update();
            let retry = match self.step().await {
                Ok(()) => None,
                Err(error) => {
                    observe::leases_behind(&format!("{error:#}"));
                    Some(RETRY)
                }
            };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                changed = blocks.changed(), if retry.is_none() => changed?,
                () = tokio::time::sleep(retry.unwrap_or_default()), if retry.is_some() => {}
            }
        }
    }

    /// Brings the table to the head.
    pub(super) async fn step(&mut self) -> anyhow::Result<()> {
        let now_local = local(&self.store)?;
        if !now_local.is_subset(&self.local) {
            // A device that came here may have brought leases along.
            self.follower.lose();
        }
        self.local = now_local;
        let mut contracts = vec![self.escrow.as_str(), self.auction.as_str()];
        contracts.extend(self.pools.contracts());
        let since = self.follower.since(&*self.chain, &contracts).await?;
        let moved = match &since {
            Since::Missed(_) => true,
            Since::Events(_, events) => events.iter().any(is_of_members) || self.pools.is_waiting(),
        };
        let grown = moved && self.look_at_pools().await?;
        let (height, touched) = match since {
            Since::Missed(head) => (head.height, self.list().await?),
            Since::Events(head, _) if grown => (head.height, self.list().await?),
            Since::Events(head, events) => {
                let touched = self.touched(&events).context("reading the escrow's events")?;
                (head.height, touched)
            }
        };
        let known = touched.clone();
        self.read(touched).await?;
        table::note(&self.store, &known, height)?;
        self.follower.reached(height);
        Ok(())
    }

    /// Reads the pools anew; whether a local device stands behind one more of them, whose leases are ours now.
    async fn look_at_pools(&mut self) -> anyhow::Result<bool> {
        self.pools.refresh(&*self.chain).await?;
        let stood_for = self.pools.stood_for(&self.local);
        let grown = !stood_for.is_subset(&self.stood_for);
        self.stood_for = stood_for;
        self.leases.put_pools(self.pools.bound().clone(), self.pools.committed());
        Ok(grown)
    }

    fn is_provided(&self, device: DeviceId) -> bool {
        self.local.contains(&device) || self.stood_for.contains(&device)
    }

    /// Leases of ours that events touch.
    fn touched(&self, events: &[Event]) -> Result<Touched, EventError> {
        let (mut touched, mut instant) = (Touched::new(), false);
        for event in events {
            match event.ty.strip_prefix("wasm-").unwrap_or(&event.ty) {
                LeasesOpened::NAME => {
                    let opened = LeasesOpened::try_from(event)?;
                    touched.extend(self.ours(&opened, instant));
                }
                // The auction speaks before the escrow it calls. Number 0 is the first demand of a market
                // in a clearing, and none in a take.
                OfferTaken::NAME => instant = true,
                EpochCleared::NAME => instant = false,
                LeasesClosing::NAME => {
                    let closing = LeasesClosing::try_from(event)?;
                    self.known(&closing.leases, &mut touched);
                }
                LeaseClosed::NAME => {
                    let closed = LeaseClosed::try_from(event)?;
                    self.known(&[closed.lease], &mut touched);
                }
                Settled::NAME => self.known(&Settled::try_from(event)?.leases, &mut touched),
                NoticeGiven::NAME => {
                    self.known(&NoticeGiven::try_from(event)?.leases, &mut touched);
                }
                LeasesToppedUp::NAME => {
                    self.known(&LeasesToppedUp::try_from(event)?.leases, &mut touched);
                }
                LeaseServed::NAME => {
                    self.known(&[LeaseServed::try_from(event)?.lease], &mut touched);
                }
                CapMoved::NAME => self.known(&[CapMoved::try_from(event)?.lease], &mut touched),
                _ => {}
            }
        }
        Ok(touched)
    }

    /// The leases of an opening in which a local device takes part.
    fn ours<'a>(
        &'a self,
        opened: &'a LeasesOpened,
        instant: bool,
    ) -> impl Iterator<Item = (LeaseId, Option<OrderId>)> {
        let parties = opened.consumers.iter().zip(&opened.providers);
        let demands = opened.demands.iter().copied().map(Some).chain(std::iter::repeat(None));
        let device = |number: u64| u32::try_from(number).ok().map(DeviceId);
        let consumes = move |c| device(c).is_some_and(|device| self.local.contains(&device));
        let provides = move |p| device(p).is_some_and(|device| self.is_provided(device));
        opened.leases.iter().zip(parties).zip(demands).filter_map(
            move |((lease, (c, p)), demand)| {
                let demand = demand.filter(|_| !instant).and_then(OrderId::from_u64);
                (consumes(*c) || provides(*p)).then_some((LeaseId(*lease), demand))
            },
        )
    }

    fn known(&self, leases: &[u64], touched: &mut Touched) {
        let table = self.leases.read();
        for lease in leases.iter().map(|lease| LeaseId(*lease)) {
            if table.contains_key(&lease) {
                touched.entry(lease).or_default();
            }
        }
    }

    /// Every lease of ours that is not over, by going through all there are.
    async fn list(&self) -> anyhow::Result<Touched> {
        let (mut touched, mut start_after) = (Touched::new(), None);
        loop {
            let query = QueryMsg::Leases { start_after, limit: Some(MAX_LIMIT) };
            let LeasesResponse { leases } = self.chain.query(&self.escrow, &query).await?;
            let Some(last) = leases.last() else { break };
            start_after = Some(last.lease);
            for lease in &leases {
                let ours = self.local.contains(&lease.consumer) || self.is_provided(lease.provider);
                let id = LeaseId(lease.lease.u64());
                // A closed one that is not over may still be rated.
                if ours && !table::is_over(&self.store, id)? {
                    touched.insert(id, None);
                }
            }
        }
        observe::leases_listed(touched.len());
        Ok(touched)
    }

    async fn read(&self, touched: Touched) -> anyhow::Result<()> {
        if touched.is_empty() {
            return Ok(());
        }
        let mut read = Vec::with_capacity(touched.len());
        for (id, demand) in touched {
            let query = QueryMsg::Lease { lease: id.0.into() };
            let answer: LeaseResponse = match self.chain.query(&self.escrow, &query).await {
                Ok(answer) => answer,
                // Only a chain that was set back knows less than before.
                Err(ChainError::Query { log, .. }) => {
                    observe::lease_unknown(id, &log);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let server = self.pools.server(&*self.chain, &answer).await?;
            let consumes = self.local.contains(&answer.consumer);
            let serves = server.is_some_and(|server| self.local.contains(&server));
            let stands_here = serves || self.is_provided(answer.provider);
            let lease =
                Lease { demand, server, stands_here, ..Lease::new(answer, consumes, serves) };
            if self.leases.get(id).is_some_and(|before| lease.has_grown(&before)) {
                // A voucher that was cut off at the cap is worth something again.
                vouchers::unclamp(&self.store, id)?;
            }
            read.push(lease);
        }
        self.leases.put(read);
        Ok(())
    }
}

/// Whether an event says that a pool's members are others now.
fn is_of_members(event: &Event) -> bool {
    event.ty.strip_prefix("wasm-").unwrap_or(&event.ty) == MemberChanged::NAME
}

fn local(store: &Store) -> anyhow::Result<BTreeSet<DeviceId>> {
    Ok(registrar::devices(store)?.into_iter().map(|device| device.id).collect())
}
