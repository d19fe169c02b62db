//! Whatever was written, failed and was cut before.

use super::support::{Mood, Pool, ROOMY, SECOND, overwrite};
use crate::{key, noise};
use caplet_fabric_fs::{CHUNK, Vault, VaultError};
use caplet_fabric_testkit::PROVIDER;
use proptest::prelude::*;
use std::collections::BTreeMap;

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
