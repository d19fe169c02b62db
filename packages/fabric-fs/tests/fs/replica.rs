//! What one member of a pool stores another stores too: whoever stands by slow, gone, full or forgetful, and whoever
//! may not bring anything.

use crate::{QUOTA, key, noise, write};
use async_trait::async_trait;
use caplet_fabric::client::Client;
use caplet_fabric::health::Health;
use caplet_fabric::lease::{ChainView as _, LeaseView, Party};
use caplet_fabric::link::{Endpoint, Key as EndKey, Link, Peer};
use caplet_fabric::{Service, Tariff};
use caplet_fabric_fs::replica::{
    Happening, Next, Pace, REPLICA, Replicas, Replicator, Standby, Standing, Wards,
};
use caplet_fabric_fs::{CHUNK, Shelves, StoreAdapter, StoreSurface, Vault, VaultError};
use caplet_fabric_testkit::{Options, PROVIDER, World};
use caplet_protocol::{DeviceId, LeaseId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Who takes over from the provider, and who from that one.
const SECOND: DeviceId = DeviceId(8);
const THIRD: DeviceId = DeviceId(9);
/// A member of another pool.
const OTHER: DeviceId = DeviceId(10);
const LEASE: LeaseId = LeaseId(1);

/// The key under which a member's gateway speaks to others.
fn end_of(device: DeviceId) -> EndKey {
    [device.0 as u8; 32]
}

/// How whoever stands by behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    /// Takes connections and says nothing.
    Silent,
    Gone,
}

/// Members of a pool with a gateway each, on one network; the chain is the world's.
struct Pool {
    world: Arc<World>,
    folder: TempDir,
    shelves: BTreeMap<DeviceId, Arc<Shelves>>,
    ends: BTreeMap<DeviceId, Arc<dyn Endpoint>>,
    mood: Mutex<Mood>,
    happened: Mutex<Vec<Happening>>,
    refused: Mutex<Vec<String>>,
    links: Mutex<Vec<Arc<dyn Link>>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Pool {
    /// A store leased of [`PROVIDER`], whom the others can follow in order.
    fn new(quotas: [u64; 3]) -> (Arc<Self>, Client) {
        let options = Options { unit_bytes: 4_096, segment: 4_000, ..Options::default() };
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
        let pace = Pace { patience: Duration::from_secs(2), look: Duration::from_millis(10) };
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
    fn mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        self.links.lock().unwrap().drain(..).for_each(|link| link.close("of another mood"));
    }

    fn chunks_of(&self, device: DeviceId) -> BTreeSet<PathBuf> {
        let folder = self.folder.path().join(device.to_string()).join(LEASE.to_string());
        let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| !path.ends_with("manifest")).collect()
    }

    fn happened(&self, what: impl Fn(&Happening) -> bool) -> bool {
        self.happened.lock().unwrap().iter().any(what)
    }

