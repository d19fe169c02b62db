//! A keeper in a process of its own, the program that every test here is in: started and killed by `kills.rs`.

use super::ground::impatient;
use super::way::Way;
use crate::money::lives::Deal;
use crate::money::stage::{Stage, parts, signer};
use caplet::deploy::Deployment;
use caplet::keeper::{Keeper, ROOMS};
use caplet::leases::Lease;
use caplet::outbox::KeyLock;
use caplet::settler::vouchers;
use caplet::store::Store;
use caplet::tasks::Group;
use caplet_api::packed::VoucherItem;
use caplet_chain::Chain;
use caplet_protocol::{Lane, LeaseId};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ORDERS: &str = "CAPLET_KEEPER_LIFE";

/// In a gateway's place.
const STORE: &str = "keeper.db";

/// What a process is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    gateway: u8,
    place: PathBuf,
    socket: PathBuf,
    chain_id: String,
    deployment: Deployment,
}

impl Orders {
    pub(super) fn of(stage: &Stage, gateway: u8, socket: &Path) -> Self {
        Self {
            gateway,
            place: stage.place(gateway),
            socket: socket.to_owned(),
            chain_id: stage.chain.chain_id().to_owned(),
            deployment: stage.deployment.clone(),
        }
    }
}

/// A keeper's process; killed when it is dropped.
pub(super) struct Life {
    child: Child,
    words: PathBuf,
}

impl Life {
    pub(super) fn begin(orders: &Orders) -> Self {
        let words = orders.place.join("words");
        let said = File::options().create(true).append(true).open(&words).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "fire::life::a_life", "--ignored", "--nocapture"])
            .args(["--test-threads", "1"])
            .env(ORDERS, serde_json::to_string(orders).unwrap())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .unwrap();
        Self { child, words }
    }

    /// Fails if it has ended by itself.
    pub(super) fn check(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            let words = std::fs::read_to_string(&self.words).unwrap_or_default();
            panic!("a keeper has ended by itself with {status}: {words}");
        }
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        self.check();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Vouchers over one base unit more each, which devices say again and again until their gateway has kept them.
pub(super) struct Vouchers {
    /// By lease, by amount.
    items: Vec<Vec<VoucherItem>>,
    said: Mutex<Said>,
}

struct Said {
    /// Base units up to which devices sign at present.
    goal: u64,
    /// Base units by lease that the gateway says are on its disk.
    kept: Vec<u64>,
}

impl Vouchers {
    /// Up to `most` base units a lease.
    pub(super) fn new(deal: &Deal, leases: &[Lease], most: u64) -> Self {
        let voucher = |lease, amount: u64| deal.voucher(lease, amount.into(), [0; 32], false);
        let of =
            |lease: &Lease| (1..=most).map(|amount| voucher(lease.id, amount)).collect::<Vec<_>>();
        let items: Vec<_> = leases.iter().map(of).collect();
        let said = Said { goal: 0, kept: vec![0; items.len()] };
        Self { items, said: Mutex::new(said) }
    }

    /// Lets devices sign up to `goal` base units a lease.
    pub(super) fn sign_up_to(&self, goal: u64) {
        self.said.lock().unwrap().goal = goal;
    }

    /// The next voucher of the lease that has come least far; `None` if all have signed what they may.
    pub(super) fn next(&self) -> Option<VoucherItem> {
        let said = self.said.lock().unwrap();
        let lanes = said.kept.iter().zip(&self.items).filter(|(kept, _)| **kept < said.goal);
        let (kept, items) = lanes.min_by_key(|(kept, _)| **kept)?;
        items.get(usize::try_from(*kept).unwrap()).copied()
    }

    /// The gateway says that it has one on disk.
    pub(super) fn keep(&self, lease: LeaseId, amount: u64) {
        let mut said = self.said.lock().unwrap();
        for (kept, items) in said.kept.iter_mut().zip(&self.items) {
            if items.first().is_some_and(|item| item.voucher.lease == lease) {
                *kept = amount.max(*kept);
            }
        }
    }

    /// Base units on all leases that the gateway said are on its disk.
    pub(super) fn kept(&self) -> u64 {
        self.said.lock().unwrap().kept.iter().sum()
    }

    /// Looks whether everything that a gateway said was on its disk is there, now that it is dead. Devices sign the
    /// next voucher once the one before is kept, so that it may have one more.
    pub(super) fn check(&self, orders: &Orders) {
        // only read: to put the file in order is up to its next life
        let store = Store::look(&orders.place.join(STORE), ROOMS).unwrap();
        let said = self.said.lock().unwrap();
        for (kept, items) in said.kept.iter().zip(&self.items) {
            let lease = items[0].voucher.lease;
            let best = vouchers::best(&store, lease, Lane(0)).unwrap();
            let found = best.map_or(0, |best| best.worth());
            let (least, most) = (u128::from(*kept), u128::from(*kept) + 1);
            assert!((least..=most).contains(&found), "{kept} were kept, {found} are there");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a keeper that the test in kills.rs starts and kills"]
async fn a_life() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let orders: Orders = serde_json::from_str(&orders).unwrap();
    let tasks = Group::new("life");
    let key = signer(10 + orders.gateway);
    // as `caplet run` does: the one that was killed has let go of it
    let _lock = KeyLock::take(&orders.place, key.address()).unwrap();
    let way = Way::to(&orders.socket, orders.chain_id, key.address(), &tasks).await;
    let store = Store::open(&orders.place.join(STORE), ROOMS).unwrap();
    let chain = Arc::clone(&way) as Arc<dyn Chain>;
    let parts = parts(orders.gateway, chain, orders.deployment, store, impatient);
    let keeper = Keeper::start(parts).await.unwrap();
    let context = keeper.context();
    while !context.tasks.is_stopping() {
        // only the first gateway serves; the way fails when the test is over
        let signed = way.next(orders.gateway).await;
        let Some(item) = signed else {
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        };
        let now = way.watch().borrow().time_ns / 1_000_000_000;
        vouchers::accept(&context.store, &item, None, now).unwrap();
        way.kept(&item).await;
    }
    panic!("a role of gateway {} has ended", orders.gateway);
}
