//! A chain with two keepers, the owners of their devices, and strangers who trade beside them.

use crate::common::{DENOM, Goods, free_port, until};
use caplet::config::Config;
use caplet::context::domain_of;
use caplet::deploy::{Codes, Deployment, deploy, local_spec, native_codes};
use caplet::keeper::{Keeper, Parts, ROOMS};
use caplet::scenario::register;
use caplet::store::Store;
use caplet::tasks::Group;
use caplet_api::auction::{self, DemandInput, OfferInput};
use caplet_api::event::{LeasesOpened, OrdersPlaced};
use caplet_api::futures::{
    ExecuteMsg, MarkResponse, PositionResponse, QueryMsg, SeriesListResponse, SeriesResponse,
};
use caplet_api::{escrow, registry};
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace};
use caplet_chain::{
    Chain, ChainExt as _, Coin, Msg, Patience, Signer, TxOptions, TxResult, execute_and_confirm,
};
use caplet_protocol::layout::OrderFlags;
use caplet_protocol::{CellId, DeviceId, Kind, Lots, MarketId, OrderId};
use caplet_simulator::{Device, Letting, Plan, Provision, Told, origin::Origin};
use ed25519_dalek::SigningKey;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

pub const MARKET: MarketId = MarketId(1);
/// Seconds of a slot: a window of a series here, where a week of hours would be one.
pub const SLOT_SECS: u64 = 40;
/// What the market begins with, base units a lot: nobody clears it, so that stays its base price.
pub const BASE: u64 = 1_000;
/// What thermometers let out: two seconds of readings.
const READINGS: Goods =
    Goods { kind: Kind::Sensor, resource: "temperature", unit: "reading", lot: 20 };
/// What the seller's device asks on spot: nobody takes that.
const DEAR: u64 = 20_000;
const DEPOSIT: u128 = 1_000_000;

/// Accounts: who sells ahead, who buys ahead, and strangers, consumers and providers.
pub const SELLER: u8 = 3;
pub const BUYER: u8 = 4;
pub const CONSUMERS: [u8; 2] = [5, 6];
pub const PROVIDERS: [u8; 2] = [7, 8];

pub fn signer(n: u8) -> Signer {
    Signer::from_bytes(&[n; 32], "wasm").unwrap()
}

/// The account of a keeper, 1 or 2.
pub fn keeper_signer(number: u8) -> Signer {
    signer(10 + number)
}

/// Chain, contracts, devices.
pub struct Stand {
    pub chain: Arc<dyn Chain>,
    pub deployment: Deployment,
    pub futures: String,
    admin: Signer,
    folder: tempfile::TempDir,
    lives: Group,
    told: mpsc::UnboundedSender<Told>,
    _hears: mpsc::UnboundedReceiver<Told>,
    origin: Origin,
}

impl Stand {
    pub async fn new() -> Self {
        let admin = signer(1);
        let owners = [SELLER, BUYER].into_iter().chain(CONSUMERS).chain(PROVIDERS);
        let owners: Vec<Signer> = owners.map(signer).collect();
        let keepers = [1, 2].map(keeper_signer);
        let rich = |signer: &Signer| {
            (signer.address().to_owned(), vec![Coin::new(1_000_000_000_000, DENOM)])
        };
        let options = Options {
            folder: None,
            pace: Pace::Every(Duration::from_millis(100)),
            genesis: Genesis {
                chain_id: "test-1".into(),
                prefix: "wasm".into(),
                time_ns: None,
                accounts: owners.iter().chain(&keepers).chain([&admin]).map(rich).collect(),
            },
            codes: native_codes(),
            limits: Limits::default(),
        };
        let chain: Arc<dyn Chain> = Arc::new(EmbeddedChain::open(options).await.unwrap());
        let mut spec = local_spec(&[admin.address().to_owned()]);
        let market = &mut spec.markets[0];
        (market.lot_units, market.slot_secs) = (READINGS.lot.into(), SLOT_SECS as u32);
        // short series are not to default before the slot comes, however slow this machine is
        spec.futures.as_mut().unwrap().grace_secs = 3_600;
        let deployment = deploy(&*chain, &admin, &Codes::Native, &spec).await.unwrap();
        let (told, hears) = mpsc::unbounded_channel();
        let stand = Self {
            futures: deployment.contracts.futures.clone().unwrap(),
            chain,
            deployment,
            admin,
            folder: tempfile::tempdir().unwrap(),
            lives: Group::new("lives"),
            told,
            _hears: hears,
            origin: Origin::start().await.unwrap(),
        };
        for owner in &owners {
            stand.open(owner).await;
        }
        stand
    }

