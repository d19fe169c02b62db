//! Members of a pool with a gateway each.

use crate::QUOTA;
use async_trait::async_trait;
use caplet_fabric::client::Client;
use caplet_fabric::lease::{ChainView as _, LeaseView, Party};
use caplet_fabric::link::{Endpoint, Key as EndKey, Link, Peer};
use caplet_fabric::{Service, Tariff};
use caplet_fabric_fs::replica::{
    Happening, Next, Pace, REPLICA, Replicas, Replicator, Standby, Standing, Wards,
};
use caplet_fabric_fs::{Shelves, StoreAdapter, Vault};
use caplet_fabric_testkit::{Options, PROVIDER, World};
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long anything is waited for: normally moments, on a machine that stalls as long as it needs.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Who takes over from the provider, and who from that one.
pub(super) const SECOND: DeviceId = DeviceId(8);
pub(super) const THIRD: DeviceId = DeviceId(9);
/// A member of another pool.
pub(super) const OTHER: DeviceId = DeviceId(10);
pub(super) const LEASE: LeaseId = LeaseId(1);

/// The key under which a member's gateway speaks to others.
pub(super) fn end_of(device: DeviceId) -> EndKey {
    [device.0 as u8; 32]
}

/// How whoever stands by behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    /// Takes connections and says nothing.
    Silent,
    Gone,
}