    async fn until(&self, what: &str, is: impl Fn(&Self) -> bool) {
        let wait = async {
            while !is(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
        assert!(waited.is_ok(), "waited for {what}: {:?}", self.happened.lock().unwrap());
    }

    async fn in_step(&self, number: u64) {
        let there = |one: &Happening| matches!(one, Happening::InStep { sequence, .. } if *sequence == number);
        self.until("step", |pool| pool.happened(there)).await;
    }

    /// The provider is replaced, and is not there any more.
    fn take_over(&self, client: &Client, by: DeviceId) {
        self.world.pass_on(LEASE, by);
        client.moved(by);
    }

    async fn end(&self, client: Client) {
        client.detach().await;
        self.stop.cancel();
    }
}

/// What a member's gateway knows.
struct Gateway {
    device: DeviceId,
    pool: Arc<Pool>,
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

async fn dial(pool: &Pool, from: DeviceId, to: DeviceId) -> Result<Arc<dyn Link>, String> {
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

const ROOMY: [u64; 3] = [QUOTA; 3];

async fn overwrite(vault: &Vault, path: &str, bytes: &[u8]) {
    vault.resize(path, 0).await.unwrap();
    vault.write(path, 0, bytes).await.unwrap();
    vault.commit().await.unwrap();
}

#[tokio::test]
async fn what_was_acknowledged_as_stored_twice_is_served_on_by_whoever_takes_over_and_again_by_the_next()
 {
    let (pool, client) = Pool::new(ROOMY);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    let large = noise(3 * CHUNK + 17);
    write(&vault, "large", &large).await;
    assert_eq!((vault.sequence(), vault.stored_twice()), (1, 1));
    // the first member and its disk are gone; the very same handle goes on
    std::fs::remove_dir_all(pool.folder.path().join(PROVIDER.to_string())).unwrap();
    pool.take_over(&client, SECOND);
    let fresh = Vault::open(client.clone(), key(), 1).await.unwrap();
    assert!(fresh.read("large", 0, usize::MAX).await.unwrap() == large);
    write(&vault, "more", b"written at the second").await;
    assert_eq!((vault.sequence(), vault.stored_twice()), (2, 2), "it replicates onward");
    std::fs::remove_dir_all(pool.folder.path().join(SECOND.to_string())).unwrap();
    pool.take_over(&client, THIRD);
    let fresh = Vault::open(client.clone(), key(), 2).await.unwrap();
    assert!(fresh.read("large", 0, usize::MAX).await.unwrap() == large);
    assert_eq!(fresh.read("more", 0, 100).await.unwrap(), b"written at the second");
    // nobody is left to stand by: one copy, and it says so
    write(&vault, "last", b"alone").await;
    assert_eq!((vault.sequence(), vault.stored_twice()), (3, 2));
    pool.end(client).await;
}

#[tokio::test]
async fn whoever_stands_by_drops_what_is_dropped_and_keeps_no_more_than_is_stored() {
    let (pool, client) = Pool::new(ROOMY);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "file", &noise(2 * CHUNK)).await;
    assert_eq!(pool.chunks_of(SECOND).len(), 2);
    vault.remove("file", false).unwrap();
    vault.commit().await.unwrap();
    pool.until("the chunks to go", |pool| pool.chunks_of(SECOND).is_empty()).await;
    pool.shelves[&SECOND].forget(LEASE).unwrap();
    assert!(pool.shelves[&SECOND].kept().unwrap().is_empty(), "over is over");
    assert_eq!(pool.shelves[&PROVIDER].kept().unwrap(), [LEASE]);
    pool.end(client).await;
}

#[tokio::test]
async fn a_silent_or_missing_standby_delays_one_write_and_is_brought_up_when_it_is_back() {
    let (pool, client) = Pool::new(ROOMY);
    pool.mood(Mood::Silent);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "one", &noise(CHUNK)).await;
    assert_eq!((vault.sequence(), vault.stored_twice()), (1, 0), "acknowledged alone");
    assert!(pool.happened(|one| *one == Happening::Acknowledged(1)));
    assert!(pool.happened(|one| matches!(one, Happening::Alone(_))));
    pool.mood(Mood::Gone);
    for n in 0..5u8 {
        write(&vault, &format!("more {n}"), &[n; 100]).await;
    }
    assert_eq!((vault.sequence(), vault.stored_twice()), (6, 0));
    pool.mood(Mood::Well);
    pool.in_step(6).await;
    write(&vault, "two", &noise(CHUNK + 1)).await;
    assert_eq!((vault.sequence(), vault.stored_twice()), (7, 7));
    pool.take_over(&client, SECOND);
    let fresh = Vault::open(client.clone(), key(), 7).await.unwrap();
    assert!(fresh.read("one", 0, usize::MAX).await.unwrap() == noise(CHUNK));
    assert_eq!(fresh.read("more 4", 0, 100).await.unwrap(), [4; 100]);
    pool.end(client).await;
}

#[tokio::test]
async fn a_standby_out_of_room_costs_nothing_but_the_second_copy() {
    let (pool, client) = Pool::new([QUOTA, 2 * CHUNK as u64, QUOTA]);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "small", b"fits").await;
    assert_eq!(vault.stored_twice(), 1);
    write(&vault, "large", &noise(4 * CHUNK)).await;
    assert_eq!((vault.sequence(), vault.stored_twice()), (2, 1));
    pool.until("the reason", |pool| {
        pool.happened(|one| matches!(one, Happening::Alone(why) if why.contains("full")))
    })
    .await;
    // room is made
    overwrite(&vault, "large", b"not so large").await;
    pool.in_step(3).await;
    pool.end(client).await;
}

#[tokio::test]
async fn a_chunk_that_a_standby_has_lost_is_found_out_and_brought_again() {
    let (pool, client) = Pool::new(ROOMY);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "file", &noise(CHUNK)).await;
    let lost = pool.chunks_of(SECOND).pop_first().unwrap();
    std::fs::remove_file(&lost).unwrap();
    write(&vault, "other", b"a second write").await;
    assert_eq!(vault.stored_twice(), 2);
    assert!(pool.happened(|one| *one == Happening::Lied { at: SECOND }));
    assert!(lost.exists(), "it was the only one to be asked for");
    // torn while nobody was connected: what is there when a link comes up is looked at as well
    pool.mood(Mood::Gone);
    std::fs::write(&lost, b"torn").unwrap();
    pool.mood(Mood::Well);
    let torn = |path: &PathBuf| std::fs::read(path).unwrap() == b"torn";
    pool.until("the chunk to be whole", |_| !torn(&lost)).await;
    pool.take_over(&client, SECOND);
    let fresh = Vault::open(client.clone(), key(), 2).await.unwrap();
    assert!(fresh.read("file", 0, usize::MAX).await.unwrap() == noise(CHUNK));
    pool.end(client).await;
}

