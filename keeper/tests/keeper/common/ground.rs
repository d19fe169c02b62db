//! What stands of gateways and devices stand on: a chain with the contracts, accounts with money, keepers, devices of
//! flesh, and strangers who trade beside them.

use super::{DENOM, freed, until};
use caplet::config::Config;
use caplet::context::domain_of;
use caplet::deploy::{Codes, Deployment, Spec, deploy, native_codes};
use caplet::keeper::{Keeper, Parts, ROOMS};
use caplet::scenario::register;
use caplet::store::Store;
use caplet::tasks::Group;
use caplet_api::auction;
use caplet_api::escrow::{self, LeaseResponse, LeaseState};
use caplet_api::event::{LeasesOpened, OrdersPlaced};
use caplet_api::registry;
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace};
use caplet_chain::{
    Chain, ChainExt as _, Coin, Msg, Patience, Signer, TxOptions, TxResult, execute_and_confirm,
};
use caplet_protocol::{CellId, DeviceId, LeaseId, MarketId, OrderId};
use caplet_simulator::{Device, Letting, Plan, Provision, Told, Want, origin::Origin};
use caplet_testkit::orders;
use ed25519_dalek::SigningKey;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// The market that everything is traded in.
pub const MARKET: MarketId = MarketId(1);

/// The account of whoever owns something.
pub fn signer(n: u8) -> Signer {
    Signer::from_bytes(&[n; 32], "wasm").unwrap()
}

/// The account of a keeper, by its number from 1 on.
pub fn keeper_signer(number: u8) -> Signer {
    signer(10 + number)
}

/// A chain in memory on which these accounts are rich, with ten blocks a second.
pub async fn chain<'a>(accounts: impl Iterator<Item = &'a Signer>) -> EmbeddedChain {
    let rich =
        |signer: &Signer| (signer.address().to_owned(), vec![Coin::new(1_000_000_000_000, DENOM)]);
    let options = Options {
        folder: None,
        pace: Pace::Every(Duration::from_millis(100)),
        genesis: Genesis {
            chain_id: "test-1".into(),
            prefix: "wasm".into(),
            time_ns: None,
            accounts: accounts.map(rich).collect(),
        },
        codes: native_codes(),
        limits: Limits::default(),
    };
    EmbeddedChain::open(options).await.unwrap()
}

/// Chain, contracts, devices; `admin` governs.
pub struct Ground {
    pub chain: Arc<dyn Chain>,
    pub deployment: Deployment,
    pub admin: Signer,
    folder: tempfile::TempDir,
    lives: Group,
    told: mpsc::UnboundedSender<Told>,
    origin: Origin,
}

impl Ground {
    /// Contracts as specified, on a chain where these accounts are rich; and what devices will say.
    pub async fn new(accounts: &[Signer], spec: &Spec) -> (Self, mpsc::UnboundedReceiver<Told>) {
        let admin = signer(1);
        let chain: Arc<dyn Chain> = Arc::new(chain(accounts.iter().chain([&admin])).await);
        let deployment = deploy(&*chain, &admin, &Codes::Native, spec).await.unwrap();
        let (told, hears) = mpsc::unbounded_channel();
        let ground = Self {
            chain,
            deployment,
            admin,
            folder: tempfile::tempdir().unwrap(),
            lives: Group::new("lives"),
            told,
            origin: Origin::start().await.unwrap(),
        };
        (ground, hears)
    }

    /// An account in the registry, with money in escrow.
    pub async fn open(&self, signer: &Signer, amount: u128) {
        let open = registry::ExecuteMsg::OpenAccount { address: None };
        let deposit = escrow::ExecuteMsg::Deposit { account: None };
        let coins = vec![Coin::new(amount, DENOM)];
        let contracts = &self.deployment.contracts;
        let msgs = vec![
            Msg::execute(&contracts.registry, &open).unwrap(),
            Msg::execute_with(&contracts.escrow, &deposit, coins).unwrap(),
        ];
        self.send(signer, msgs).await;
    }

    pub async fn send(&self, signer: &Signer, msgs: Vec<Msg>) -> TxResult {
        execute_and_confirm(&*self.chain, signer, msgs, TxOptions::default(), Patience::default())
            .await
            .unwrap()
    }

    /// An owner's own message to the auction.
    pub async fn trade(&self, owner: u8, msg: &auction::ExecuteMsg) -> TxResult {
        let auction = &self.deployment.contracts.auction;
        self.send(&signer(owner), vec![Msg::execute(auction, msg).unwrap()]).await
    }

    /// The folder of a keeper.
    pub fn folder(&self, number: u8) -> PathBuf {
        self.folder.path().join(number.to_string())
    }

