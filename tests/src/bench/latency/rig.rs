//! Two keepers and their devices.

use crate::bench::devices::{letting, plan, want};
use anyhow::Context as _;
use caplet::config::Config;
use caplet::context::{Domains, domain_of};
use caplet::keeper::{Keeper, Parts, ROOMS};
use caplet::scenario::Stage;
use caplet::store::Store;
use caplet::tasks::Group;
use caplet_api::auction::{MarketResponse, QueryMsg as AskAuction};
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::registry::ExecuteMsg as Registry;
use caplet_chain::{
    ChainExt as _, Coin, Head, Msg, Patience, Signer, TxOptions, execute_and_confirm,
};
use caplet_protocol::{AssetId, DeviceId, LeaseId, MarketId, wire};
use caplet_simulator::{Device, Plan, Provision, Told};
use cosmwasm_std::Uint64;
use ed25519_dalek::SigningKey;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;

/// Sensors, and the lots that each lets at a time.
const SENSORS: usize = 4;
const LOTS: u32 = 24;
/// Consumers of each lane.
const CONSUMERS: usize = 8;
/// Base units that the payer puts into escrow, and that each device may commit.
const DEPOSIT: u128 = 1_000_000_000;
const LIMIT: u64 = 50_000_000;
/// Time for the sensors' offers to be proposed, signed, placed and frozen.
const OFFERS: Duration = Duration::from_secs(10);
const ENROL: Duration = Duration::from_secs(60);

/// A device that asks.
pub(super) struct Consumer {
    pub(super) device: Device,
    pub(super) lane: &'static str,
}

/// Everything that runs.
pub(super) struct Rig {
    stage: Stage,
    keepers: Vec<Keeper>,
    tasks: Group,
    told: mpsc::UnboundedSender<Told>,
    pub(super) hears: mpsc::UnboundedReceiver<Told>,
    pub(super) consumers: Vec<Consumer>,
}

impl Rig {
    /// Starts keepers and devices, pays in, and waits for the first offers.
    pub(super) async fn set(stage: Stage) -> anyhow::Result<Self> {
        let (told, hears) = mpsc::unbounded_channel();
        let mut keepers = Vec::new();
        for (index, signer) in stage.gateways.iter().enumerate() {
            keepers.push(keeper(&stage, index, signer).await?);
        }
        let tasks = Group::new("bench");
        let mut rig = Self { stage, keepers, tasks, told, hears, consumers: Vec::new() };
        rig.deposit().await?;
        let market = rig.market().await?;
        let seller = rig.stage.providers[0].address().to_owned();
        let buyer = rig.stage.payers[1].address().to_owned();
        let mut devices = Vec::new();
        for index in 0..SENSORS {
            let provision = rig.provision(0, &seller)?;
            let name = format!("sensor {index}");
            devices.push(rig.live(plan(name, provision, vec![letting(&market, LOTS)], Vec::new())));
        }
        for (lane, of) in
            [("batch", wire::LanePreference::Batch), ("instant", wire::LanePreference::Instant)]
        {
            for index in 0..CONSUMERS {
                let provision = rig.provision(1, &buyer)?;
                let wants = vec![want(&market, of)];
                let device =
                    rig.live(plan(format!("{lane} {index}"), provision, Vec::new(), wants));
                device.set_asking(false);
                rig.consumers.push(Consumer { device: device.clone(), lane });
                devices.push(device);
            }
        }
        let ids = enrolled(devices).await?;
        rig.authorise(ids.get(SENSORS..).unwrap_or_default()).await?;
        tokio::time::sleep(OFFERS).await;
        Ok(rig)
    }

    /// Leases of which the consumers' gateway has counted a reading.
    pub(super) fn read(&self) -> Vec<LeaseId> {
        let fabric = self.keepers.get(1).and_then(Keeper::fabric);
        let local = fabric.map(|fabric| fabric.consumers().all()).unwrap_or_default();
        local.into_iter().filter(|local| local.units > 0).map(|local| local.lease).collect()
    }

    /// The chain's head.
    pub(super) async fn head(&self) -> anyhow::Result<Head> {
        Ok(self.stage.chain.head().await?)
    }