#[tokio::test]
async fn a_replica_that_is_behind_is_never_taken_for_the_truth() {
    let (pool, client) = Pool::new(ROOMY);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "file", b"first").await;
    assert_eq!(vault.stored_twice(), 1);
    pool.mood(Mood::Gone);
    overwrite(&vault, "file", &noise(CHUNK)).await;
    write(&vault, "unread", &noise(CHUNK + 1)).await;
    assert_eq!((vault.sequence(), vault.stored_twice()), (3, 1));
    let reader = Vault::open(client.clone(), key(), 3).await.unwrap();
    pool.take_over(&client, SECOND);
    vault.write("file", 0, b"third").await.unwrap();
    let refused = vault.commit().await.unwrap_err();
    assert!(matches!(refused, VaultError::Rolled { found: 1, known: 3 }), "{refused}");
    let refused = reader.read("unread", 0, 10).await.unwrap_err();
    assert!(matches!(refused, VaultError::Rolled { found: 1, known: 3 }), "{refused}");
    let opened = Vault::open(client.clone(), key(), 3).await;
    assert!(matches!(opened, Err(VaultError::Rolled { found: 1, known: 3 })));
    pool.end(client).await;
}

#[tokio::test]
async fn a_session_at_a_replica_that_is_behind_ends_with_the_reason_by_itself() {
    let (pool, client) = Pool::new(ROOMY);
    let lease = client.lease().clone();
    client.detach().await;
    let surface = StoreSurface { secret: [5; 32], memory: Arc::new(0), folder: None };
    let attached = pool.world.attach(&lease, &surface, "disk").await;
    let base = format!("{}/v1/caps/disk/files", pool.world.http().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let put = async |text: &'static str| {
        let put = http.put(format!("{base}/file")).body(text).send().await.unwrap();
        assert_eq!(put.status(), 204);
    };
    put("first").await;
    pool.mood(Mood::Gone);
    put("second").await;
    pool.take_over(attached.client(), SECOND);
    let over = attached.client().until(|health| matches!(health, Health::Closed(_))).await;
    over.unwrap();
    let health = attached.client().health().borrow().json().to_string();
    assert!(health.contains("manifest 1") && health.contains("store it again"), "{health}");
    attached.detach().await;
    pool.stop.cancel();
}

/// A member's gateway of its own making, with a consumer in a world of its own.
struct Rogue {
    client: Client,
    vault: Vault,
    stop: CancellationToken,
    _world: Arc<World>,
}

impl Rogue {
    /// Serves a lease of that number as `from`, and brings its replica to `to`.
    async fn new(pool: &Arc<Pool>, (from, to): (DeviceId, DeviceId), lease: LeaseId) -> Self {
        let stop = pool.stop.child_token();
        let shelves = Arc::new(Shelves::new(pool.folder.path().join("rogue"), QUOTA));
        let replicas = Arc::new(Hostile { from, to, pool: Arc::clone(pool) });
        let pace = Pace { patience: Duration::from_secs(20), look: Duration::from_millis(10) };
        let replicator = Replicator::new(from, shelves, replicas, pace, stop.clone());
        let world = World::new(Options { unit_bytes: 4_096, ..Options::default() });
        world.offer(Arc::new(StoreAdapter::replicated(replicator, 4)));
        let client = world.client(&world.lease(lease.0, Service::STORE), Tariff::Bytes);
        let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
        Self { client, vault, stop, _world: world }
    }

    async fn end(self) {
        self.client.detach().await;
        self.stop.cancel();
    }
}

