//! Whoever stands by: well, silent, gone, full, forgetful.

use super::support::{LEASE, Mood, Pool, ROOMY, SECOND, THIRD, overwrite};
use crate::{QUOTA, key, noise, write};
use caplet_fabric_fs::replica::Happening;
use caplet_fabric_fs::{CHUNK, Vault};
use caplet_fabric_testkit::PROVIDER;
use std::path::PathBuf;
use std::time::Duration;

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
    // that long the first write waits, and none that is answered, on a machine that stalls
    let (pool, client) = Pool::waiting(ROOMY, Duration::from_secs(15));
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
