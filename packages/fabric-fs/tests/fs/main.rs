//! A leased store: files in and out, what the provider sees, what breaks and what does not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod mounted;
mod replica;
mod spread;

use caplet_fabric::client::Client;
use caplet_fabric::{Service, Tariff};
use caplet_fabric_fs::{CHUNK, Key, StoreAdapter, StoreSurface, Vault, VaultError};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::LeaseId;
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const QUOTA: u64 = 64 << 20;

pub(crate) fn world(root: &Path, quota: u64) -> (Arc<World>, Client) {
    let world = World::new(Options { unit_bytes: 4_096, segment: 1_000, ..Options::default() });
    world.offer(Arc::new(StoreAdapter::new(root, quota, 4)));
    let lease = world.lease(1, Service::STORE);
    let client = world.client(&lease, Tariff::Bytes);
    (world, client)
}

pub(crate) fn key() -> Key {
    Key::of(&[5; 32], 1)
}

pub(crate) async fn write(vault: &Vault, path: &str, bytes: &[u8]) {
    vault.create(path).unwrap();
    vault.write(path, 0, bytes).await.unwrap();
    vault.commit().await.unwrap();
}

pub(crate) fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|i| blake3::hash(&(i / 32).to_be_bytes()).as_bytes()[i % 32]).collect()
}

/// Every byte that the provider keeps.
fn kept(root: &Path) -> Vec<u8> {
    let folder = root.join("1");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        all.extend(entry.file_name().into_encoded_bytes());
        all.extend(std::fs::read(entry.path()).unwrap());
    }
    all
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn what_is_stored_comes_back_and_the_provider_sees_neither_names_nor_content() {
    let root = TempDir::new().unwrap();
    let (world, client) = world(root.path(), QUOTA);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    let large = noise(3 * CHUNK + 17);
    write(&vault, "a-secret-name.txt", b"a secret sentence that nobody reads").await;
    vault.make_folder("folder").unwrap();
    write(&vault, "folder/large.bin", &large).await;
    drop(vault);
    let again = Vault::open(client.clone(), key(), 2).await.unwrap();
    assert_eq!(again.read("a-secret-name.txt", 2, 6).await.unwrap(), b"secret");
    assert!(again.read("folder/large.bin", 0, usize::MAX).await.unwrap() == large);
    assert_eq!(again.list("").unwrap().len(), 2);
    let kept = kept(root.path());
    for plain in [&b"secret"[..], b"folder", b"large", &large[..64]] {
        assert!(!contains(&kept, plain), "the provider has {plain:?}");
    }
    let Err(VaultError::Changed(_)) = Vault::open(client.clone(), Key::of(&[6; 32], 1), 0).await
    else {
        panic!("opened with another key")
    };
    client.detach().await;
    let (served, moved) = (world.served(LeaseId(1)) * 4_096, large.len() as u64 * 2);
    assert!(served + 2 * 4_096 >= moved, "both ways are counted: {served} of {moved}");
}

#[tokio::test]
async fn equal_chunks_are_stored_once_and_what_nothing_names_is_dropped() {
    let root = TempDir::new().unwrap();
    let (_world, client) = world(root.path(), QUOTA);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    let bytes = noise(CHUNK);
    for copy in ["one", "two", "three"] {
        write(&vault, copy, &bytes).await;
    }
    let files = || std::fs::read_dir(root.path().join("1")).unwrap().count();
    assert_eq!(files(), 2, "a chunk and the manifest");
    for copy in ["one", "two", "three"] {
        vault.remove(copy, false).unwrap();
    }
    vault.commit().await.unwrap();
    assert_eq!(files(), 1);
    client.detach().await;
}