#[tokio::test]
async fn what_a_consumer_remembers_over_a_restart_is_not_unlearnt_by_a_replica() {
    let (pool, client) = Pool::new(ROOMY);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "file", b"first").await;
    client.detach().await;
    let lease = client.lease().clone();
    pool.world.pass_on(LEASE, SECOND);
    let surface = StoreSurface { secret: [5; 32], memory: Arc::new(2), folder: None };
    let attached = pool.world.attach(&lease, &surface, "disk").await;
    let health = attached.client().health().borrow().json().to_string();
    assert!(health.contains("manifest 1, 2 was stored"), "{health}");
    attached.detach().await;
    pool.stop.cancel();
}

#[tokio::test]
async fn only_who_serves_the_lease_brings_its_replica_and_only_to_a_member_that_stands_by() {
    let (pool, client) = Pool::new(ROOMY);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "file", b"first").await;
    let refused = async |from: DeviceId, to: DeviceId, of: LeaseId| -> String {
        pool.refused.lock().unwrap().clear();
        let rogue = Rogue::new(&pool, (from, to), of).await;
        let path = format!("file {}", rogue.vault.sequence());
        write(&rogue.vault, &path, b"never stored").await;
        assert_eq!(rogue.vault.stored_twice(), 0);
        rogue.end().await;
        pool.refused.lock().unwrap().join("; ")
    };
    let stranger = refused(OTHER, SECOND, LEASE).await;
    assert!(stranger.contains("only its gateway brings"), "{stranger}");
    let to_itself = refused(SECOND, PROVIDER, LEASE).await;
    assert!(to_itself.contains("serves lease 1 itself"), "{to_itself}");
    let unknown = refused(PROVIDER, SECOND, LeaseId(77)).await;
    assert!(unknown.contains("lease 77"), "{unknown}");
    // who served it before
    pool.world.pass_on(LEASE, SECOND);
    let former = refused(PROVIDER, THIRD, LEASE).await;
    assert!(former.contains("device 8 serves"), "{former}");
    // a lease that is over
    pool.world.chain.close(LEASE, 2);
    let over = refused(SECOND, THIRD, LEASE).await;
    assert!(over.contains("is not served"), "{over}");
    let folder = pool.folder.path().join(THIRD.to_string());
    assert!(!folder.exists(), "nothing was brought there");
    pool.end(client).await;
}

/// Brings what it wants to whom it wants.
struct Hostile {
    from: DeviceId,
    to: DeviceId,
    pool: Arc<Pool>,
}

#[async_trait]
impl Replicas for Hostile {
    async fn next(&self, _: LeaseId, _: DeviceId) -> Result<Next, String> {
        Ok(Next::Member(self.to))
    }

    async fn dial(&self, device: DeviceId) -> Result<Arc<dyn Link>, String> {
        dial(&self.pool, self.from, device).await
    }

    fn note(&self, _: LeaseId, what: Happening) {
        self.pool.happened.lock().unwrap().push(what);
    }
}

#[tokio::test]
async fn a_replica_is_taken_by_the_chain_and_by_nothing_else() {
    let (pool, client) = Pool::new(ROOMY);
    let second = Gateway { device: SECOND, pool: Arc::clone(&pool) };
    let (good, _) = second.standing(LEASE, SECOND).await.unwrap();
    let (peer, local) = (end_of(PROVIDER), end_of(SECOND));
    good.admits(peer, local).unwrap();
    let refused = |change: &dyn Fn(&mut Standing)| {
        let mut standing = good.clone();
        change(&mut standing);
        standing.admits(peer, local).unwrap_err().to_string()
    };
    let none = refused(&|s| s.members.clear());
    assert!(none.contains("no member"), "of no pool: {none}");
    let others = refused(&|s| s.members = [PROVIDER, OTHER].into());
    assert!(others.contains("no member"), "a member of another pool: {others}");
    let theirs = refused(&|s| s.members = [SECOND, OTHER].into());
    assert!(theirs.contains("no member"), "of another pool's server: {theirs}");
    let kind = refused(&|s| s.lease.service = Service::SENSOR);
    assert!(kind.contains("stores nothing"), "{kind}");
    let early = refused(&|s| s.lease.start = s.lease.end);
    assert!(early.contains("not served"), "{early}");
    let blind = refused(&|s| s.age = Duration::from_secs(61));
    assert!(blind.contains("no block"), "{blind}");
    let elsewhere = refused(&|s| s.at.endpoints.clear());
    assert!(elsewhere.contains("has not granted this gateway"), "{elsewhere}");
    let stranger = good.admits(end_of(OTHER), local).unwrap_err().to_string();
    assert!(stranger.contains("only its gateway"), "{stranger}");
    pool.end(client).await;
}

