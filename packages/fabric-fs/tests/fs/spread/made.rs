//! What is written comes back from any that are enough.

use super::{Remembers, Site, bytes, done, opened, planned, secret, sites};
use crate::{QUOTA, contains, write};
use caplet_fabric_fs::{CHUNK, Plan, Shape, Spread, VaultError};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn any_that_are_enough_restore_everything_and_fewer_nothing(
        needed in 1usize..4, spare in 1usize..3, first in any::<prop::sample::Index>(),
        sizes in proptest::collection::vec(0usize..2 * CHUNK, 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let of = needed + spare;
            let (all, memory) = (sites(of as u64).await, Arc::<Remembers>::default());
            let (_, vault) = opened(needed, &all, &memory).await;
            for (at, size) in sizes.iter().enumerate() {
                write(&vault, &format!("file-{at}"), &bytes(at as u8, *size)).await;
            }
            assert_eq!(usize::from(vault.copies()), spare + 1);
            let every: Vec<&Site> = all.iter().collect();
            let some = |count: usize| -> Vec<&Site> {
                (0..count).map(|at| &all[(first.index(of) + at) % of]).collect()
            };
            let again = planned(needed, &every, &some(needed), &memory).open().await.unwrap();
            for (at, size) in sizes.iter().enumerate() {
                let read = again.read(&format!("file-{at}"), 0, usize::MAX).await.unwrap();
                assert!(read == bytes(at as u8, *size));
            }
            let fewer = planned(needed, &every, &some(needed - 1), &memory).open().await;
            assert!(matches!(fewer, Err(VaultError::Few { .. })));
            done(&all).await;
        });
    }
}

#[tokio::test]
async fn no_provider_sees_names_or_content_and_each_is_paid_for_its_share() {
    let (all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (_, vault) = opened(2, &all, &memory).await;
    let large = bytes(1, 8 * CHUNK);
    write(&vault, "a-secret-name", &large).await;
    drop(vault);
    done(&all).await;
    for site in &all {
        let kept: Vec<u8> = site.snapshot().into_values().flatten().collect();
        for plain in [&b"secret"[..], &large[..64], &large[CHUNK - 64..CHUNK]] {
            assert!(!contains(&kept, plain));
        }
        // a half of the chunks each, and an envelope of a few hundred bytes a chunk
        let half = large.len() as u64 / 2;
        let served = site.world.served(site.lease) * 4_096;
        assert!((half..half + 64 * 1_024).contains(&served), "{served} bytes of {half}");
        assert!(site.world.paid(site.lease) >= u128::from(site.world.served(site.lease)));
    }
}

#[tokio::test]
async fn equal_chunks_are_stored_once_and_what_nothing_names_is_dropped_everywhere() {
    let (all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (_, vault) = opened(2, &all, &memory).await;
    write(&vault, "one", &bytes(1, CHUNK)).await;
    write(&vault, "two", &bytes(1, CHUNK)).await;
    assert!(all.iter().all(|site| site.shards().len() == 1));
    vault.remove("one", false).unwrap();
    vault.remove("two", false).unwrap();
    vault.commit().await.unwrap();
    assert!(all.iter().all(|site| site.shards().is_empty()));
    done(&all).await;
}

#[tokio::test]
async fn it_is_attached_as_it_was_made_in_any_order_and_begins_on_all() {
    let (all, memory) = (sites(4).await, Arc::<Remembers>::default());
    let every: Vec<&Site> = all.iter().collect();
    let three = &every[..3];
    let begun = planned(2, three, &three[..2], &memory).open().await;
    assert!(
        matches!(begun, Err(VaultError::Few { have: 2, needed: 3, .. })),
        "not on two of three"
    );
    let vault = planned(2, three, three, &memory).open().await.unwrap();
    write(&vault, "file", b"here").await;
    let turned = [three[2], three[0], three[1]];
    let again = planned(2, &turned, &turned, &memory).open().await.unwrap();
    assert_eq!(again.read("file", 0, 9).await.unwrap(), b"here");
    for (needed, some) in [(1, three), (2, &every[..])] {
        let Err(VaultError::Kind(words)) = planned(needed, some, some, &memory).open().await else {
            panic!("opened with {needed} of {}", some.len())
        };
        assert!(words.contains("2 of 3"), "{words}");
    }
    let plan = Plan {
        shape: Shape::new(2, 3).unwrap(),
        leases: vec![all[0].lease, all[1].lease, all[1].lease],
        patience: Duration::ZERO,
    };
    assert!(Spread::new(plan, secret(), Arc::clone(&memory) as _).is_err(), "one lease twice");
    done(&all).await;
}

#[tokio::test]
async fn a_second_writer_is_fenced_off() {
    let (all, memory) = (sites(3).await, Arc::<Remembers>::default());
    let (_, one) = opened(2, &all, &memory).await;
    let (_, two) = opened(2, &all, &memory).await;
    write(&one, "mine", b"1").await;
    two.create("other").unwrap();
    for _ in 0..2 {
        let refused = two.commit().await.unwrap_err();
        assert!(refused.to_string().contains("another writer"), "{refused}");
    }
    let (_, again) = opened(2, &all, &memory).await;
    assert_eq!(again.read("mine", 0, 9).await.unwrap(), b"1");
    done(&all).await;
}

#[tokio::test]
async fn one_full_lease_refuses_for_all_until_another_takes_its_place() {
    let (mut all, memory) = (sites(2).await, Arc::<Remembers>::default());
    all.push(Site::new(3, CHUNK as u64).await);
    let (spread, vault) = opened(2, &all, &memory).await;
    write(&vault, "small", b"fits").await;
    vault.create("large").unwrap();
    vault.write("large", 0, &bytes(1, 4 * CHUNK)).await.unwrap();
    let Err(VaultError::Full(words)) = vault.commit().await else { panic!("it fits") };
    assert!(words.contains("lease 3") && words.contains("full"), "{words}");
    assert!(all.iter().all(|site| site.shards().len() == 1), "nothing is left of what failed");
    let larger = Site::new(4, QUOTA).await;
    spread.join(larger.client.clone());
    spread.replan(vec![all[0].lease, all[1].lease, larger.lease]).unwrap();
    spread.mend().await.unwrap();
    vault.commit().await.unwrap();
    assert_eq!(vault.copies(), 2);
    assert_eq!(larger.shards().len(), 5);
    all.push(larger);
    done(&all).await;
}
