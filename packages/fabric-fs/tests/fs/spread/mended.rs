//! Parts of lost leases, restored onto new ones.

use super::{Remembers, Site, bytes, done, opened, planned, sites, standing};
use crate::{QUOTA, world, write};
use caplet_fabric_fs::{CHUNK, Standing, Vault, VaultError};
use std::sync::Arc;
use tempfile::TempDir;

#[tokio::test]
async fn a_lost_lease_is_restored_onto_a_new_one_and_then_another_may_be_lost() {
    let (mut all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (spread, vault) = opened(2, &all, &memory).await;
    write(&vault, "file", &bytes(1, 10 * CHUNK + 3)).await;
    all[1].world.kill_host().await;
    spread.leave(all[1].lease);
    write(&vault, "meanwhile", &bytes(2, CHUNK)).await;
    all.push(Site::new(4, QUOTA).await);
    spread.join(all[3].client.clone());
    spread.replan(vec![all[0].lease, all[3].lease, all[2].lease]).unwrap();
    spread.mend().await.unwrap();
    assert_eq!(standing(&spread, &all[3]), Standing::Current);
    assert_eq!(all[3].shards().len(), all[0].shards().len());
    write(&vault, "after", &bytes(3, CHUNK)).await;
    assert_eq!(vault.copies(), 2);
    // the first goes too: those that are left, one of them new, have it all
    all[0].world.kill_host().await;
    let plan: Vec<&Site> = vec![&all[0], &all[3], &all[2]];
    let again = planned(2, &plan, &plan[1..], &memory).open().await.unwrap();
    assert!(again.read("file", 0, usize::MAX).await.unwrap() == bytes(1, 10 * CHUNK + 3));
    assert!(again.read("meanwhile", 0, usize::MAX).await.unwrap() == bytes(2, CHUNK));
    assert!(again.read("after", 0, usize::MAX).await.unwrap() == bytes(3, CHUNK));
    done(&all).await;
}

#[tokio::test]
async fn it_is_repaired_by_attaching_it_with_another_lease_after_a_restart() {
    let (mut all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (_, vault) = opened(2, &all, &memory).await;
    write(&vault, "file", &bytes(1, 3 * CHUNK)).await;
    drop(vault);
    all[0].world.kill_host().await;
    all.push(Site::new(4, QUOTA).await);
    let plan: Vec<&Site> = vec![&all[3], &all[1], &all[2]];
    let spread = planned(2, &plan, &plan, &memory);
    let vault = spread.open().await.unwrap();
    assert!(vault.read("file", 0, usize::MAX).await.unwrap() == bytes(1, 3 * CHUNK));
    assert!(matches!(standing(&spread, &all[3]), Standing::Behind(_)));
    spread.mend().await.unwrap();
    assert_eq!((standing(&spread, &all[3]), all[3].shards().len()), (Standing::Current, 3));
    // one that was replaced and is back is asked for nothing, and what it has is no part any more
    all[0].world.start_host();
    let again = planned(2, &plan, &plan, &memory).open().await.unwrap();
    assert!(again.read("file", 0, usize::MAX).await.unwrap() == bytes(1, 3 * CHUNK));
    done(&all).await;
}

#[tokio::test]
async fn a_lease_that_holds_another_store_is_never_written_over() {
    let (mut all, memory) = (sites(2).await, Arc::<Remembers>::default());
    let root = TempDir::new().unwrap();
    let (world, client) = world(root.path(), QUOTA);
    client.detach().await;
    let other = world.lease(9, caplet_fabric::Service::STORE);
    let client = world.client(&other, caplet_fabric::Tariff::Bytes);
    super::up(&client).await;
    let store = Vault::open(client.clone(), crate::key(), 0).await.unwrap();
    write(&store, "mine", b"alone").await;
    all.push(Site { root, world, lease: other.lease, client });
    let every: Vec<&Site> = all.iter().collect();
    let begun = planned(2, &every, &every, &memory).open().await;
    assert!(matches!(begun, Err(VaultError::Changed(_))), "no new store on it");
    // nor as a new part of one
    let third = Site::new(3, QUOTA).await;
    let plan = [&all[0], &all[1], &third];
    let spread = planned(2, &plan, &plan, &memory);
    let vault = spread.open().await.unwrap();
    write(&vault, "file", &bytes(1, CHUNK)).await;
    spread.join(all[2].client.clone());
    spread.replan(vec![all[0].lease, all[1].lease, all[2].lease]).unwrap();
    spread.mend().await.unwrap_err();
    assert!(matches!(standing(&spread, &all[2]), Standing::Lost(_)));
    assert_eq!(store.read("mine", 0, 9).await.unwrap(), b"alone");
    write(&vault, "more", b"on who has a part").await;
    all.push(third);
    done(&all).await;
}

#[tokio::test]
async fn whoever_missed_removals_drops_what_nothing_names_when_it_is_back() {
    let (all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (spread, vault) = opened(2, &all, &memory).await;
    write(&vault, "old", &bytes(1, 2 * CHUNK)).await;
    all[2].world.kill_host().await;
    vault.remove("old", false).unwrap();
    vault.commit().await.unwrap();
    write(&vault, "new", &bytes(2, CHUNK)).await;
    all[2].world.start_host();
    super::up(&all[2].client).await;
    spread.mend().await.unwrap();
    assert!(all.iter().all(|site| site.shards().len() == 1));
    // one that lost a shard without anybody writing gets it again, once that is noticed
    std::fs::remove_file(&all[0].shards()[0]).unwrap();
    let (spread, fresh) = opened(2, &all, &memory).await;
    assert!(fresh.read("new", 0, usize::MAX).await.unwrap() == bytes(2, CHUNK));
    assert!(matches!(standing(&spread, &all[0]), Standing::Behind(_)));
    spread.mend().await.unwrap();
    assert_eq!((standing(&spread, &all[0]), all[0].shards().len()), (Standing::Current, 1));
    done(&all).await;
}