    /// Ends devices, then keepers.
    pub(super) async fn stop(self) {
        self.tasks.drain(Duration::from_secs(5)).await;
        for keeper in self.keepers {
            keeper.stop(Duration::from_secs(10)).await;
        }
    }

    async fn market(&self) -> anyhow::Result<MarketResponse> {
        let ask = AskAuction::Market { market: MarketId(1) };
        Ok(self.stage.chain.query(&self.stage.deployment.contracts.auction, &ask).await?)
    }

    fn provision(&self, gateway: usize, owner: &str) -> anyhow::Result<Provision> {
        let keeper = self.keepers.get(gateway).context("no such gateway")?;
        provision(keeper.broker()?, &keeper.context().key, &keeper.context().domains, owner)
    }

    fn live(&self, plan: Plan) -> Device {
        let plan = Plan { granted: true, ..plan };
        let (device, life) = Device::new(plan, self.told.clone());
        self.tasks.spawn("device", life.run(self.tasks.stop_token()));
        device
    }

    async fn deposit(&self) -> anyhow::Result<()> {
        let contracts = &self.stage.deployment.contracts;
        let open = Msg::execute(&contracts.registry, &Registry::OpenAccount { address: None })?;
        let deposit = Escrow::Deposit { account: None };
        let funds = vec![Coin::new(DEPOSIT, "ucap")];
        let deposit = Msg::execute_with(&contracts.escrow, &deposit, funds)?;
        self.send(vec![open, deposit]).await
    }

    async fn authorise(&self, devices: &[DeviceId]) -> anyhow::Result<()> {
        let escrow = &self.stage.deployment.contracts.escrow;
        let allow = |device: &DeviceId| {
            let limit = Uint64::new(LIMIT);
            Msg::execute(escrow, &Escrow::Authorise { device: *device, asset: AssetId(1), limit })
        };
        self.send(devices.iter().map(allow).collect::<Result<_, _>>()?).await
    }

    async fn send(&self, msgs: Vec<Msg>) -> anyhow::Result<()> {
        let (options, patience) = (TxOptions::default(), Patience::default());
        let payer = &self.stage.payers[1];
        execute_and_confirm(&*self.stage.chain, payer, msgs, options, patience).await?;
        Ok(())
    }
}

/// What a device is given at a gateway.
pub(in crate::bench) fn provision(
    broker: SocketAddr,
    gateway: &SigningKey,
    domains: &Domains,
    owner: &str,
) -> anyhow::Result<Provision> {
    Ok(Provision {
        broker: broker.to_string(),
        gateway: gateway.verifying_key().to_bytes(),
        registry: domain_of(&domains.registry)?,
        auction: domain_of(&domains.auction)?,
        escrow: domain_of(&domains.escrow)?,
        owner: owner.to_owned(),
    })
}

async fn keeper(stage: &Stage, index: usize, signer: &Signer) -> anyhow::Result<Keeper> {
    let folder = stage.folder.join(format!("gateway-{index}"));
    std::fs::create_dir_all(&folder)?;
    let mut config = Config { data: folder.clone(), ..Config::default() };
    config.mqtt.embedded.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.exchange.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.fabric.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.fabric.desk = SocketAddr::from(([127, 0, 0, 1], 0));
    let parts = Parts {
        store: Store::open(&folder.join("keeper.db"), ROOMS)?,
        config,
        chain: stage.chain.clone(),
        deployment: stage.deployment.clone(),
        signer: signer.clone(),
        key: SigningKey::from_bytes(&[u8::try_from(index)?.saturating_add(1); 32]),
    };
    Keeper::start(parts).await.with_context(|| format!("starting the keeper of gateway {index}"))
}

async fn enrolled(devices: Vec<Device>) -> anyhow::Result<Vec<DeviceId>> {
    let mut ids = Vec::with_capacity(devices.len());
    for mut device in devices {
        let id = tokio::time::timeout(ENROL, device.enrolled()).await;
        let id = id.ok().flatten();
        ids.push(id.with_context(|| format!("{} was not enrolled in time", device.name()))?);
    }
    Ok(ids)
}