/// Members of a pool with a gateway each, on one network; the chain is the world's.
pub(super) struct Pool {
    pub(super) world: Arc<World>,
    pub(super) folder: TempDir,
    pub(super) shelves: BTreeMap<DeviceId, Arc<Shelves>>,
    pub(super) ends: BTreeMap<DeviceId, Arc<dyn Endpoint>>,
    pub(super) mood: Mutex<Mood>,
    pub(super) happened: Mutex<Vec<Happening>>,
    pub(super) refused: Mutex<Vec<String>>,
    pub(super) links: Mutex<Vec<Arc<dyn Link>>>,
    /// How long a write waits for whoever stands by.
    patience: Duration,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Pool {
    /// A store leased of [`PROVIDER`], whom the others can follow in order. Writes wait for whoever stands by longer
    /// than any takes.
    pub(super) fn new(quotas: [u64; 3]) -> (Arc<Self>, Client) {
        Self::waiting(quotas, PATIENCE)
    }

    /// The same, with writes that wait so long for whoever stands by.
    pub(super) fn waiting(quotas: [u64; 3], patience: Duration) -> (Arc<Self>, Client) {
        let options = Options { unit_bytes: 4_096, segment: 4_000, ..Options::default() };
        Self::leased(options, quotas, patience)
    }

    /// The same, leased on these terms.
    pub(super) fn leased(
        options: Options,
        quotas: [u64; 3],
        patience: Duration,
    ) -> (Arc<Self>, Client) {
        let (world, folder) = (World::new(options), TempDir::new().unwrap());
        let members = [PROVIDER, SECOND, THIRD];
        let at = |device: DeviceId| folder.path().join(device.to_string());
        let shelves = members.into_iter().zip(quotas);
        let shelves = shelves.map(|(d, quota)| (d, Arc::new(Shelves::new(at(d), quota)))).collect();
        let ends = members.into_iter().chain([OTHER]);
        let ends = ends.map(|device| (device, world.network.endpoint(end_of(device)))).collect();
        let pool = Arc::new(Self {
            world,
            folder,
            shelves,
            ends,
            mood: Mutex::new(Mood::Well),
            happened: Mutex::default(),
            refused: Mutex::default(),
            links: Mutex::default(),
            patience,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let lease = pool.world.lease(LEASE.0, Service::STORE);
        for device in members {
            pool.stands(device);
            pool.world.adapters.register(device, Arc::new(pool.adapter(device)));
        }
        let client = pool.world.client(&lease, Tariff::Bytes);
        (pool, client)
    }

    fn adapter(self: &Arc<Self>, device: DeviceId) -> StoreAdapter {
        let pace = Pace { patience: self.patience, look: Duration::from_millis(10) };
        let (shelves, stop) = (Arc::clone(&self.shelves[&device]), self.stop.clone());
        let replicas = Arc::new(Gateway { device, pool: Arc::clone(self) });
        StoreAdapter::replicated(Replicator::new(device, shelves, replicas, pace, stop), 4)
    }

    /// A member's gateway takes what is brought.
    fn stands(self: &Arc<Self>, device: DeviceId) {
        let (pool, end) = (Arc::clone(self), Arc::clone(&self.ends[&device]));
        let wards = Arc::new(Gateway { device, pool: Arc::clone(self) });
        let standby = Arc::new(Standby::new(wards, self.stop.clone()));
        self.tasks.spawn(async move {
            while let Some(link) = end.accept().await {
                pool.links.lock().unwrap().push(Arc::clone(&link));
                if *pool.mood.lock().unwrap() == Mood::Well {
                    let standby = Arc::clone(&standby);
                    pool.tasks.spawn(async move { standby.serve(link).await });
                }
            }
        });
    }

    /// From now on; links that are up are cut.
    pub(super) fn mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        self.links.lock().unwrap().drain(..).for_each(|link| link.close("of another mood"));
    }

    pub(super) fn chunks_of(&self, device: DeviceId) -> BTreeSet<PathBuf> {
        let folder = self.folder.path().join(device.to_string()).join(LEASE.to_string());
        let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| !path.ends_with("manifest")).collect()
    }

    pub(super) fn happened(&self, what: impl Fn(&Happening) -> bool) -> bool {
        self.happened.lock().unwrap().iter().any(what)
    }

    pub(super) async fn until(&self, what: &str, is: impl Fn(&Self) -> bool) {
        let wait = async {
            while !is(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        let happened = self.happened.lock().unwrap();
        let first = happened.iter().take(20).collect::<Vec<_>>();
        assert!(waited.is_ok(), "waited for {what}: {first:?} of {}", happened.len());
    }

    pub(super) async fn in_step(&self, number: u64) {
        let there = |one: &Happening| matches!(one, Happening::InStep { sequence, .. } if *sequence == number);
        self.until("step", |pool| pool.happened(there)).await;
    }

    /// The provider is replaced, and is not there any more.
    pub(super) fn take_over(&self, client: &Client, by: DeviceId) {
        self.world.pass_on(LEASE, by);
        client.moved(by);
    }

    pub(super) async fn end(&self, client: Client) {
        client.detach().await;
        self.stop.cancel();
    }
}

/// What a member's gateway knows.
pub(super) struct Gateway {
    pub(super) device: DeviceId,
    pub(super) pool: Arc<Pool>,
}

#[async_trait]
impl Replicas for Gateway {
    async fn next(&self, lease: LeaseId, by: DeviceId) -> Result<Next, String> {
        let serves = self.pool.world.chain.lease(lease).await.unwrap().provider.device;
        Ok(match serves {
            serves if serves != by => Next::Elsewhere,
            PROVIDER => Next::Member(SECOND),
            SECOND => Next::Member(THIRD),
            _ => Next::Nobody,
        })
    }

    async fn dial(&self, device: DeviceId) -> Result<Arc<dyn Link>, String> {
        if *self.pool.mood.lock().unwrap() == Mood::Gone {
            return Err("nobody answers".into());
        }
        dial(&self.pool, self.device, device).await
    }

    fn note(&self, _: LeaseId, what: Happening) {
        self.pool.happened.lock().unwrap().push(what);
    }
}

pub(super) async fn dial(
    pool: &Pool,
    from: DeviceId,
    to: DeviceId,
) -> Result<Arc<dyn Link>, String> {
    let peer = Peer { key: end_of(to), addresses: Vec::new(), relay: None };
    pool.ends[&from].dial(&peer, &REPLICA.alpn()).await.map_err(|e| e.to_string())
}

#[async_trait]
impl Wards for Gateway {
    async fn standing(
        &self,
        lease: LeaseId,
        at: DeviceId,
    ) -> Result<(Standing, Arc<Shelves>), String> {
        let chain = &self.pool.world.chain;
        let lease = chain.lease(lease).await.map_err(|e| e.to_string())?;
        let by = lease.provider.device;
        let provider = Party { device: by, endpoints: vec![end_of(by)] };
        let standing = Standing {
            lease: LeaseView { provider, ..lease },
            at: Party { device: at, endpoints: vec![end_of(self.device)] },
            members: [PROVIDER, SECOND, THIRD].into(),
            now: chain.now(),
            age: chain.age(),
        };
        let shelves = self.pool.shelves.get(&at).ok_or("nothing is stored for it here")?;
        Ok((standing, Arc::clone(shelves)))
    }

    fn refused(&self, _: LeaseId, _: EndKey, why: &str) {
        self.pool.refused.lock().unwrap().push(why.to_owned());
    }
}

pub(super) const ROOMY: [u64; 3] = [QUOTA; 3];

pub(super) async fn overwrite(vault: &Vault, path: &str, bytes: &[u8]) {
    vault.resize(path, 0).await.unwrap();
    vault.write(path, 0, bytes).await.unwrap();
    vault.commit().await.unwrap();
}