#[tokio::test]
async fn who_serves_no_more_brings_no_more_though_its_link_is_up() {
    let (pool, client) = Pool::new(ROOMY);
    let rogue = Rogue::new(&pool, (PROVIDER, SECOND), LEASE).await;
    write(&rogue.vault, "file", b"first").await;
    assert_eq!(rogue.vault.stored_twice(), 1);
    pool.world.pass_on(LEASE, THIRD);
    pool.until("the refusal", |pool| {
        pool.refused.lock().unwrap().iter().any(|why| why.contains("device 9 serves"))
    })
    .await;
    write(&rogue.vault, "more", b"second").await;
    assert_eq!(rogue.vault.stored_twice(), 1);
    rogue.end().await;
    pool.end(client).await;
}

/// What happens to a store in a pool.
#[derive(Clone, Debug)]
enum Act {
    Write(u8, usize, u8),
    Remove(u8),
    Mood(Mood),
    /// The link breaks.
    Cut,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0u8..4, 1usize..3 * CHUNK, any::<u8>()).prop_map(|(f, len, b)| Act::Write(f, len, b)),
        1 => (0u8..4).prop_map(Act::Remove),
        1 => Just(Act::Mood(Mood::Gone)),
        2 => Just(Act::Mood(Mood::Well)),
        1 => Just(Act::Cut),
    ]
}

type Files = BTreeMap<u8, Vec<u8>>;

async fn same(vault: &Vault, files: &Files) {
    assert_eq!(vault.list("").unwrap().len(), files.len());
    for (file, bytes) in files {
        let read = vault.read(&format!("file {file}"), 0, usize::MAX).await.unwrap();
        assert!(read == *bytes, "file {file} differs");
    }
}

async fn perform(vault: &Vault, files: &mut Files, file: u8, bytes: Vec<u8>) {
    let path = format!("file {file}");
    if files.insert(file, bytes.clone()).is_none() {
        vault.create(&path).unwrap();
    }
    overwrite(vault, &path, &bytes).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn every_manifest_that_was_acknowledged_as_stored_twice_is_readable_where_it_is_taken_over(
        acts in proptest::collection::vec(act(), 1..14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (pool, client) = Pool::new(ROOMY);
            let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
            let mut files = Files::new();
            let mut known = BTreeMap::from([(0, Files::new())]);
            for act in acts {
                match act {
                    Act::Write(file, len, byte) => {
                        let mut bytes = noise(len);
                        bytes[0] = byte;
                        perform(&vault, &mut files, file, bytes).await;
                    }
                    Act::Remove(file) => {
                        if files.remove(&file).is_some() {
                            vault.remove(&format!("file {file}"), false).unwrap();
                            vault.commit().await.unwrap();
                        }
                    }
                    Act::Mood(mood) => pool.mood(mood),
                    Act::Cut => {
                        let mood = *pool.mood.lock().unwrap();
                        pool.mood(mood);
                    }
                }
                known.insert(vault.sequence(), files.clone());
            }
            let (twice, last) = (vault.stored_twice(), vault.sequence());
            std::fs::remove_dir_all(pool.folder.path().join(PROVIDER.to_string())).unwrap();
            pool.mood(Mood::Well);
            pool.take_over(&client, SECOND);
            let opened = Vault::open(client.clone(), key(), twice).await.unwrap();
            let found = opened.sequence();
            assert!((twice..=last).contains(&found), "{found} of {last}, {twice} twice");
            same(&opened, &known[&found]).await;
            // the handle from before goes on, or says that it can't: never something in between
            if found == last {
                perform(&vault, &mut files, 9, noise(CHUNK + 1)).await;
                same(&vault, &files).await;
                assert_eq!(vault.stored_twice(), last + 1, "the third stands by");
            } else {
                assert!(matches!(vault.check().await, Err(VaultError::Rolled { .. })));
                vault.create("new").unwrap();
                let refused = vault.commit().await;
                assert!(matches!(refused, Err(VaultError::Rolled { .. })), "{refused:?}");
            }
            pool.end(client).await;
        });
    }
}
