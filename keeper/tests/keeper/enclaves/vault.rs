//! Two gateways, both attesters: behind the first a device with an enclave in a program of its own, at the second
//! one that wants such an enclave. Quotes are a test root's, all else is what an operator runs.

use super::service::{Published, publish};
use crate::common::{self, Goods, is_up, until};
use crate::devices::stage::{Stage, signer};
use caplet::fabric::Seams;
use caplet::keeper::Keeper;
use caplet::tasks::Group;
use caplet_api::escrow::{LeaseResponse, LeaseState, QueryMsg as AskEscrow};
use caplet_api::registry::{EnclaveInput, EnclaveResponse, ExecuteMsg, QueryMsg};
use caplet_attest::produce::QuoteProducer as _;
use caplet_attest::testroot::{Platform, TestEnclave, TestRoot};
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::layout::{EnclaveStatement, QuoteBinding};
use caplet_protocol::wire::{self, LanePreference};
use caplet_protocol::{DeviceId, Domain, Kind, LeaseId, sign};
use caplet_simulator::{Device, Letting, Plan, Told, Want, origin::Origin};
use ed25519_dalek::SigningKey;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// Units of a lot, and seconds for which it is leased.
pub(super) const LOT: u64 = 80;
const SLOT: u32 = 90;
/// What the enclave runs, and what it is replaced by.
const CODE: [u8; 32] = [0xC0; 32];
const OTHER: [u8; 32] = [0xD0; 32];
const LETS: u8 = 70;
const WANTS: u8 = 71;

pub(super) struct Vault {
    pub(super) stage: Stage,
    enclave: Mutex<TestEnclave>,
    published: Published,
    pccs: String,
    folder: tempfile::TempDir,
    tasks: Group,
    lives: Group,
    origin: Origin,
    told: mpsc::UnboundedSender<Told>,
    hears: mpsc::UnboundedReceiver<Told>,
}

/// The program that runs inside.
fn program(args: &[&str]) -> Output {
    let done = Command::new(env!("CARGO_BIN_EXE_caplet-enclave")).args(args).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done
}

fn said(output: &Output, key: &str) -> Vec<u8> {
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    hex::decode(said[key].as_str().unwrap()).unwrap()
}

impl Vault {
    pub(super) async fn new() -> Self {
        Self::leasing_for(SLOT).await
    }

