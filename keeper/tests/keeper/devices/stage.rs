//! A chain with the real contracts, keepers on it, money in escrow.

use super::client::{Device, Home};
use crate::common::freed;
use crate::common::ground::chain;
use caplet::config::Config;
use caplet::context::domain_of;
use caplet::deploy::{Codes, Deployment, Spec, deploy, local_spec};
use caplet::fabric::Seams;
use caplet::keeper::{Keeper, Parts, ROOMS};
use caplet::store::Store;
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::registry::ExecuteMsg as Registry;
use caplet_chain::{Chain, Coin, Msg, Patience, Signer, TxOptions, execute_and_confirm};
use caplet_protocol::wire::{self, cost::Asset};
use caplet_protocol::{AssetId, CellId, DeviceId};
use ed25519_dalek::SigningKey;
use std::path::Path;
use std::sync::Arc;

pub use crate::common::DENOM;
pub use crate::common::ground::signer;

/// Asset number of [`DENOM`].
const ASSET: AssetId = AssetId(1);
/// Readings in a lot of the temperature market, and the ask of tests for one.
pub const LOT: u64 = 20;
pub const ASK: u64 = 500;

/// A chain with contracts.
pub struct Stage {
    pub chain: Arc<dyn Chain>,
    pub deployment: Deployment,
    pub admin: Signer,
    /// Owns every device and pays for all of them.
    pub owner: Signer,
    folder: tempfile::TempDir,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// As [`Stage::new`], with another deployment.
    pub async fn with(change: impl FnOnce(&mut Spec)) -> Self {
        let (admin, owner) = (signer(1), signer(2));
        let accounts = [1, 2, 11, 12, 13, 14].map(signer);
        let chain = chain(accounts.iter()).await;
        let mut spec = local_spec(&[owner.address().to_owned()]);
        for market in &mut spec.markets {
            // no test waits for the end of a slot that it did not ask for, and a machine that stalls is in time for both
            (market.slot_secs, market.settle_secs) = (180, 10);
        }
        change(&mut spec);
        let deployment = deploy(&chain, &admin, &Codes::Native, &spec).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let stage = Self { chain: Arc::new(chain), deployment, admin, owner, folder };
        let open = Registry::OpenAccount { address: None };
        let deposit = Escrow::Deposit { account: None };
        let coins = vec![Coin::new(100_000_000, DENOM)];
        let contracts = &stage.deployment.contracts;
        let msgs = vec![
            Msg::execute(&contracts.registry, &open).unwrap(),
            Msg::execute_with(&contracts.escrow, &deposit, coins).unwrap(),
        ];
        stage.send(&stage.owner, msgs).await;
        stage
    }

    pub async fn send(&self, signer: &Signer, msgs: Vec<Msg>) {
        execute_and_confirm(&*self.chain, signer, msgs, TxOptions::default(), Patience::default())
            .await
            .unwrap();
    }

    /// A keeper of gateway 1 to 4, in the cell of its number, whose store stays when it stops.
    pub async fn keeper(&self, gateway: u8, change: impl FnOnce(&mut Config)) -> Keeper {
        self.keeper_with(gateway, change, Seams::default()).await
    }

    /// As [`Stage::keeper`], with something in place of the usual.
    pub async fn keeper_with(
        &self,
        gateway: u8,
        change: impl FnOnce(&mut Config),
        seams: Seams,
    ) -> Keeper {
        let folder = self.folder.path().join(gateway.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let mut config = Config { data: folder.clone(), ..Config::default() };
        config.mqtt.embedded.listen = "127.0.0.1:0".parse().unwrap();
        config.exchange.listen = "127.0.0.1:0".parse().unwrap();
        config.fabric.listen = "127.0.0.1:0".parse().unwrap();
        config.fabric.desk = "127.0.0.1:0".parse().unwrap();
        config.settle.min_value = 1;
        config.settle.max_age_secs = 1;
        change(&mut config);
        freed(config.mqtt.embedded.listen).await;
        let keeper = Keeper::start_with(self.parts(gateway, &folder, config), seams).await.unwrap();
        let cell = Registry::AssignCell {
            gateway: signer(10 + gateway).address().to_owned(),
            cell: CellId(gateway.into()),
        };
        let msg = Msg::execute(&self.deployment.contracts.registry, &cell).unwrap();
        self.send(&self.admin, vec![msg]).await;
        keeper
    }

    fn parts(&self, gateway: u8, folder: &Path, config: Config) -> Parts {
        Parts {
            config,
            chain: Arc::clone(&self.chain),
            deployment: self.deployment.clone(),
            signer: signer(10 + gateway),
            key: SigningKey::from_bytes(&[100 + gateway; 32]),
            store: Store::open(&folder.join("keeper.db"), ROOMS).unwrap(),
        }
    }

    /// What a device of this keeper is set up with.
    pub fn home(&self, keeper: &Keeper) -> Home {
        let domains = &keeper.context().domains;
        Home {
            broker: keeper.broker().unwrap().to_string(),
            gateway: keeper.context().key.verifying_key().to_bytes(),
            registry: domain_of(&domains.registry).unwrap(),
            auction: domain_of(&domains.auction).unwrap(),
            escrow: domain_of(&domains.escrow).unwrap(),
            owner: self.owner.address().to_owned(),
        }
    }

    /// Lets a device's key commit the owner's money.
    pub async fn authorise(&self, device: DeviceId) {
        let authorise = Escrow::Authorise { device, asset: ASSET, limit: 10_000_000u64.into() };
        let msg = Msg::execute(&self.deployment.contracts.escrow, &authorise).unwrap();
        self.send(&self.owner, vec![msg]).await;
    }

    /// An enrolled device that may commit money.
    pub async fn device(&self, keeper: &Keeper, seed: u8) -> Device {
        let device = Device::enrol(&self.home(keeper), seed).await;
        self.authorise(device.id).await;
        device
    }
}

pub fn cost(amount: u64, quantity: u64) -> wire::Cost {
    wire::Cost {
        amount,
        per: wire::PricedPer::Operation.into(),
        quantity,
        asset: Some(Asset::Denom(DENOM.into())),
    }
}

/// Readings of a thermometer, `lots` at a time.
pub fn thermometer(lots: u32) -> wire::Capability {
    wire::Capability {
        id: 1,
        kind: wire::CapabilityKind::Sensor.into(),
        resource: "temperature".into(),
        unit: "reading".into(),
        price: Some(cost(ASK, LOT)),
        capacity: Some(wire::Capacity { lots, parallel: 0 }),
        quality: Some(wire::Quality {
            latency_ms: 100,
            throughput: 10,
            accuracy_ppm: 950_000,
            availability_bps: 9_900,
        }),
        tags: vec!["calibrated".into()],
        ..wire::Capability::default()
    }
}

/// A lot of readings, at most `limit`.
pub fn wanted(id: u64, limit: u64, lane: wire::LanePreference) -> wire::DemandProfile {
    wire::DemandProfile {
        id,
        sequence: id,
        not_after: super::client::now() + 300,
        kind: wire::CapabilityKind::Sensor.into(),
        resource: "temperature".into(),
        unit: "reading".into(),
        quantity: LOT,
        limit: Some(cost(limit, LOT)),
        lane: lane.into(),
        ..wire::DemandProfile::default()
    }
}
