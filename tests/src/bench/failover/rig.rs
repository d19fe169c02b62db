//! A chain with a pool, the keepers of two members, and a consumer's.

use super::kills::Kills;
use crate::bench::account::account;
use crate::bench::devices::{letting, plan, want};
use crate::bench::latency::provision;
use anyhow::{Context as _, ensure};
use caplet::config::{Config, JoinConfig, OfferConfig};
use caplet::deploy::{Codes, Deployment, deploy, local_spec, native_codes};
use caplet::keeper::{Keeper, Parts, ROOMS};
use caplet::scenario::{Counts, Tally, register};
use caplet::store::Store;
use caplet::tasks::Group;
use caplet_api::auction::{MarketResponse, QueryMsg as AskAuction};
use caplet_api::escrow::{ExecuteMsg as Escrow, LeaseResponse, LeaseState, QueryMsg as AskEscrow};
use caplet_api::pool::{ExecuteMsg as Pool, QueryMsg as AskPool, ServedResponse};
use caplet_api::registry::ExecuteMsg as Registry;
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace};
use caplet_chain::{
    Chain, ChainExt as _, Coin, Msg, Patience, Signer, TxOptions, execute_and_confirm,
};
use caplet_protocol::{AssetId, Bps, DeviceId, LeaseId, MarketId, wire};
use caplet_simulator::{Device, Told};
use ed25519_dalek::SigningKey;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// From block to block, as `caplet demo` has it.
const BLOCK: Duration = Duration::from_millis(250);
/// Readings of a lot: a minute of them.
const LOT: u64 = 600;
/// Longer than what one lease sees of kills: the end of its slot ends it.
const SLOT_SECS: u32 = 600;
/// Readings that a lease must have left for a kill.
const ROOM: u64 = 150;
/// Lots that each member commits: old leases hold their slots on the ledger to the end.
const LOTS: u16 = 40;
const ENDOWMENT: u128 = 1_000_000_000_000;
const DEPOSIT: u128 = 1_000_000_000;
const PATIENCE: Duration = Duration::from_secs(120);
/// After a kill for what was on its way, and after a restart for the device to be back.
const CALM: Duration = Duration::from_millis(100);
const REST: Duration = Duration::from_millis(1_000);

/// Everything that runs.
pub(super) struct Rig {
    chain: Arc<dyn Chain>,
    deployment: Deployment,
    pool: String,
    signers: [Signer; 3],
    brokers: [SocketAddr; 3],
    folder: PathBuf,
    /// Keepers of members 0 and 1, and of the consumer.
    keepers: [Option<Keeper>; 3],
    members: Vec<DeviceId>,
    tasks: Group,
    counts: Counts,
}