    /// As [`Vault::new`], with leases of so many seconds.
    pub(super) async fn leasing_for(secs: u32) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let root = TestRoot::generate(now.as_secs() - 86_400, Platform::default()).unwrap();
        let certificate = root.certificate();
        let published: Published = Arc::new(Mutex::new(Some(root.collateral().unwrap())));
        let enclave = TestEnclave { root, mr_enclave: CODE, debug: false };
        let code = format!("mr/{}", enclave.measurement());
        let stage = Stage::with(|spec| {
            let mut market = spec.markets[0].clone();
            market.kind = Kind::Compute;
            market.resource = "enclave/wasi".into();
            market.unit = "Mfuel".into();
            market.lot_units = LOT.into();
            market.slot_secs = secs;
            market.tags = vec![code];
            spec.markets.push(market);
        })
        .await;
        let (tasks, folder) = (Group::new("collateral"), tempfile::tempdir().unwrap());
        let pccs = publish(&published, &tasks).await;
        std::fs::write(folder.path().join("root.der"), &certificate).unwrap();
        std::fs::write(folder.path().join("policy.json"), br#"{"test": true}"#).unwrap();
        let (told, hears) = mpsc::unbounded_channel();
        let vault = Self {
            stage,
            enclave: Mutex::new(enclave),
            published,
            pccs,
            folder,
            tasks,
            lives: Group::new("lives"),
            origin: Origin::start().await.unwrap(),
            told,
            hears,
        };
        program(&["keys", "--keys", &vault.keys()]);
        vault.appoint(1).await;
        vault
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file of the enclave's keys.
    pub(super) fn keys(&self) -> String {
        self.path("enclave.key").display().to_string()
    }

    /// Makes both keepers attesters of this weight.
    pub(super) async fn appoint(&self, weight: u8) {
        for gateway in [11, 12] {
            let attester = signer(gateway).address().to_owned();
            self.registry(true, &ExecuteMsg::SetAttester { attester, weight }).await;
        }
    }

    pub(super) async fn registry(&self, governance: bool, msg: &ExecuteMsg) {
        let by = if governance { &self.stage.admin } else { &self.stage.owner };
        let msg = Msg::execute(&self.stage.deployment.contracts.registry, msg).unwrap();
        self.stage.send(by, vec![msg]).await;
    }

    /// A keeper that attests. `enclave` is its command, with `seams` in place of the usual.
    pub(super) async fn keeper(&self, gateway: u8, enclave: &[String], seams: Seams) -> Keeper {
        let change = |config: &mut caplet::config::Config| {
            config.roles.attester = true;
            config.attest.pccs = self.pccs.clone();
            config.attest.bring = false;
            config.attest.policy = Some(self.path("policy.json"));
            config.attest.test_root = Some(self.path("root.der"));
            config.attest.test_network = true;
            if gateway == 1 {
                config.attest.quotes = self.path("quotes");
            }
            config.fabric.enclave = enclave.to_vec();
        };
        self.stage.keeper_with(gateway, change, seams).await
    }

    fn plan(&self, keeper: &Keeper, seed: u8, lets: Vec<Letting>, wants: Vec<Want>) -> Plan {
        let provision = self.stage.home(keeper).provision();
        let (name, origin) = (format!("device {seed}"), self.origin.address());
        Plan { name, seed: [seed; 32], provision, lets, wants, origin, granted: true }
    }

    /// The provider's device, enrolled, its enclave registered and quoted; it lets nothing out yet.
    pub(super) async fn enrolled(&self, keeper: &Keeper) -> DeviceId {
        let life = Group::new("first life");
        let plan = self.plan(keeper, LETS, Vec::new(), Vec::new());
        let (mut device, runs) = Device::new(plan, self.told.clone());
        life.spawn("device", runs.run(life.stop_token()));
        let id = device.enrolled().await.unwrap();
        life.drain(Duration::from_secs(5)).await;
        self.register(self.stage.home(keeper).registry, id, 1).await;
        id
    }

    /// Registers the enclave, whose quote is then where the gateway hands out quotes.
    pub(super) async fn register(&self, domain: Domain, device: DeviceId, sequence: u64) {
        let (keys, id, number) = (self.keys(), device.to_string(), sequence.to_string());
        let public = program(&["keys", "--keys", &keys]);
        let fixed = |key| <[u8; 32]>::try_from(said(&public, key)).unwrap();
        let (sealing, signing) = (fixed("sealing"), fixed("signing"));
        let hex = hex::encode(domain.0);
        let mut args = vec!["consent", "--keys", &keys, "--device", &id];
        args.extend(["--sequence", &number, "--domain", &hex]);
        let consent = said(&program(&args), "consent");
        let statement = EnclaveStatement { device, sequence, sealing, signing };
        let key = SigningKey::from_bytes(&[LETS; 32]);
        let input = EnclaveInput {
            device,
            sequence: sequence.into(),
            sealing: sealing.into(),
            signing: signing.into(),
            signature: sign::sign(&key, &statement.preimage(&domain)).into(),
            consent: consent.into(),
        };
        self.registry(false, &ExecuteMsg::RegisterEnclave(input)).await;
        let height = self.found(device).await.height.u64();
        let block = self.stage.chain.block_hash(height).await.unwrap();
        let binding = QuoteBinding { device, sealing, signing, height, block };
        let quote = self.enclave.lock().unwrap().quote(&binding.report_data(&domain)).unwrap();
        std::fs::create_dir_all(self.path("quotes")).unwrap();
        std::fs::write(self.path("quotes").join(format!("{device}-{sequence}.quote")), quote)
            .unwrap();
    }

    /// Has the machine run other code from the next quote on.
    pub(super) fn replace_code(&self) {
        self.enclave.lock().unwrap().mr_enclave = OTHER;
    }

    pub(super) async fn found(&self, device: DeviceId) -> EnclaveResponse {
        let ask = QueryMsg::Enclave { device };
        self.stage.chain.query(&self.stage.deployment.contracts.registry, &ask).await.unwrap()
    }

    pub(super) async fn attested(&self, device: DeviceId) -> EnclaveResponse {
        until("both attesters' words", async || {
            Some(self.found(device).await).filter(|found| found.attested_until.is_some())
        })
        .await
    }

    /// The device lets its enclave out, the other one leases it for one lot.
    pub(super) async fn leased(&mut self, first: &Keeper, second: &Keeper) -> wire::LeaseNotice {
        let tags = vec![format!("mr/{}", self.enclave.lock().unwrap().measurement())];
        let goods =
            Goods { kind: Kind::Compute, resource: "enclave/wasi", unit: "Mfuel", lot: LOT };
        let letting = Letting { tags: tags.clone(), attestation: vec![7; 32], ..goods.letting() };
        let want = Want { tags, attested: true, ..goods.want(1_000, LanePreference::Batch) };
        let lets = self.plan(first, LETS, vec![letting], Vec::new());
        let wants = self.plan(second, WANTS, Vec::new(), vec![want]);
        for plan in [lets, wants] {
            let (mut device, life) = Device::new(plan, self.told.clone());
            // it asks once, and is refused while it may not pay
            device.set_asking(false);
            self.lives.spawn("device", life.run(self.lives.stop_token()));
            let id = device.enrolled().await.unwrap();
            self.stage.authorise(id).await;
            device.set_asking(true);
        }
        let notice = common::leased(&mut self.hears).await;
        until("the lease to be local", async || {
            let all = second.fabric().unwrap().consumers().all();
            all.into_iter().find(|local| local.lease.0 == notice.lease).filter(is_up)
        })
        .await;
        notice
    }

    /// `caplet exec` as a person types it, with this on standard input.
    pub(super) async fn exec(&self, keeper: &Keeper, alias: &str, input: &[u8]) -> Output {
        let module = self.path("shout.wasm");
        std::fs::write(&module, wat::parse_str(SHOUT).unwrap()).unwrap();
        let given = self.path("given");
        std::fs::write(&given, input).unwrap();
        let url = format!("http://{}", keeper.fabric().unwrap().desk());
        let mut command = Command::new(env!("CARGO_BIN_EXE_caplet"));
        command.arg("exec").arg(alias).arg(&module).args(["--stdin", "--json", "--url", &url]);
        command.stdin(std::fs::File::open(&given).unwrap());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    pub(super) async fn closed(&self, lease: u64) -> LeaseResponse {
        let ask = AskEscrow::Lease { lease: lease.into() };
        let escrow = &self.stage.deployment.contracts.escrow;
        until("the lease to close", async || {
            let found: LeaseResponse = self.stage.chain.query(escrow, &ask).await.unwrap();
            (found.state == LeaseState::Closed).then_some(found)
        })
        .await
    }

    /// Why a lease is local no more.
    pub(super) async fn ended(&self, keeper: &Keeper, alias: &str) -> (LeaseId, String) {
        until("the use of the lease to end", async || {
            keeper.fabric().unwrap().consumers().ended(alias)
        })
        .await
    }

    pub(super) async fn end(self, keepers: [Keeper; 2]) {
        self.lives.drain(Duration::from_secs(5)).await;
        for keeper in keepers {
            keeper.stop(Duration::from_secs(10)).await;
        }
        self.published.lock().unwrap().take();
        self.tasks.drain(Duration::from_secs(5)).await;
    }
}

/// Writes its standard input back in capitals.
const SHOUT: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 4096) "a program that only the consumer and the enclave know")
  (func (export "_start") (local $at i32) (local $byte i32)
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 2000))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (loop $on
      (local.set $byte (i32.load8_u (i32.add (i32.const 64) (local.get $at))))
      (if (i32.and (i32.ge_u (local.get $byte) (i32.const 97))
                   (i32.le_u (local.get $byte) (i32.const 122)))
        (then (i32.store8 (i32.add (i32.const 64) (local.get $at))
                          (i32.sub (local.get $byte) (i32.const 32)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $on (i32.lt_u (local.get $at) (i32.load (i32.const 8)))))
    (i32.store (i32.const 4) (i32.load (i32.const 8)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))))"#;

/// What is in every program that is run, as its bytes have it.
pub(super) const PROGRAM: &[u8] = b"a program that only the consumer and the enclave know";
