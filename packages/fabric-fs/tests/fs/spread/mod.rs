//! Stores spread over several leases, each of another provider.

mod lost;
mod made;
mod mended;
mod surfaces;

use crate::{QUOTA, noise};
use caplet_fabric::client::Client;
use caplet_fabric::health::Health;
use caplet_fabric::{Service, Tariff};
use caplet_fabric_fs::{Key, Memory, Plan, Shape, Spread, Standing, StoreAdapter, Vault};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::LeaseId;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// A provider with a chain, a lease and a session of its own.
struct Site {
    root: TempDir,
    world: Arc<World>,
    lease: LeaseId,
    client: Client,
}

impl Site {
    async fn new(id: u64, quota: u64) -> Self {
        let root = TempDir::new().unwrap();
        let world = World::new(Options { unit_bytes: 4_096, segment: 1_000, ..Options::default() });
        world.offer(Arc::new(StoreAdapter::new(root.path(), quota, 8)));
        let lease = world.lease(id, Service::STORE);
        let client = world.client(&lease, Tariff::Bytes);
        up(&client).await;
        Self { root, world, lease: lease.lease, client }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join(self.lease.to_string())
    }

    /// What it keeps, without its manifest.
    fn shards(&self) -> Vec<PathBuf> {
        let Ok(all) = std::fs::read_dir(self.folder()) else { return Vec::new() };
        let all = all.map(|entry| entry.unwrap().path());
        all.filter(|path| !path.ends_with("manifest")).collect()
    }

    /// What it keeps, as it is now.
    fn snapshot(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let all = std::fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        all.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
    }

    /// Puts back what it kept, and offers it as a program that was started anew.
    fn put_back(&self, files: &BTreeMap<PathBuf, Vec<u8>>) {
        std::fs::remove_dir_all(self.folder()).unwrap();
        std::fs::create_dir(self.folder()).unwrap();
        files.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
        self.world.offer(Arc::new(StoreAdapter::new(self.root.path(), QUOTA, 8)));
    }
}

async fn up(client: &Client) {
    client.until(|health| *health == Health::Up).await.unwrap();
}

async fn sites(count: u64) -> Vec<Site> {
    let mut all = Vec::new();
    for id in 1..=count {
        all.push(Site::new(id, QUOTA).await);
    }
    all
}

/// What a consumer remembers.
#[derive(Default)]
struct Remembers(Mutex<BTreeMap<LeaseId, u64>>);

impl Memory for Remembers {
    fn known(&self, lease: LeaseId) -> Result<u64, String> {
        Ok(self.0.lock().unwrap().get(&lease).copied().unwrap_or(0))
    }

    fn remember(&self, lease: LeaseId, sequence: u64) -> Result<(), String> {
        self.0.lock().unwrap().insert(lease, sequence);
        Ok(())
    }
}

fn secret() -> Key {
    Key::of_spread(&[5; 32], "box")
}

/// A spread over the leases of `all`, of which `here` have sessions.
fn planned(needed: usize, all: &[&Site], here: &[&Site], memory: &Arc<Remembers>) -> Arc<Spread> {
    let plan = Plan {
        shape: Shape::new(needed, all.len()).unwrap(),
        leases: all.iter().map(|site| site.lease).collect(),
        patience: Duration::from_millis(if all.len() == here.len() { 10_000 } else { 50 }),
    };
    let spread = Spread::new(plan, secret(), Arc::clone(memory) as _).unwrap();
    here.iter().for_each(|site| spread.join(site.client.clone()));
    spread
}

/// Over all of them.
async fn opened(needed: usize, all: &[Site], memory: &Arc<Remembers>) -> (Arc<Spread>, Vault) {
    let all: Vec<&Site> = all.iter().collect();
    let spread = planned(needed, &all, &all, memory);
    let vault = spread.open().await.unwrap();
    (spread, vault)
}

fn standing(spread: &Spread, site: &Site) -> Standing {
    spread.parts().into_iter().find(|part| part.lease == site.lease).unwrap().standing
}

async fn done(all: &[Site]) {
    for site in all {
        site.client.detach().await;
    }
}

/// Bytes that differ from those of another `seed`.
fn bytes(seed: u8, len: usize) -> Vec<u8> {
    noise(len).into_iter().map(|byte| byte.wrapping_add(seed)).collect()
}