    /// An account in the registry, with money in escrow.
    async fn open(&self, signer: &Signer) {
        let open = registry::ExecuteMsg::OpenAccount { address: None };
        let deposit = escrow::ExecuteMsg::Deposit { account: None };
        let coins = vec![Coin::new(DEPOSIT, DENOM)];
        let contracts = &self.deployment.contracts;
        let msgs = vec![
            Msg::execute(&contracts.registry, &open).unwrap(),
            Msg::execute_with(&contracts.escrow, &deposit, coins).unwrap(),
        ];
        self.send(signer, msgs).await;
    }

    async fn send(&self, signer: &Signer, msgs: Vec<Msg>) -> TxResult {
        execute_and_confirm(&*self.chain, signer, msgs, TxOptions::default(), Patience::default())
            .await
            .unwrap()
    }

    /// An owner's own message to the futures contract.
    pub async fn tell(&self, owner: u8, msg: &ExecuteMsg) -> TxResult {
        self.send(&signer(owner), vec![Msg::execute(&self.futures, msg).unwrap()]).await
    }

    /// An owner's own message to the auction.
    pub async fn trade(&self, owner: u8, msg: &auction::ExecuteMsg) -> TxResult {
        let auction = &self.deployment.contracts.auction;
        self.send(&signer(owner), vec![Msg::execute(auction, msg).unwrap()]).await
    }