#[tokio::test]
async fn a_changed_bit_and_a_lost_chunk_are_found_on_reading_and_by_a_challenge() {
    let root = TempDir::new().unwrap();
    let (_world, client) = world(root.path(), QUOTA);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "file", &noise(CHUNK)).await;
    for _ in 0..5 {
        vault.challenge().await.unwrap();
    }
    let chunk = std::fs::read_dir(root.path().join("1")).unwrap().map(|e| e.unwrap().path());
    let chunk = chunk.into_iter().find(|path| !path.ends_with("manifest")).unwrap();
    let good = std::fs::read(&chunk).unwrap();
    // read once, so that the consumer can check the proof by itself
    let fresh = Vault::open(client.clone(), key(), 1).await.unwrap();
    fresh.read("file", 0, 10).await.unwrap();
    let zeros = vec![0; good.len()];
    std::fs::write(&chunk, zeros).unwrap();
    assert!(matches!(fresh.challenge().await, Err(VaultError::Changed(_))));
    let fresh = Vault::open(client.clone(), key(), 1).await.unwrap();
    assert!(matches!(fresh.read("file", 0, 10).await, Err(VaultError::Changed(_))));
    let quality = client.quality();
    assert_eq!((quality.checked, quality.wrong), (7, 2), "the read counts as a challenge does");
    std::fs::remove_file(&chunk).unwrap();
    let lost = fresh.read("file", 0, 10).await.unwrap_err();
    assert!(lost.to_string().contains("gone"), "{lost}");
    std::fs::write(&chunk, good).unwrap();
    fresh.read("file", 0, 10).await.unwrap();
    client.detach().await;
}

#[tokio::test]
async fn an_old_manifest_shown_again_is_refused() {
    let root = TempDir::new().unwrap();
    let (_world, client) = world(root.path(), QUOTA);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "one", b"1").await;
    let manifest = root.path().join("1/manifest");
    let old = std::fs::read(&manifest).unwrap();
    write(&vault, "two", b"2").await;
    let known = vault.sequence();
    std::fs::write(&manifest, &old).unwrap();
    let rolled = Vault::open(client.clone(), key(), known).await;
    assert!(matches!(rolled, Err(VaultError::Rolled { found: 1, known: 2 })));
    // under the number of the new one it does not open either
    let forged = [&known.to_be_bytes()[..], &old[8..]].concat();
    std::fs::write(&manifest, forged).unwrap();
    let forged = Vault::open(client.clone(), key(), known).await;
    assert!(matches!(forged, Err(VaultError::Changed(_))));
    client.detach().await;
}

#[tokio::test]
async fn a_second_writer_is_fenced_off() {
    let root = TempDir::new().unwrap();
    let (_world, client) = world(root.path(), QUOTA);
    let one = Vault::open(client.clone(), key(), 0).await.unwrap();
    let two = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&one, "mine", b"1").await;
    two.create("other").unwrap();
    let refused = two.commit().await.unwrap_err();
    assert!(refused.to_string().contains("another writer"), "{refused}");
    client.detach().await;
}

#[tokio::test]
async fn a_full_lease_says_so_and_keeps_what_it_has() {
    let root = TempDir::new().unwrap();
    let (_world, client) = world(root.path(), 2 * CHUNK as u64);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "small", b"fits").await;
    vault.create("large").unwrap();
    vault.write("large", 0, &noise(4 * CHUNK)).await.unwrap();
    let full = vault.commit().await.unwrap_err();
    assert!(matches!(&full, VaultError::Full(words) if words.contains("lease more")), "{full}");
    assert_eq!(client.quality().failed, 0, "no failure of the provider's");
    let again = Vault::open(client.clone(), key(), 1).await.unwrap();
    assert_eq!(again.read("small", 0, 10).await.unwrap(), b"fits");
    assert!(matches!(again.entry("large"), Err(VaultError::NotFound(_))), "all or nothing");
    vault.remove("large", false).unwrap();
    vault.commit().await.unwrap();
    client.detach().await;
}