fn free_port() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Rig {
    /// Starts everything and waits for a lease that is read.
    pub(super) async fn set(folder: &Path) -> anyhow::Result<Self> {
        let (admin, payer) = (account("admin")?, account("payer")?);
        let signers = [account("keeper 0")?, account("keeper 1")?, account("keeper 2")?];
        let coins = || vec![Coin::new(ENDOWMENT, "ucap")];
        let accounts = [&admin, &payer].into_iter().chain(&signers);
        let options = Options {
            folder: Some(folder.join("chain")),
            pace: Pace::Every(BLOCK),
            genesis: Genesis {
                chain_id: "caplet-bench-1".to_owned(),
                prefix: "wasm".to_owned(),
                time_ns: None,
                accounts: accounts.map(|one| (one.address().to_owned(), coins())).collect(),
            },
            codes: native_codes(),
            limits: Limits::default(),
        };
        let chain: Arc<dyn Chain> = Arc::new(EmbeddedChain::open(options).await?);
        let mut spec = local_spec(&[payer.address().to_owned()]);
        let market = spec.markets.first_mut().context("a local network has markets")?;
        (market.lot_units, market.slot_secs) = (LOT.into(), SLOT_SECS);
        // a rate that kills lower leaves a lane unemptied to the end of its slot, and is no unit that was lost
        market.quality.floor = Bps(10_000);
        let pool = spec.pools.first_mut().context("a local network has a pool")?;
        pool.manager = Some(signers[1].address().to_owned());
        pool.rules.stake = 10_000u64.into();
        let deployment = deploy(&*chain, &admin, &Codes::Native, &spec).await?;
        let pool = deployment.contracts.pools.first().context("no pool was made")?.clone();
        let mut rig = Self {
            chain,
            deployment,
            pool,
            signers,
            brokers: [free_port()?, free_port()?, free_port()?],
            folder: folder.to_owned(),
            keepers: [None, None, None],
            members: Vec::new(),
            tasks: Group::new("bench"),
            counts: Counts::default(),
        };
        rig.people(&admin, &payer).await?;
        Ok(rig)
    }

    async fn people(&mut self, admin: &Signer, payer: &Signer) -> anyhow::Result<()> {
        for signer in [payer, &self.signers[0].clone(), &self.signers[1].clone()] {
            self.deposit(signer).await?;
        }
        self.start(2).await?;
        let (told, mut hears) = mpsc::unbounded_channel::<Told>();
        self.tasks.spawn("told", async move {
            while hears.recv().await.is_some() {}
            Ok(())
        });
        let seller = self.bind(admin).await?;
        // devices are numbered as they come
        self.members = (1..=2).map(|n| DeviceId(seller.0.saturating_add(n))).collect();
        let market = self.market().await?;
        for index in 0..2 {
            self.start(index).await?;
            let owner = self.signers[index].address().to_owned();
            let id = self.device(index, &owner, &told, Some(&market), None).await?.1;
            ensure!(self.members.get(index) == Some(&id), "device {id} came out of turn");
        }
        let (reader, id) = self.device(2, payer.address(), &told, None, Some(&market)).await?;
        let limit = 500_000_000u64.into();
        let allow = Escrow::Authorise { device: id, asset: AssetId(1), limit };
        self.send(payer, Msg::execute(&self.deployment.contracts.escrow, &allow)?).await?;
        reader.set_asking(true);
        let keeper = self.keepers[2].as_ref().context("the consumer's keeper is gone")?;
        let consumers = keeper.fabric().context("a keeper without links")?.consumers();
        self.counts.note(consumers.clone(), &self.tasks);
        Ok(())
    }

    /// The lease that is read now, once it has enough left.
    async fn reading(&self) -> anyhow::Result<LeaseId> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some((lease, units)) = self.counts.all().pop_last()
                && units > 5
                && units.saturating_add(ROOM) < LOT
            {
                return Ok(lease);
            }
            tokio::time::sleep(CALM).await;
        }
        anyhow::bail!("no lease was read for {} s", PATIENCE.as_secs())
    }

    /// Kills the keeper of the member that serves, times how long units stay away, and starts it again.
    pub(super) async fn kill(&mut self, seen: &mut Kills) -> anyhow::Result<()> {
        let lease = self.reading().await?;
        let ask = AskPool::Lease { lease: lease.0.into() };
        let served: ServedResponse = self.chain.query(&self.pool, &ask).await?;
        let index = self.members.iter().position(|member| *member == served.member);
        let index = index.context("a stranger serves")?;
        let before = self.counts.of(lease);
        self.counts.more_than(lease, before, PATIENCE).await?; // it is being read at this moment
        let killed = Instant::now();
        let keeper = self.keepers[index].take().context("it is dead already")?;
        keeper.stop(Duration::ZERO).await;
        tokio::time::sleep(CALM).await;
        let last = self.counts.of(lease);
        self.counts.more_than(lease, last, PATIENCE).await?;
        let took = killed.elapsed();
        eprintln!("{} ms without units on lease {lease}", took.as_millis());
        seen.add(took);
        self.start(index).await?;
        tokio::time::sleep(REST).await;
        Ok(())
    }

    /// Waits until what is open is used up, or its slot and its settle window are over; what was counted on each
    /// lease, and paid, and in words which do not close all the same.
    pub(super) async fn leases(&self) -> anyhow::Result<(Vec<Tally>, Vec<String>)> {
        let (mut over, mut open) = (Vec::new(), Vec::new());
        for lease in self.counts.all().into_keys() {
            loop {
                let ask = AskEscrow::Lease { lease: lease.0.into() };
                let found: LeaseResponse =
                    self.chain.query(&self.deployment.contracts.escrow, &ask).await?;
                if found.state == LeaseState::Closed {
                    over.push(Tally::of(&found, self.counts.of(lease))?);
                    break;
                }
                let late = found.terms.end.u64().saturating_add(PATIENCE.as_secs());
                if self.now() >= late {
                    let (units, lanes) = (self.counts.of(lease), &found.lanes);
                    let state = found.state;
                    open.push(format!(
                        "lease {lease} does not close: {state:?}, {units} units counted, lanes {lanes:?}"
                    ));
                    break;
                }
                tokio::time::sleep(CALM).await;
            }
        }
        Ok((over, open))
    }

    /// Block time, Unix seconds.
    fn now(&self) -> u64 {
        self.chain.watch().borrow().time_ns / 1_000_000_000
    }

    /// Ends devices, then keepers.
    pub(super) async fn stop(self) {
        self.tasks.drain(Duration::from_secs(5)).await;
        for keeper in self.keepers.into_iter().flatten() {
            keeper.stop(Duration::from_secs(10)).await;
        }
    }

    async fn start(&mut self, index: usize) -> anyhow::Result<()> {
        let folder = self.folder.join(format!("keeper-{index}"));
        std::fs::create_dir_all(&folder)?;
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = Config { data: folder.clone(), ..Config::default() };
        config.mqtt.embedded.listen = self.brokers[index];
        (config.exchange.listen, config.fabric.listen, config.fabric.desk) = (free, free, free);
        (config.settle.min_value, config.settle.max_age_secs) = (1, 1);
        let pool = self.pool.clone();
        if let Some(member) = self.members.get(index) {
            let join = JoinConfig { pool: pool.clone(), device: member.0, lots: LOTS, cost: 0 };
            config.forward.join = vec![join];
        }
        if index == 1 {
            config.forward.offer = vec![OfferConfig {
                pool,
                tiers: [1; 3],
                tags: 0,
                instant_bps: 10_000,
                least: 100,
                stands_secs: 3_600,
            }];
        }
        let parts = Parts {
            store: Store::open(&folder.join("keeper.db"), ROOMS)?,
            config,
            chain: Arc::clone(&self.chain),
            deployment: self.deployment.clone(),
            signer: self.signers[index].clone(),
            key: SigningKey::from_bytes(&[u8::try_from(index)?.saturating_add(1); 32]),
        };
        let keeper = Keeper::start(parts).await.with_context(|| format!("keeper {index}"))?;
        self.keepers[index] = Some(keeper);
        Ok(())
    }

    async fn device(
        &self,
        index: usize,
        owner: &str,
        told: &mpsc::UnboundedSender<Told>,
        lets: Option<&MarketResponse>,
        wants: Option<&MarketResponse>,
    ) -> anyhow::Result<(Device, DeviceId)> {
        let keeper = self.keepers[index].as_ref().context("no such keeper")?;
        let context = keeper.context();
        let provision = provision(keeper.broker()?, &context.key, &context.domains, owner)?;
        let lets = lets.map(|market| letting(market, LOTS.into())).into_iter().collect();
        let wants = wants.map(|market| want(market, wire::LanePreference::Instant));
        let plan = plan(format!("device {index}"), provision, lets, wants.into_iter().collect());
        let (mut device, life) =
            Device::new(caplet_simulator::Plan { granted: true, ..plan }, told.clone());
        device.set_asking(false);
        self.tasks.spawn("device", life.run(self.tasks.stop_token()));
        let id = tokio::time::timeout(PATIENCE, device.enrolled()).await.ok().flatten();
        Ok((device, id.context("a device was not enrolled")?))
    }

    /// Registers the device that the pool sells as, and binds it.
    async fn bind(&self, admin: &Signer) -> anyhow::Result<DeviceId> {
        let registry = &self.deployment.contracts.registry;
        let (key, gateway) = (SigningKey::from_bytes(&[77; 32]), self.signers[2].address());
        let device = register(&*self.chain, registry, admin, &key, &self.pool, gateway).await?;
        let bind = Pool::Bind { device };
        self.send(&self.signers[1], Msg::execute(&self.pool, &bind)?).await?;
        Ok(device)
    }

    async fn deposit(&self, signer: &Signer) -> anyhow::Result<()> {
        let contracts = &self.deployment.contracts;
        let open = Registry::OpenAccount { address: None };
        self.send(signer, Msg::execute(&contracts.registry, &open)?).await?;
        let deposit = Escrow::Deposit { account: None };
        let funds = vec![Coin::new(DEPOSIT, "ucap")];
        self.send(signer, Msg::execute_with(&contracts.escrow, &deposit, funds)?).await
    }

    async fn market(&self) -> anyhow::Result<MarketResponse> {
        let ask = AskAuction::Market { market: MarketId(1) };
        Ok(self.chain.query(&self.deployment.contracts.auction, &ask).await?)
    }

    async fn send(&self, signer: &Signer, msg: Msg) -> anyhow::Result<()> {
        let (options, patience) = (TxOptions::default(), Patience::default());
        execute_and_confirm(&*self.chain, signer, vec![msg], options, patience).await?;
        Ok(())
    }
}