    /// A keeper that clears no market.
    pub async fn keeper(&self, number: u8, change: impl FnOnce(&mut Config)) -> Keeper {
        let folder = self.folder.path().join(number.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let mut config = Config { data: folder.clone(), ..Config::default() };
        config.mqtt.embedded.listen = free_port();
        config.exchange.listen = "127.0.0.1:0".parse().unwrap();
        config.fabric.listen = "127.0.0.1:0".parse().unwrap();
        config.fabric.desk = "127.0.0.1:0".parse().unwrap();
        config.settle.min_value = 1;
        config.settle.max_age_secs = 1;
        config.roles.matcher = false;
        change(&mut config);
        let parts = Parts {
            config,
            chain: Arc::clone(&self.chain),
            deployment: self.deployment.clone(),
            signer: keeper_signer(number),
            key: SigningKey::from_bytes(&[100 + number; 32]),
            store: Store::open(&folder.join("keeper.db"), ROOMS).unwrap(),
        };
        let keeper = Keeper::start(parts).await.unwrap();
        let cell = registry::ExecuteMsg::AssignCell {
            gateway: keeper_signer(number).address().to_owned(),
            cell: CellId(number.into()),
        };
        let msg = Msg::execute(&self.deployment.contracts.registry, &cell).unwrap();
        self.send(&self.admin, vec![msg]).await;
        keeper
    }

    /// A thermometer of the seller's at a keeper; one lot of it is on spot, too dear for anybody.
    pub async fn thermometer(&self, keeper: &Keeper) -> DeviceId {
        let lets = vec![Letting { ask: DEAR, ..READINGS.letting() }];
        self.device(keeper, 60, SELLER, lets).await
    }

    /// A device of the buyer's at a keeper; it asks for nothing by itself.
    pub async fn reader(&self, keeper: &Keeper) -> DeviceId {
        self.device(keeper, 70, BUYER, Vec::new()).await
    }

    async fn device(&self, keeper: &Keeper, seed: u8, owner: u8, lets: Vec<Letting>) -> DeviceId {
        let domains = &keeper.context().domains;
        let provision = Provision {
            broker: keeper.broker().unwrap().to_string(),
            gateway: keeper.context().key.verifying_key().to_bytes(),
            registry: domain_of(&domains.registry).unwrap(),
            auction: domain_of(&domains.auction).unwrap(),
            escrow: domain_of(&domains.escrow).unwrap(),
            owner: signer(owner).address().to_owned(),
        };
        let plan = Plan {
            name: format!("device {seed}"),
            seed: [seed; 32],
            provision,
            lets,
            wants: Vec::new(),
            origin: self.origin.address(),
            granted: true,
        };
        let (mut device, life) = Device::new(plan, self.told.clone());
        self.lives.spawn("device", life.run(self.lives.stop_token()));
        device.enrolled().await.unwrap()
    }

    /// A device of a stranger's, behind the first keeper in name only.
    pub async fn stranger(&self, owner: u8) -> DeviceId {
        let registry = &self.deployment.contracts.registry;
        let (key, gateway) = (SigningKey::from_bytes(&[owner; 32]), keeper_signer(1));
        let owner = signer(owner).address().to_owned();
        let by = &self.admin;
        register(&*self.chain, registry, by, &key, &owner, gateway.address()).await.unwrap()
    }

    /// A trade of the instant lane by the owners' own messages; the lease.
    pub async fn spot(
        &self,
        (provider, sells): (u8, DeviceId),
        (consumer, buys): (u8, DeviceId),
        ask: u64,
    ) -> u64 {
        let (not_after, sequence) = ((self.now() + 60).into(), 1_000);
        let offer = OfferInput {
            device: sells,
            sequence,
            latency: 0,
            throughput: 0,
            accuracy: 0,
            flags: OrderFlags(0),
            tags: 0,
            ask: ask.into(),
            batch: Lots(0),
            instant: Lots(1),
            not_after,
            relay_fee: 0u64.into(),
            signature: None,
        };
        let (offers, demands) = (vec![offer], Vec::new());
        let place = auction::ExecuteMsg::Place { market: MARKET, offers, demands };
        let placed = self.trade(provider, &place).await;
        let placed: OrdersPlaced = find(&placed);
        let demand = DemandInput {
            device: buys,
            sequence,
            latency: 0,
            throughput: 0,
            accuracy: 0,
            reliability: 0,
            flags: OrderFlags(0),
            tags: 0,
            rho: 0,
            lambda: 0,
            limit: (2 * ask).into(),
            lots: Lots(1),
            not_after,
            relay_fee: 0u64.into(),
            signature: None,
        };
        let offer = OrderId { page: placed.page, slot: 0 }.to_u64().into();
        let take = auction::ExecuteMsg::Take { offer, demand, market: MARKET, lease: None };
        let opened: LeasesOpened = find(&self.trade(consumer, &take).await);
        opened.leases[0]
    }

    async fn ask<T>(&self, contract: &str, msg: &impl Serialize) -> T
    where
        T: serde::de::DeserializeOwned + Send,
    {
        let msg = serde_json::to_value(msg).unwrap();
        self.chain.query(contract, &msg).await.unwrap()
    }

    /// All series, in the order in which they were issued.
    pub async fn series(&self) -> Vec<SeriesResponse> {
        let ask = QueryMsg::AllSeries { start_after: None, limit: Some(100) };
        self.ask::<SeriesListResponse>(&self.futures, &ask).await.series
    }

    pub async fn mark(&self) -> MarkResponse {
        self.ask(&self.futures, &QueryMsg::Mark { market: MARKET }).await
    }

    /// Lots that a device holds of a series of one slot.
    pub async fn holds(&self, series: u32, device: DeviceId) -> u32 {
        let ask = QueryMsg::Position { series, device };
        let found: PositionResponse = self.ask(&self.futures, &ask).await;
        found.runs.iter().map(|run| run.lots).sum()
    }

    /// Lots of a device that are reserved in a slot.
    pub async fn reserved(&self, device: DeviceId, slot: u32) -> u16 {
        let (first_slot, slots) = (Some(slot), Some(1));
        let ask = auction::QueryMsg::Capacity { market: MARKET, device, first_slot, slots };
        let auction = self.deployment.contracts.auction.clone();
        let found: auction::CapacityResponse = self.ask(&auction, &ask).await;
        found.slots[0].reserved.0
    }

    pub async fn closed(&self, lease: u64) -> escrow::LeaseResponse {
        let contract = self.deployment.contracts.escrow.clone();
        until("the lease to close", async || {
            let ask = escrow::QueryMsg::Lease { lease: lease.into() };
            let found: escrow::LeaseResponse = self.ask(&contract, &ask).await;
            (found.state == escrow::LeaseState::Closed).then_some(found)
        })
        .await
    }

    /// Block time, Unix seconds.
    pub fn now(&self) -> u64 {
        self.chain.watch().borrow().time_ns / 1_000_000_000
    }

    /// Ends the devices, then the keepers.
    pub async fn end(self, keepers: impl IntoIterator<Item = Keeper>) {
        self.lives.drain(Duration::from_secs(5)).await;
        for keeper in keepers {
            keeper.stop(Duration::from_secs(10)).await;
        }
    }
}

/// The first event of a kind.
pub fn find<T>(result: &TxResult) -> T
where
    T: for<'e> TryFrom<&'e cosmwasm_std::Event>,
{
    result.events.iter().find_map(|event| T::try_from(event).ok()).unwrap()
}
