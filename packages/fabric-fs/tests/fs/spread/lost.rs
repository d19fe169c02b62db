//! Providers that are gone, roll back, or return other bytes.

use super::{Remembers, Site, bytes, done, opened, planned, sites, standing};
use crate::write;
use caplet_fabric_fs::{CHUNK, Standing, VaultError};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

#[tokio::test]
async fn a_provider_killed_in_mid_write_is_written_around_and_brought_up_to_date() {
    let (all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (spread, vault) = opened(2, &all, &memory).await;
    write(&vault, "before", b"as it was").await;
    let vault = Arc::new(vault);
    vault.create("large").unwrap();
    vault.write("large", 0, &bytes(1, 40 * CHUNK)).await.unwrap();
    let writer = Arc::clone(&vault);
    let writing = TaskTracker::new().spawn(async move { writer.commit().await });
    while all[2].shards().len() < 6 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    all[2].world.kill_host().await;
    writing.await.unwrap().unwrap();
    assert_eq!(vault.copies(), 1, "no other may be lost until it is back");
    assert!(matches!(standing(&spread, &all[2]), Standing::Behind(Some(_))));
    assert!(vault.read("large", 0, usize::MAX).await.unwrap() == bytes(1, 40 * CHUNK));
    all[2].world.start_host();
    super::up(&all[2].client).await;
    spread.mend().await.unwrap();
    assert_eq!(standing(&spread, &all[2]), Standing::Current);
    assert_eq!(all[2].shards().len(), 41);
    // and now another may go
    all[0].world.kill_host().await;
    let every: Vec<&Site> = all.iter().collect();
    let again = planned(2, &every, &every[1..], &memory).open().await.unwrap();
    assert!(again.read("large", 0, usize::MAX).await.unwrap() == bytes(1, 40 * CHUNK));
    assert_eq!(again.read("before", 0, 99).await.unwrap(), b"as it was");
    write(&again, "after", b"still written").await;
    assert_eq!(again.copies(), 1);
    done(&all).await;
}

#[tokio::test]
async fn with_one_too_many_gone_nothing_is_written_and_nothing_is_lost() {
    let (all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (_, vault) = opened(2, &all, &memory).await;
    write(&vault, "before", b"as it was").await;
    all[0].world.kill_host().await;
    all[1].world.kill_host().await;
    vault.create("later").unwrap();
    vault.write("later", 0, b"kept here meanwhile").await.unwrap();
    let Err(VaultError::Few { have: 0 | 1, needed: 2, .. }) = vault.commit().await else {
        panic!("committed on one lease of two that are needed")
    };
    for site in &all[..2] {
        site.world.start_host();
        super::up(&site.client).await;
    }
    vault.commit().await.unwrap();
    let (_, again) = opened(2, &all, &memory).await;
    assert_eq!(again.read("later", 0, 99).await.unwrap(), b"kept here meanwhile");
    assert_eq!(again.read("before", 0, 99).await.unwrap(), b"as it was");
    done(&all).await;
}

#[tokio::test]
async fn a_provider_that_returns_other_bytes_is_noticed_and_read_around() {
    let (all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (_, vault) = opened(2, &all, &memory).await;
    write(&vault, "file", &bytes(1, 4 * CHUNK)).await;
    drop(vault);
    for path in all[0].shards() {
        let mut shard = std::fs::read(&path).unwrap();
        shard[1_000] ^= 1;
        std::fs::write(path, shard).unwrap();
    }
    let (spread, vault) = opened(2, &all, &memory).await;
    assert!(vault.read("file", 0, usize::MAX).await.unwrap() == bytes(1, 4 * CHUNK));
    let Standing::Lost(words) = standing(&spread, &all[0]) else { panic!("it is trusted") };
    assert!(words.contains("other bytes"), "{words}");
    assert!(all[0].client.quality().wrong >= 1, "it counts for its rating");
    assert_eq!((all[1].client.quality().wrong, all[2].client.quality().wrong), (0, 0));
    let before = all[0].shards().len();
    write(&vault, "more", &bytes(2, CHUNK)).await;
    assert_eq!((vault.copies(), all[0].shards().len()), (1, before), "it gets nothing more");
    // two that return wrong bytes of the same chunk are one too many
    for path in all[1].shards() {
        std::fs::write(path, b"lost").unwrap();
    }
    let (_, vault) = opened(2, &all, &memory).await;
    let failed = vault.read("file", 0, usize::MAX).await.unwrap_err();
    assert!(matches!(failed, VaultError::Few { .. }), "{failed}");
    done(&all).await;
}

#[tokio::test]
async fn a_lost_shard_and_a_changed_one_are_found_by_challenges_of_each_lease() {
    let (all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (_, vault) = opened(2, &all, &memory).await;
    write(&vault, "file", &bytes(1, 2 * CHUNK)).await;
    for _ in 0..30 {
        vault.challenge().await.unwrap();
    }
    assert!(all.iter().all(|site| site.client.quality().wrong == 0));
    assert_eq!(all.iter().map(|site| site.client.quality().checked).sum::<u64>(), 30);
    all[1].shards().iter().for_each(|path| std::fs::remove_file(path).unwrap());
    all[2].shards().iter().for_each(|path| std::fs::write(path, b"other").unwrap());
    while all[1..].iter().any(|site| site.client.quality().wrong == 0) {
        let _ = vault.challenge().await;
    }
    assert_eq!(all[0].client.quality().wrong, 0);
    done(&all).await;
}

#[tokio::test]
async fn what_was_acknowledged_is_never_rolled_back_by_whoever_answers() {
    let (all, memory) = (sites(4).await, Arc::<Remembers>::default());
    let (_, vault) = opened(2, &all, &memory).await;
    write(&vault, "one", b"1").await;
    let old: Vec<_> = all.iter().map(Site::snapshot).collect();
    write(&vault, "two", b"2").await;
    // two show an older state, the two that have the last one do not answer
    for (site, old) in all.iter().zip(&old).take(2) {
        site.put_back(old);
    }
    let every: Vec<&Site> = all.iter().collect();
    let some = planned(2, &every, &every[..2], &memory).open().await;
    assert!(matches!(some, Err(VaultError::Few { .. })), "the others may have it");
    // with them it opens, and the two are brought up to date
    let spread = planned(2, &every, &every, &memory);
    let again = spread.open().await.unwrap();
    assert_eq!(again.read("two", 0, 9).await.unwrap(), b"2");
    spread.mend().await.unwrap();
    let some = planned(2, &every, &every[..2], &memory).open().await.unwrap();
    assert_eq!(some.read("two", 0, 9).await.unwrap(), b"2");
    // all of them roll back: that is no answer either
    for (site, old) in all.iter().zip(&old) {
        site.put_back(old);
    }
    let rolled = planned(2, &every, &every, &memory).open().await;
    assert!(matches!(rolled, Err(VaultError::Rolled { .. })));
    done(&all).await;
}

#[tokio::test]
async fn a_round_that_was_never_acknowledged_is_there_in_whole_or_as_it_was() {
    let (all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (_, vault) = opened(2, &all, &memory).await;
    write(&vault, "one", &bytes(1, CHUNK)).await;
    let (old, then) =
        (all.iter().map(Site::snapshot).collect::<Vec<_>>(), memory.0.lock().unwrap().clone());
    write(&vault, "two", &bytes(2, CHUNK)).await;
    let new: Vec<_> = all.iter().map(Site::snapshot).collect();
    // killed between the first envelope and the others: the shards of the second file are where they were put
    let only_manifest_is_old = |at: usize| {
        let mut files = new[at].clone();
        files.extend(old[at].clone().into_iter().filter(|(path, _)| path.ends_with("manifest")));
        files
    };
    for (at, site) in all.iter().enumerate().skip(1) {
        site.put_back(&only_manifest_is_old(at));
    }
    *memory.0.lock().unwrap() = then.clone();
    let (spread, again) = opened(2, &all, &memory).await;
    assert!(again.read("two", 0, usize::MAX).await.unwrap() == bytes(2, CHUNK), "in whole");
    spread.mend().await.unwrap();
    assert!(all.iter().all(|site| standing(&spread, site) == Standing::Current));
    // and where power cuts took the shards too, as it was
    for (site, old) in all.iter().zip(&old).skip(1) {
        site.put_back(old);
    }
    all[0].put_back(&new[0]);
    *memory.0.lock().unwrap() = then;
    let (spread, again) = opened(2, &all, &memory).await;
    assert!(again.entry("two").is_err(), "as it was");
    assert!(again.read("one", 0, usize::MAX).await.unwrap() == bytes(1, CHUNK));
    spread.mend().await.unwrap();
    write(&again, "three", &bytes(3, CHUNK)).await;
    assert_eq!(again.copies(), 2);
    let every: Vec<&Site> = all.iter().collect();
    let some = planned(2, &every, &every[..2], &memory).open().await.unwrap();
    assert!(some.read("three", 0, usize::MAX).await.unwrap() == bytes(3, CHUNK));
    done(&all).await;
}
