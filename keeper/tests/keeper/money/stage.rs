//! A chain with the contracts, devices, orders placed by their owners, and keepers without devices.

use crate::common::PATIENCE;
use caplet::config::Config;
use caplet::context::domain_of;
use caplet::deploy::{Codes, Deployment, Spec, deploy, local_spec, native_codes};
use caplet::keeper::{Keeper, Parts, ROOMS};
use caplet::store::Store;
use caplet::tasks::Group;
use caplet_api::auction::{CancelInput, DemandInput, ExecuteMsg as Auction, OfferInput};
use caplet_api::common::{DomainResponse, Key};
use caplet_api::escrow::{ExecuteMsg as Escrow, LedgerResponse, QueryMsg as AskEscrow};
use caplet_api::event::DeviceRegistered;
use caplet_api::registry::{EndpointInput, ExecuteMsg as Registry, Registration};
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace};
use caplet_chain::{
    Chain, ChainExt as _, Coin, ConfirmError, Msg, Patience, Signer, TxOptions, TxResult,
    execute_and_confirm,
};
use caplet_protocol::layout::{EndpointRecord, Possession, PublicKey, Scheme, Side, owner_hash};
use caplet_protocol::{
    AccountId, AssetId, CellId, DeviceId, Domain, Lots, MarketId, OrderId, sign,
};
use caplet_testkit::orders;
use ed25519_dalek::SigningKey;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The market of temperature readings, paid in asset 1, in ticks of 10 base units.
pub(crate) const MARKET: MarketId = MarketId(1);
pub(crate) const TICK: u64 = 10;
const ASSET: AssetId = AssetId(1);
/// Past the end of every test.
pub(crate) const FOREVER: u64 = 4_000_000_000;

pub(crate) fn signer(n: u8) -> Signer {
    Signer::from_bytes(&[n; 32], "wasm").unwrap()
}

/// Time of the first block.
const GENESIS_NS: u64 = 1_763_712_000_000_000_000;

/// Governance, the providers' owner, the payers' owner.
pub(crate) const ADMIN: u8 = 1;
pub(crate) const PROVIDER: u8 = 2;
pub(crate) const PAYER: u8 = 3;

/// Seconds that a lease lasts, and that its settle window does: twenty of the latter are a real second here, and a keeper
/// whose disk stalls while blocks go on is in time.
pub(crate) const LEASE_SECS: u32 = 50_000;
const WINDOW_SECS: u32 = 240;
const WINDOW_BLOCKS: u32 = 800;

/// Leases that outlast a test: by the clock of this chain a usual one is over before a keeper has been restarted twice.
pub(crate) fn lasting(spec: &mut Spec) {
    for market in &mut spec.markets {
        market.slot_secs = LEASE_SECS;
        (market.settle_secs, market.settle_blocks) = (WINDOW_SECS, WINDOW_BLOCKS);
    }
}

/// A chain with the contracts on it.
pub(crate) struct Stage {
    pub(crate) chain: Arc<EmbeddedChain>,
    pub(crate) deployment: Deployment,
    pub(crate) escrow: Domain,
    folder: tempfile::TempDir,
    /// How often each gateway's store was restored from a backup.
    restored: Mutex<BTreeMap<u8, u32>>,
    halted: Arc<AtomicBool>,
    tasks: Group,
}

impl Stage {
    /// A block for every transaction, a fifth of a second apart.
    pub(crate) async fn by_transaction() -> Self {
        Self::open(Pace::PerTransaction(Duration::from_millis(200)), GENESIS_NS, |_| ()).await
    }

    /// Blocks all the time, a fifth of a second of chain time every ten milliseconds.
    pub(crate) async fn running() -> Self {
        Self::running_with(|_| ()).await
    }

    /// As [`Stage::running`], with another deployment.
    pub(crate) async fn running_with(change: impl FnOnce(&mut Spec)) -> Self {
        Self::open(Pace::Manual, GENESIS_NS, change).await
    }

