//! A pool and its consumer: who stands behind it, at which gateways, and who serves.

use super::future::{BUYER, LOTS as BOUGHT, MARKET as AHEAD};
use super::people::{People, Running};
use super::story::Story;
use crate::config::{Config, JoinConfig, NeedConfig, OfferConfig};
use crate::scenario::cast::{letting, want};
use crate::scenario::counts::Counts;
use crate::scenario::ledger::{Names, Reader};
use anyhow::{Context as _, ensure};
use caplet_api::auction::MarketResponse;
use caplet_api::escrow::{AssetResponse, ExecuteMsg as Escrow};
use caplet_api::pool::{ConfigResponse, ExecuteMsg as Pool, QueryMsg, ServedResponse};
use caplet_chain::{ChainError, ChainExt as _, Signer};
use caplet_protocol::wire::{LanePreference, LeaseNotice};
use caplet_protocol::{CellId, DeviceId, LeaseId};
use caplet_simulator::{Letting, Want};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// The members, in the order in which they serve, and the region of each one's gateway.
const MEMBERS: [(&str, CellId); 2] = [("roof-1", CellId(1)), ("roof-2", CellId(2))];
/// The consumer, and the device that the pool sells as.
const READER: &str = "display-1";
const SELLER: &str = "roofs";
/// Lots that each member commits, and that are wanted.
const LOTS: u16 = 1;
/// Percent of the base price that is paid at most.
const LIMIT: u64 = 300;
/// Seconds that the pool's offer stands.
const STANDS: u64 = 60;

/// A member of the pool.
struct Member<'a> {
    name: &'static str,
    device: DeviceId,
    owner: &'a Signer,
    /// Its gateway, while that lives.
    at: Option<Running>,
}

/// Everything that runs for it.
pub(super) struct Scene<'a> {
    pub(super) story: &'a Story<'a>,
    pub(super) pool: &'a str,
    pub(super) people: People<'a>,
    /// What the consumer's gateway counts.
    pub(super) counts: Counts,
    market: MarketResponse,
    assets: Vec<AssetResponse>,
    /// The device that the pool sells as.
    seller: DeviceId,
    /// The device for which the consumer's gateway uses what was bought ahead.
    pub(super) planner: DeviceId,
    members: Vec<Member<'a>>,
    /// The consumer's gateway.
    home: Running,
}

impl<'a> Scene<'a> {
    /// Starts the gateways and enrols the members. They join by their gateways' policy files, and the gateway of the last
    /// one offers for the pool; the consumer's uses by its own what is bought ahead.
    pub(super) async fn set(story: &'a Story<'a>, pool: &'a str) -> anyhow::Result<Self> {
        let stage = story.set.stage;
        let config: ConfigResponse = story.ask(pool, &QueryMsg::Config {}).await?;
        let market = story.market(config.market).await?;
        let assets = Reader(stage).assets().await?;
        let [_, manager, consumer] = &stage.pool;
        let mut people = People::new(story);
        let planner = story.next_device().await?;
        let need = NeedConfig { device: planner.0, market: AHEAD.0, lots: BOUGHT };
        let policy = |config: &mut Config| config.forward.needs = vec![need];
        let home = people.gateway(consumer, CellId(2), policy).await?;
        let known = (BUYER, &stage.payers[1]);
        let (_, id) = people.device(&home, known, Vec::new(), Vec::new()).await?;
        ensure!(id == planner, "{BUYER} is device {id}, its gateway was to exercise for {planner}");
        let seller = story.party(SELLER, pool, consumer).await?;
        people.names.insert(seller, SELLER.to_owned());
        story.tell(&stage.admin, pool, &Pool::Bind { device: seller }).await?;
        let named = Pool::SetManager { manager: manager.address().to_owned() };
        story.tell(&stage.admin, pool, &named).await?;
        let (counts, members) = (Counts::default(), Vec::new());
        let mut scene =
            Self { story, pool, people, counts, market, assets, seller, planner, members, home };
        for ((name, cell), owner) in MEMBERS.into_iter().zip(&stage.pool) {
            scene.member(name, cell, owner).await?;
        }
        let consumers = scene.home.0.fabric().context("a keeper without links")?.consumers();
        scene.counts.note(consumers.clone(), &scene.people.lives);
        Ok(scene)
    }

