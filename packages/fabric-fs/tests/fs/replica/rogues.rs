//! Whoever may not bring anything.

use super::support::{Gateway, LEASE, OTHER, PATIENCE, Pool, ROOMY, SECOND, THIRD, dial, end_of};
use crate::{QUOTA, key, write};
use async_trait::async_trait;
use caplet_fabric::client::Client;
use caplet_fabric::link::Link;
use caplet_fabric::{Service, Tariff};
use caplet_fabric_fs::replica::{
    Happening, Next, Pace, Replicas, Replicator, Standing, Wards as _,
};
use caplet_fabric_fs::{Shelves, StoreAdapter, Vault};
use caplet_fabric_testkit::{Options, PROVIDER, World};
use caplet_protocol::{DeviceId, LeaseId};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

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
        let pace = Pace { patience: PATIENCE, look: Duration::from_millis(10) };
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
    // nobody else serves it in the rogue's place
    client.detach().await;
    pool.world.pass_on(LEASE, SECOND);
    let rogue = Rogue::new(&pool, (SECOND, THIRD), LEASE).await;
    write(&rogue.vault, "file", b"first").await;
    assert_eq!(rogue.vault.stored_twice(), 1);
    pool.world.pass_on(LEASE, PROVIDER);
    pool.until("the refusal", |pool| {
        pool.refused.lock().unwrap().iter().any(|why| why.contains("device 1 serves"))
    })
    .await;
    write(&rogue.vault, "more", b"second").await;
    assert_eq!(rogue.vault.stored_twice(), 1);
    rogue.end().await;
    pool.end(client).await;
}