    /// A keeper in a cell, whose store stays when it stops; `change` says at least where its broker listens.
    pub async fn keeper(
        &self,
        number: u8,
        cell: CellId,
        change: impl FnOnce(&mut Config),
    ) -> Keeper {
        let folder = self.folder(number);
        std::fs::create_dir_all(&folder).unwrap();
        let mut config = Config { data: folder.clone(), ..Config::default() };
        config.exchange.listen = "127.0.0.1:0".parse().unwrap();
        config.fabric.listen = "127.0.0.1:0".parse().unwrap();
        config.fabric.desk = "127.0.0.1:0".parse().unwrap();
        config.settle.min_value = 1;
        config.settle.max_age_secs = 1;
        change(&mut config);
        freed(config.mqtt.embedded.listen).await;
        let parts = Parts {
            config,
            chain: Arc::clone(&self.chain),
            deployment: self.deployment.clone(),
            signer: keeper_signer(number),
            key: SigningKey::from_bytes(&[100 + number; 32]),
            store: Store::open(&folder.join("keeper.db"), ROOMS).unwrap(),
        };
        let keeper = Keeper::start(parts).await.unwrap();
        let gateway = keeper_signer(number).address().to_owned();
        let msg = registry::ExecuteMsg::AssignCell { gateway, cell };
        let msg = Msg::execute(&self.deployment.contracts.registry, &msg).unwrap();
        self.send(&self.admin, vec![msg]).await;
        keeper
    }

    /// A device at a keeper that asks for nothing before it is let.
    pub async fn device(
        &self,
        keeper: &Keeper,
        seed: u8,
        owner: String,
        lets: Vec<Letting>,
        wants: Vec<Want>,
    ) -> (Device, DeviceId) {
        self.living(keeper, seed, owner, (lets, wants), true).await
    }

    /// As [`Ground::device`], of one that only uses, by itself over MQTT: its gateway is let use nothing.
    pub async fn constrained(
        &self,
        keeper: &Keeper,
        seed: u8,
        owner: String,
        wants: Vec<Want>,
    ) -> (Device, DeviceId) {
        self.living(keeper, seed, owner, (Vec::new(), wants), false).await
    }

    async fn living(
        &self,
        keeper: &Keeper,
        seed: u8,
        owner: String,
        (lets, wants): (Vec<Letting>, Vec<Want>),
        granted: bool,
    ) -> (Device, DeviceId) {
        let domains = &keeper.context().domains;
        let provision = Provision {
            broker: keeper.broker().unwrap().to_string(),
            gateway: keeper.context().key.verifying_key().to_bytes(),
            registry: domain_of(&domains.registry).unwrap(),
            auction: domain_of(&domains.auction).unwrap(),
            escrow: domain_of(&domains.escrow).unwrap(),
            owner,
        };
        let plan = Plan {
            name: format!("device {seed}"),
            seed: [seed; 32],
            provision,
            lets,
            wants,
            origin: self.origin.address(),
            granted,
        };
        let (mut device, life) = Device::new(plan, self.told.clone());
        device.set_asking(false);
        self.lives.spawn("device", life.run(self.lives.stop_token()));
        let id = device.enrolled().await.unwrap();
        (device, id)
    }

    /// A device that its owner's key alone moves, behind the first keeper in name only.
    pub async fn stranger(&self, key: u8, owner: &Signer) -> DeviceId {
        let registry = &self.deployment.contracts.registry;
        let (key, gateway) = (SigningKey::from_bytes(&[key; 32]), keeper_signer(1));
        let by = &self.admin;
        register(&*self.chain, registry, by, &key, owner.address(), gateway.address())
            .await
            .unwrap()
    }

    /// A trade of the instant lane by the owners' own messages; the lease.
    pub async fn spot(
        &self,
        (provider, sells): (u8, DeviceId),
        (consumer, buys): (u8, DeviceId),
        ask: u64,
    ) -> u64 {
        let (not_after, sequence) = (self.now() + 60, 1_000);
        let offer = orders::offer(sells, sequence, ask, 1, not_after);
        let (offers, demands) = (vec![offer], Vec::new());
        let place = auction::ExecuteMsg::Place { market: MARKET, offers, demands };
        let placed = self.trade(provider, &place).await;
        let placed: OrdersPlaced = find(&placed);
        let demand = orders::demand(buys, sequence, 2 * ask, 1, not_after);
        let offer = OrderId { page: placed.page, slot: 0 }.to_u64().into();
        let take = auction::ExecuteMsg::Take { offer, demand, market: MARKET, lease: None };
        let opened: LeasesOpened = find(&self.trade(consumer, &take).await);
        opened.leases[0]
    }

    pub async fn ask<T>(&self, contract: &str, msg: &impl Serialize) -> T
    where
        T: serde::de::DeserializeOwned + Send,
    {
        let msg = serde_json::to_value(msg).unwrap();
        self.chain.query(contract, &msg).await.unwrap()
    }

    pub async fn lease(&self, lease: LeaseId) -> LeaseResponse {
        let ask = escrow::QueryMsg::Lease { lease: lease.0.into() };
        self.ask(&self.deployment.contracts.escrow, &ask).await
    }

    pub async fn closed(&self, lease: LeaseId) -> LeaseResponse {
        until("the lease to close", async || {
            let found = self.lease(lease).await;
            (found.state == LeaseState::Closed).then_some(found)
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