    /// The chain as after a reset: the same id, an hour later, nothing of before on it.
    pub(crate) async fn reset_with(change: impl FnOnce(&mut Spec)) -> Self {
        Self::open(Pace::Manual, GENESIS_NS + 3_600_000_000_000, change).await
    }

    async fn open(pace: Pace, time_ns: u64, change: impl FnOnce(&mut Spec)) -> Self {
        let tasks = Group::new("stage");
        let rich = [ADMIN, PROVIDER, PAYER, 11, 12];
        let coins = || vec![Coin::new(1_000_000_000_000, "ucap")];
        let accounts = rich.map(|n| (signer(n).address().to_owned(), coins()));
        let genesis = Genesis {
            chain_id: "test-1".to_owned(),
            prefix: "wasm".to_owned(),
            time_ns: Some(time_ns),
            accounts: accounts.to_vec(),
        };
        let codes = native_codes();
        let options = Options { folder: None, pace, genesis, codes, limits: Limits::default() };
        let chain = Arc::new(EmbeddedChain::open(options).await.unwrap());
        let halted = Arc::new(AtomicBool::new(false));
        if pace == Pace::Manual {
            tasks.spawn("blocks", beat(Arc::clone(&chain), Arc::clone(&halted), tasks.clone()));
        }
        let mut spec = local_spec(&[]);
        change(&mut spec);
        let deployment = deploy(&*chain, &signer(ADMIN), &Codes::Native, &spec).await.unwrap();
        let ask = json!({"domain": {}});
        let escrow: DomainResponse = chain.query(&deployment.contracts.escrow, &ask).await.unwrap();
        let escrow = domain_of(&escrow).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let restored = Mutex::default();
        let stage = Self { chain, deployment, escrow, folder, restored, halted, tasks };
        for owner in [ADMIN, PROVIDER, PAYER] {
            stage
                .execute(
                    owner,
                    &stage.deployment.contracts.registry,
                    &Registry::OpenAccount { address: None },
                )
                .await;
        }
        let deposit = Escrow::Deposit { account: None };
        let coins = vec![Coin::new(1_000_000_000, "ucap")];
        let msg = Msg::execute_with(&stage.deployment.contracts.escrow, &deposit, coins).unwrap();
        stage.send(PAYER, msg).await.unwrap();
        for gateway in [1, 2] {
            stage.gateway(gateway).await;
        }
        stage
    }

    pub(crate) async fn send(&self, from: u8, msg: Msg) -> Result<TxResult, ConfirmError> {
        let (signer, patience) = (signer(from), Patience::default());
        execute_and_confirm(&*self.chain, &signer, vec![msg], TxOptions::default(), patience).await
    }

    pub(crate) async fn try_execute<T: Serialize>(
        &self,
        from: u8,
        contract: &str,
        msg: &T,
    ) -> Result<TxResult, ConfirmError> {
        self.send(from, Msg::execute(contract, msg).unwrap()).await
    }

    pub(crate) async fn execute<T: Serialize>(
        &self,
        from: u8,
        contract: &str,
        msg: &T,
    ) -> TxResult {
        self.try_execute(from, contract, msg).await.unwrap()
    }

    pub(crate) async fn auction(&self, from: u8, msg: &Auction) -> TxResult {
        self.execute(from, &self.deployment.contracts.auction, msg).await
    }

    /// Registers gateway 1 or 2, of keeper account 11 or 12, in the cell of its number.
    async fn gateway(&self, gateway: u8) {
        let registry = &self.deployment.contracts.registry;
        let keeper = 10 + gateway;
        self.execute(keeper, registry, &Registry::OpenAccount { address: None }).await;
        let address = signer(keeper).address().to_owned();
        let ask = json!({"account": {"address": address}});
        let account: caplet_api::registry::AccountResponse =
            self.chain.query(registry, &ask).await.unwrap();
        let key = SigningKey::from_bytes(&[100 + gateway; 32]);
        let input = endpoint(&key, account.account, &self.domain(registry).await);
        self.execute(keeper, registry, &Registry::RegisterGateway(input)).await;
        let cell = Registry::AssignCell { gateway: address, cell: CellId(gateway.into()) };
        self.execute(ADMIN, registry, &cell).await;
    }