#[tokio::test]
async fn a_provider_killed_in_mid_write_has_it_all_or_as_it_was() {
    let root = TempDir::new().unwrap();
    let (world, client) = world(root.path(), QUOTA);
    let vault = Arc::new(Vault::open(client.clone(), key(), 0).await.unwrap());
    write(&vault, "before", b"as it was").await;
    vault.create("large").unwrap();
    vault.write("large", 0, &noise(20 * CHUNK)).await.unwrap();
    let writer = Arc::clone(&vault);
    let writing = tokio_util::task::TaskTracker::new().spawn(async move { writer.commit().await });
    while std::fs::read_dir(root.path().join("1")).unwrap().count() < 6 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    world.kill_host().await;
    world.start_host();
    // the same calls on the next connection: nothing is stored twice
    writing.await.unwrap().unwrap();
    let again = Vault::open(client.clone(), key(), 2).await.unwrap();
    assert!(again.read("large", 0, usize::MAX).await.unwrap() == noise(20 * CHUNK));
    client.detach().await;
}

#[tokio::test]
async fn a_power_cut_that_loses_acknowledged_chunks_loses_nothing_that_was_committed() {
    let root = TempDir::new().unwrap();
    let (world, client) = world(root.path(), QUOTA);
    let vault = Arc::new(Vault::open(client.clone(), key(), 0).await.unwrap());
    write(&vault, "before", b"as it was").await;
    let folder = root.path().join("1");
    let files = || std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let committed: Vec<_> = files().collect();
    vault.create("large").unwrap();
    vault.write("large", 0, &noise(40 * CHUNK)).await.unwrap();
    let writer = Arc::clone(&vault);
    let writing = tokio_util::task::TaskTracker::new().spawn(async move { writer.commit().await });
    while files().count() < 9 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    world.kill_host().await;
    // what was not committed was not on disk yet
    for path in files().filter(|path| !committed.contains(path)) {
        // a thread of the killed program may still be at one
        let gone = std::fs::remove_file(path);
        assert!(gone.is_ok() || gone.unwrap_err().kind() == std::io::ErrorKind::NotFound);
    }
    world.offer(Arc::new(StoreAdapter::new(root.path(), QUOTA, 4)));
    world.start_host();
    writing.await.unwrap().unwrap();
    let again = Vault::open(client.clone(), key(), 2).await.unwrap();
    assert_eq!(again.read("before", 0, 100).await.unwrap(), b"as it was");
    assert!(again.read("large", 0, usize::MAX).await.unwrap() == noise(40 * CHUNK));
    client.detach().await;
}

#[tokio::test]
async fn names_are_names_and_never_paths() {
    let root = TempDir::new().unwrap();
    let (_world, client) = world(root.path(), QUOTA);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    for name in ["", "..", "a/../b", "/etc/passwd", "a//b", "./a", "nul\0"] {
        assert!(vault.create(name).is_err(), "{name:?}");
    }
    let folder = Vault::open(client.clone(), key(), 0).await.unwrap();
    folder.make_folder("a").unwrap();
    folder.create("a/b").unwrap();
    assert!(folder.remove("a", true).is_err(), "it is not empty");
    assert!(folder.rename("a", "a/b/c").is_err(), "into itself");
    folder.rename("a", "z").unwrap();
    assert!(folder.entry("z/b").is_ok() && folder.entry("a/b").is_err());
    // what a provider is asked for is a digest and nothing else
    let args =
        caplet_protocol::wire::StoreCall { chunk: b"../manifest".to_vec(), ..Default::default() };
    let op = client.open_op("get", prost::Message::encode_to_vec(&args), 0).await.unwrap();
    let refused = op.outcome().await.unwrap_err();
    assert!(refused.to_string().contains("32 bytes"), "{refused}");
    client.detach().await;
}

