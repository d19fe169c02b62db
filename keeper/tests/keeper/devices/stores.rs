//! A provider's bad days with what it stores for others: its disk is full, or it returns other bytes. What the consumer
//! sees, what is paid and what reputation records. Needs root, for a disk of its own.

use super::fabric::World;
use super::surfaces::{LOT, leases, stage};
use crate::common::disk::SmallDisk;
use crate::common::{Goods, free_port, is_up, until};
use caplet::fabric::Wish;
use caplet::keeper::Keeper;
use caplet_api::escrow::CloseReason;
use caplet_protocol::{Bps, Kind, LeaseId};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

const GOODS: Goods = Goods { kind: Kind::Storage, resource: "disk", unit: "KiB", lot: LOT };

/// Failures after which a lease is given up, as keepers are set up.
const FAILURES: u64 = 3;

/// A store that is leased.
struct Stored {
    world: World,
    keepers: [Keeper; 2],
    alias: String,
    lease: LeaseId,
    /// Where its provider keeps it.
    folder: PathBuf,
    http: reqwest::Client,
}

impl Stored {
    async fn new() -> Self {
        let mut world = World::on(stage(GOODS).await).await;
        let mut devices = PathBuf::new();
        let (keepers, names) = leases(&mut world, GOODS, 1, free_port(), |config| {
            devices = config.data.with_file_name("1").join("devices");
            // no challenge: what is seen is seen by who reads and writes
            config.fabric.check_bps = 0;
        })
        .await;
        let alias = names[0].clone();
        let lease: u64 = alias.rsplit('-').next().unwrap().parse().unwrap();
        let kept = || {
            let all = std::fs::read_dir(&devices).ok()?.flatten();
            let mut all = all.map(|one| one.path().join("store").join(lease.to_string()));
            all.find(|folder| folder.is_dir())
        };
        let folder = until("the store's folder", async || kept()).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { world, keepers, alias, lease: LeaseId(lease), folder, http }
    }

    fn url(&self, name: &str) -> String {
        let desk = self.keepers[1].fabric().unwrap().desk();
        format!("http://{desk}/v1/caps/{}/files/{name}", self.alias)
    }

    /// Status, and the reason if there is one.
    async fn answered(request: reqwest::RequestBuilder) -> (u16, String) {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        (status, body["reason"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until it is served: what is asked before that, or while its provider waits for a voucher, is refused here.
    async fn up(&self) {
        let consumers = self.keepers[1].fabric().unwrap().consumers();
        until("the store to be served", async || {
            let all = consumers.all();
            all.iter().any(|local| local.alias == self.alias && is_up(local)).then_some(())
        })
        .await;
    }

    async fn put(&self, name: &str, bytes: usize) -> (u16, String) {
        self.up().await;
        Self::answered(self.http.put(self.url(name)).body("x".repeat(bytes))).await
    }

    async fn get(&self, name: &str) -> (u16, String) {
        self.up().await;
        Self::answered(self.http.get(self.url(name))).await
    }

    /// Makes it local anew: nothing that was read or written is kept here any more.
    async fn attach_anew(&self) {
        let consumers = self.keepers[1].fabric().unwrap().consumers();
        let there = || consumers.all().iter().any(|local| local.alias == self.alias);
        consumers.detach(&self.alias).unwrap();
        until("it to be detached", async || (!there()).then_some(())).await;
        consumers.attach(&self.alias, Wish::default()).unwrap();
        self.up().await;
    }

    /// The lease is given up and closed by its consumer. What was paid, and what reputation records.
    async fn given_up(&self) -> (u64, Bps) {
        let consumers = self.keepers[1].fabric().unwrap().consumers();
        until("the lease to be given up", async || consumers.ended(&self.alias)).await;
        let closed = self.world.closed(self.lease).await;
        assert_eq!(closed.reason, Some(CloseReason::ConsumerClosed));
        (closed.lanes[0].redeemed.u64(), self.world.rated(self.lease).await)
    }

    /// Base units of so many KiB, and of the segment that is paid ahead.
    async fn worth(&self, kib: u64) -> u64 {
        let price = self.world.closed(self.lease).await.price.u64();
        (kib * price).div_ceil(LOT) + price.div_ceil(8) + 1
    }

    async fn end(self) {
        let Self { world, keepers, .. } = self;
        world.lives.drain(Duration::from_secs(5)).await;
        for keeper in keepers {
            keeper.stop(Duration::from_secs(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_whose_disk_is_full_is_paid_for_what_was_moved_and_rated_for_what_was_not_kept()
{
    let stored = Stored::new().await;
    let disk = SmallDisk::at(&stored.folder, 64);
    for _ in 0..FAILURES {
        let (status, why) = stored.put("large", 100_000).await;
        assert_eq!(status, 507, "{why}");
        assert!(why.contains("the provider's disk is"), "{why}");
    }
    let (paid, rating) = stored.given_up().await;
    // a hundred KiB three times, and a little for what is said around them
    let most = stored.worth(FAILURES * 110).await;
    assert!(paid <= most, "{paid} paid, {most} is what three refused writes and a segment cost");
    assert!(rating < Bps(5_000), "{rating:?} for a store that keeps nothing");
    drop(disk);
    stored.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_returns_other_bytes_is_seen_at_every_read_and_given_up_and_rated_for_it() {
    let stored = Stored::new().await;
    let (status, why) = stored.put("kept", 300_000).await;
    assert_eq!(status, 204, "{why}");
    stored.attach_anew().await;
    for file in std::fs::read_dir(&stored.folder).unwrap() {
        let file = file.unwrap();
        if file.file_name() != "manifest" {
            let other: Vec<u8> = std::fs::read(file.path()).unwrap().iter().map(|b| !b).collect();
            std::fs::write(file.path(), other).unwrap();
        }
    }
    for _ in 0..FAILURES {
        let (status, why) = stored.get("kept").await;
        assert_eq!(status, 502, "{why}");
        assert!(why.contains("not what was stored"), "{why}");
    }
    let (paid, rating) = stored.given_up().await;
    // what was written, and the first piece of it three times; what came was wrong and is paid all the same
    let most = stored.worth(300 + FAILURES * 270).await;
    assert!(paid <= most, "{paid} paid, {most} is what was moved and a segment");
    assert!(rating < Bps(5_000), "{rating:?} for bytes that were wrong");
    stored.end().await;
}