    pub(crate) async fn domain(&self, contract: &str) -> Domain {
        let answer: DomainResponse =
            self.chain.query(contract, &json!({"domain": {}})).await.unwrap();
        domain_of(&answer).unwrap()
    }

    /// Registers a device of an owner at a gateway, and enrols it there.
    pub(crate) async fn device(&self, seed: u8, owner: u8, gateway: u8) -> Device {
        let registry = &self.deployment.contracts.registry;
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let key = PublicKey::ed25519(secret.verifying_key().to_bytes());
        let address = signer(owner).address().to_owned();
        let possession = Possession { key, sealing: [0; 32], owner: owner_hash(&address) };
        let proof = sign::sign(&secret, &possession.preimage(&self.domain(registry).await));
        let registration = Registration {
            key: Key { scheme: Scheme::Ed25519, key: key.key().into() },
            sealing: None,
            owner: address.clone(),
            gateway: signer(10 + gateway).address().to_owned(),
            proof: proof.into(),
        };
        let register = Registry::Register { devices: vec![registration] };
        let result = self.execute(owner, registry, &register).await;
        let registered = result.events.iter().find_map(|e| DeviceRegistered::try_from(e).ok());
        let id = DeviceId(registered.unwrap().device);
        let row = rusqlite::params![id.0, key.encode(), address, gateway];
        let sql = "INSERT INTO devices (id, key, epoch, owner, cell) VALUES (?1, ?2, 0, ?3, ?4)";
        self.store(gateway).write(|tx| Ok(tx.execute(sql, row)?)).unwrap();
        Device { id, secret }
    }

    pub(crate) fn store(&self, gateway: u8) -> Store {
        std::fs::create_dir_all(self.place(gateway)).unwrap();
        Store::open(&self.file(gateway), ROOMS).unwrap()
    }

    /// The store of a keeper that does not run, as bytes.
    pub(crate) fn backup(&self, gateway: u8) -> Vec<u8> {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.store(gateway).read(|c| c.query_row(sql, [], |_| Ok(()))).unwrap();
        std::fs::read(self.file(gateway)).unwrap()
    }

    /// Puts a backup in place of the store of a keeper that does not run: its next start finds it.
    pub(crate) fn restore(&self, gateway: u8, backup: &[u8]) {
        *self.restored.lock().unwrap().entry(gateway).or_default() += 1;
        std::fs::create_dir_all(self.place(gateway)).unwrap();
        std::fs::write(self.file(gateway), backup).unwrap();
    }

    /// Where a gateway keeps its store: a folder of its own after every restore.
    pub(crate) fn place(&self, gateway: u8) -> std::path::PathBuf {
        let times = self.restored.lock().unwrap().get(&gateway).copied().unwrap_or_default();
        self.folder.path().join(format!("{gateway}-{times}"))
    }

    fn file(&self, gateway: u8) -> std::path::PathBuf {
        self.place(gateway).join("keeper.db")
    }

    /// A keeper of gateway 1 or 2 without devices of flesh.
    pub(crate) async fn keeper(&self, gateway: u8, change: impl FnOnce(&mut Config)) -> Keeper {
        self.keeper_over(gateway, self.chain.clone(), change).await.unwrap()
    }