#[tokio::test]
async fn a_store_is_a_local_http_resource() {
    let root = TempDir::new().unwrap();
    let (world, client) = world(root.path(), QUOTA);
    client.detach().await;
    let surface =
        StoreSurface { secret: [5; 32], memory: Arc::new(0), folder: None, challenge: None };
    let lease = world.lease(1, Service::STORE);
    let attached = world.attach(&lease, &surface, "disk").await;
    let base = format!("{}/v1/caps/disk/files", world.http().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let put = http.put(format!("{base}/a/b.txt")).body("over http").send().await.unwrap();
    assert_eq!(put.status(), 204);
    let got = http.get(format!("{base}/a/b.txt")).send().await.unwrap().text().await.unwrap();
    assert_eq!(got, "over http");
    let list: serde_json::Value =
        http.get(format!("{base}/a")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&list[0]["name"], &list[0]["size"]), (&"b.txt".into(), &9.into()));
    assert_eq!(http.delete(format!("{base}/a/b.txt")).send().await.unwrap().status(), 204);
    assert_eq!(http.get(format!("{base}/a/b.txt")).send().await.unwrap().status(), 404);
    attached.detach().await;
}

/// What a program may do to a file.
#[derive(Clone, Debug)]
enum Act {
    Write(usize, Vec<u8>),
    Resize(usize),
    Commit,
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let far = 3 * CHUNK;
    prop_oneof![
        4 => (0..far, proptest::collection::vec(any::<u8>(), 1..3_000)).prop_map(|(at, b)| Act::Write(at, b)),
        2 => (0..far).prop_map(Act::Resize),
        1 => Just(Act::Commit),
        1 => Just(Act::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn a_file_is_what_a_plain_file_would_be(acts in proptest::collection::vec(act(), 1..14)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let root = TempDir::new().unwrap();
            let (_world, client) = world(root.path(), QUOTA);
            let mut vault = Vault::open(client.clone(), key(), 0).await.unwrap();
            vault.create("file").unwrap();
            let mut model = Vec::new();
            for act in acts {
                match act {
                    Act::Write(at, bytes) => {
                        vault.write("file", at as u64, &bytes).await.unwrap();
                        if model.len() < at + bytes.len() {
                            model.resize(at + bytes.len(), 0);
                        }
                        model[at..at + bytes.len()].copy_from_slice(&bytes);
                    }
                    Act::Resize(size) => {
                        vault.resize("file", size as u64).await.unwrap();
                        model.resize(size, 0);
                    }
                    Act::Commit => vault.commit().await.unwrap(),
                    Act::Reopen => {
                        vault.commit().await.unwrap();
                        let known = vault.sequence();
                        vault = Vault::open(client.clone(), key(), known).await.unwrap();
                    }
                }
                assert!(vault.read("file", 0, usize::MAX).await.unwrap() == model);
            }
            client.detach().await;
        });
    }
}

#[tokio::test]
async fn a_leased_store_is_challenged_by_itself_and_what_is_lost_shows() {
    let root = TempDir::new().unwrap();
    let (world, client) = world(root.path(), QUOTA);
    client.detach().await;
    let every = Some(Duration::from_millis(20));
    let surface =
        StoreSurface { secret: [5; 32], memory: Arc::new(0), folder: None, challenge: every };
    let attached = world.attach(&world.lease(2, Service::STORE), &surface, "box").await;
    let base = format!("{}/v1/caps/box", world.http().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let put = reqwest::Client::new().put(format!("{base}/files/kept")).body(noise(CHUNK));
    assert!(put.send().await.unwrap().status().is_success());
    let until = |least: u64, wrong: u64| {
        let client = attached.client().clone();
        async move {
            for _ in 0..12_000 {
                let quality = client.quality();
                if quality.checked >= least && quality.wrong >= wrong {
                    return quality;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("{:?}", client.quality());
        }
    };
    assert_eq!(until(3, 0).await.wrong, 0);
    for entry in std::fs::read_dir(root.path().join("2")).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("manifest") {
            std::fs::remove_file(path).unwrap();
        }
    }
    until(3, 1).await;
    attached.detach().await;
}
