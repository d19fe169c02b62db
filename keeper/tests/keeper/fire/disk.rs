//! A disk that is full: one of a few MiB, and a store that may not grow by a page.

use super::ground::Ground;
use crate::common::disk::SmallDisk;
use crate::money::stage::{Stage, lasting};
use caplet::leases::Lease;
use caplet::settler::vouchers;
use caplet::store::Store;
use caplet_protocol::Lane;
use std::io::Write as _;
use std::path::PathBuf;

/// Room on a disk that others use too, KiB.
const SMALL: u32 = 16 << 10;

fn filler(disk: &SmallDisk) -> PathBuf {
    disk.folder().join("filler")
}

/// Somebody else takes all that is left.
fn fill(disk: &SmallDisk) {
    let mut filler = std::fs::File::create(filler(disk)).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        while filler.write_all(&vec![7; size]).is_ok() {}
    }
}

/// Lets the store have so many pages, or at least as many as it has.
fn room(store: &Store, pages: u32) {
    let sql = format!("PRAGMA max_page_count = {pages}");
    store.read(|c| c.query_row(&sql, [], |_| Ok(()))).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_no_voucher_is_taken_and_none_that_was_taken_is_lost() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(40).await;
    let (first, rest) = leases.split_at(1);
    ground.vouch(first, 50);
    ground.redeemed(first, 50).await;
    let store = ground.deal.serving.context().store.clone();
    room(&store, 1);
    let (taken, refused) = offered(&ground, &store, rest);
    room(&store, 1_000_000);
    ground.vouch(&refused, 70);
    ground.redeemed(&taken, 70).await;
    ground.redeemed(&refused, 70).await;
    ground.count(50 + 70 * 39).await;
}

/// Offers a voucher of 70 on each of them: which leases have theirs on disk, and which nothing of it.
fn offered(ground: &Ground, store: &Store, leases: &[Lease]) -> (Vec<Lease>, Vec<Lease>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for lease in leases {
        let voucher = ground.deal.voucher(lease.id, 70, [0; 32], false);
        match vouchers::accept(store, &voucher, None, ground.deal.stage.now()) {
            Ok(_) => taken.push(lease.clone()),
            Err(error) => {
                assert!(error.to_string().contains("full"), "{error}");
                refused.push(lease.clone());
            }
        }
    }
    assert!(!refused.is_empty(), "the disk was never full");
    for lease in &refused {
        let kept = vouchers::best(store, lease.id, Lane(0)).unwrap();
        assert!(kept.is_none(), "half of it is there");
    }
    (taken, refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_others_have_filled_loses_nothing_and_is_used_again_once_there_is_room() {
    let stage = Stage::running_with(lasting).await;
    let disk = SmallDisk::at(&stage.place(1), SMALL);
    let mut ground = Ground::on(stage).await;
    let leases = ground.leases(40).await;
    let (first, rest) = leases.split_at(1);
    ground.vouch(first, 50);
    ground.redeemed(first, 50).await;
    let store = ground.deal.serving.context().store.clone();
    // nothing fits into what its log has grown to before
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    store.read(|c| c.query_row(sql, [], |_| Ok(()))).unwrap();
    fill(&disk);
    let (taken, refused) = offered(&ground, &store, rest);
    std::fs::remove_file(filler(&disk)).unwrap();
    ground.vouch(&refused, 70);
    ground.redeemed(&taken, 70).await;
    ground.redeemed(&refused, 70).await;
    ground.count(50 + 70 * 39).await;
    drop(disk);
}