    /// As [`Stage::keeper`], over another way to the chain.
    pub(crate) async fn keeper_over(
        &self,
        gateway: u8,
        chain: Arc<dyn Chain>,
        change: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Keeper> {
        let (deployment, store) = (self.deployment.clone(), self.store(gateway));
        let change = |config: &mut Config| {
            config.data = self.place(gateway);
            change(config);
        };
        Keeper::start(parts(gateway, chain, deployment, store, change)).await
    }

    /// Stops the blocks that come by themselves, or lets them come again.
    pub(crate) fn halt(&self, halted: bool) {
        self.halted.store(halted, Ordering::SeqCst);
    }

    /// Chain time, Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.chain.watch().borrow().time_ns / 1_000_000_000
    }

    /// Adds up the ledger of the asset that is paid with, and compares it with what escrow holds.
    pub(crate) async fn check_money(&self) {
        let ask = AskEscrow::Ledger { asset: ASSET };
        let ledger: LedgerResponse =
            self.chain.query(&self.deployment.contracts.escrow, &ask).await.unwrap();
        let parts = [ledger.free, ledger.ordered, ledger.reserved, ledger.bonds, ledger.fees];
        let sum: u128 = parts.iter().map(|part| part.u128()).sum();
        assert_eq!(sum, ledger.held.u128(), "{ledger:?}");
        assert_eq!(sum, ledger.deposited.u128() - ledger.withdrawn.u128() - ledger.swept.u128());
    }

    pub(crate) fn end(&self) {
        self.tasks.stop_token().cancel();
    }
}

/// What a keeper of gateway 1 or 2 without devices of flesh is made of.
pub(crate) fn parts(
    gateway: u8,
    chain: Arc<dyn Chain>,
    deployment: Deployment,
    store: Store,
    change: impl FnOnce(&mut Config),
) -> Parts {
    let mut config = Config::default();
    config.roles.bridge = false;
    config.settle.min_value = 1;
    config.settle.before_end_secs = 2;
    change(&mut config);
    let key = SigningKey::from_bytes(&[100 + gateway; 32]);
    Parts { config, chain, deployment, signer: signer(10 + gateway), key, store }
}

async fn beat(
    chain: Arc<EmbeddedChain>,
    halted: Arc<AtomicBool>,
    tasks: Group,
) -> anyhow::Result<()> {
    while !tasks.is_stopping() {
        if !halted.load(Ordering::SeqCst) {
            chain.produce(Duration::from_millis(200)).await?;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end();
    }
}

/// A registered device.
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) secret: SigningKey,
}

pub(crate) fn offer(
    device: &Device,
    sequence: u32,
    ticks: u64,
    batch: u16,
    instant: u16,
) -> OfferInput {
    let instant = orders::offer(device.id, sequence, ticks * TICK, instant, FOREVER);
    OfferInput { batch: Lots(batch), ..instant }
}

pub(crate) fn demand(device: &Device, sequence: u32, ticks: u64, lots: u16) -> DemandInput {
    orders::demand(device.id, sequence, ticks * TICK, lots, FOREVER)
}

pub(crate) fn place(offers: Vec<OfferInput>, demands: Vec<DemandInput>) -> Auction {
    Auction::Place { market: MARKET, offers, demands }
}

pub(crate) fn cancel(side: Side, order: OrderId) -> Auction {
    let order = CancelInput { side, order: order.to_u64().into(), signature: None };
    Auction::Cancel { market: MARKET, orders: vec![order] }
}

fn endpoint(key: &SigningKey, account: AccountId, domain: &Domain) -> EndpointInput {
    let addresses = b"nowhere".to_vec();
    let record = EndpointRecord {
        account,
        key: key.verifying_key().to_bytes(),
        addresses: caplet_protocol::content::digest(&addresses),
        sequence: 1,
        not_after: FOREVER,
    };
    EndpointInput {
        key: record.key.into(),
        addresses: addresses.into(),
        sequence: 1u64.into(),
        not_after: FOREVER.into(),
        signature: sign::sign(key, &record.preimage(domain)).into(),
    }
}

/// Waits until something holds; says what it waited for when that takes too long.
pub(crate) async fn until<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = check().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited for {what}"))
}