    /// Starts the gateway of the next member, and the member.
    async fn member(
        &mut self,
        name: &'static str,
        cell: CellId,
        owner: &'a Signer,
    ) -> anyhow::Result<()> {
        let place = u32::try_from(self.members.len())?;
        // devices are numbered as they come, and none comes elsewhere meanwhile
        let device = DeviceId(self.seller.0.saturating_add(place).saturating_add(1));
        let pool = self.pool.to_owned();
        let join = JoinConfig { pool, device: device.0, lots: LOTS, cost: place.into() };
        let manages = owner.address() == self.story.set.stage.pool[1].address();
        let offer = manages.then(|| self.offer());
        let change = |config: &mut Config| {
            config.forward.join = vec![join];
            config.forward.offer = offer.into_iter().collect();
            config.forward.claim = 1;
        };
        let at = self.people.gateway(owner, cell, change).await?;
        let lets = vec![letting(100, LOTS.into(), &self.market, &self.assets)];
        let (_, id) = self.people.device(&at, (name, owner), lets, Vec::new()).await?;
        ensure!(id == device, "{name} is device {id}, {device} was to join the pool");
        self.members.push(Member { name, device, owner, at: Some(at) });
        Ok(())
    }

    /// How the pool is offered: everything at once, at the base price.
    fn offer(&self) -> OfferConfig {
        OfferConfig {
            pool: self.pool.to_owned(),
            tiers: [1; 3],
            tags: 0,
            instant_bps: 10_000,
            least: 1,
            stands_secs: STANDS,
        }
    }

    /// Enrols a device at the gateway of the last member.
    pub(super) async fn neighbour(
        &mut self,
        known: (&str, &Signer),
        lets: Vec<Letting>,
    ) -> anyhow::Result<DeviceId> {
        let last = self.members.last().and_then(|member| member.at.as_ref());
        let at = last.context("the last member has no gateway")?;
        Ok(self.people.device(at, known, lets, Vec::new()).await?.1)
    }

    /// Enrols the device that wants a lot of the pool; it asks once the pool is offered. Its lease.
    pub(super) async fn leased(&mut self) -> anyhow::Result<LeaseNotice> {
        let (story, stage) = (self.story, self.story.set.stage);
        let owner = &stage.payers[1];
        let lane = LanePreference::Instant;
        let one = want(LIMIT, LOTS.into(), lane, &self.market, &self.assets);
        let (asset, limit) = (self.market.config.asset, one.limit.saturating_mul(2).into());
        let wants = vec![Want { times: Some(1), ..one }];
        let known = (READER, owner);
        let (reader, id) = self.people.device(&self.home, known, Vec::new(), wants).await?;
        let allow = Escrow::Authorise { device: id, asset, limit };
        story.tell(owner, &stage.deployment.contracts.escrow, &allow).await?;
        let (market, seller, books) = (self.market.market, self.seller, self.home.0.books());
        story
            .until("the pool to be offered", async || {
                Ok((!books.offers_of(market, seller).is_empty()).then_some(()))
            })
            .await?;
        reader.set_asking(true);
        let notice = self.people.leased(id).await?;
        self.people.show(READER, LeaseId(notice.lease), &self.counts);
        Ok(notice)
    }

    /// Who serves a lease by the contract; `None` before it is assigned and when it is accounted to its end.
    pub(super) async fn serves(&self, lease: LeaseId) -> anyhow::Result<Option<DeviceId>> {
        let ask = QueryMsg::Lease { lease: lease.0.into() };
        match self.story.set.stage.chain.query::<_, ServedResponse>(self.pool, &ask).await {
            Ok(served) => Ok(Some(served.member)),
            Err(ChainError::Query { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Kills the gateway of a member: nothing of it gets time to say good-bye.
    pub(super) async fn kill(&mut self, device: DeviceId, lease: LeaseId) -> anyhow::Result<()> {
        let member = self.members.iter_mut().find(|member| member.device == device);
        let member = member.context("a stranger serves the pool's lease")?;
        let name = member.name;
        let words = format!("the gateway of {name} is killed in the middle of lease {lease}");
        self.story.trouble(words);
        let (keeper, _) = member.at.take().context("it is dead already")?;
        keeper.stop(Duration::ZERO).await;
        Ok(())
    }

    /// What a device is called.
    pub(super) fn name(&self, device: DeviceId) -> String {
        let known = self.people.names.get(&device).cloned();
        known.unwrap_or_else(|| format!("device {device}"))
    }

    /// What all devices are called.
    pub(super) fn names(&self) -> Names {
        self.people.names.clone()
    }

    /// What is paid with.
    pub(super) fn assets(&self) -> &[AssetResponse] {
        &self.assets
    }

    /// Gateways that were started.
    pub(super) fn gateways(&self) -> usize {
        self.members.len().saturating_add(1)
    }

    /// Members, with whose they are.
    pub(super) fn owners(&self) -> BTreeMap<DeviceId, &'a Signer> {
        self.members.iter().map(|member| (member.device, member.owner)).collect()
    }

    /// Where the consumer's gateway serves what its devices have leased.
    pub(super) fn desk(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.home.0.fabric().context("a keeper without links")?.desk())
    }

    /// Ends the devices, then the gateways.
    pub(super) async fn stop(self) {
        self.people.lives.stop();
        let left = self.members.into_iter().filter_map(|member| member.at);
        for (keeper, _) in left.chain([self.home]) {
            keeper.stop(Duration::from_secs(20)).await;
        }
    }
}
