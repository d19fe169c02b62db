//! The store as a folder of this machine. Needs `/dev/fuse`, root and fuse3, as `scripts/setup` has them.

use crate::{QUOTA, key, world};
use caplet_fabric::health::Health;
use caplet_fabric_fs::{Mounted, Vault, is_dead, make_point, mount, sweep};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

async fn mounted(client: &caplet_fabric::client::Client, at: &Path) -> Mounted {
    let vault = Arc::new(Vault::open(client.clone(), key(), 0).await.unwrap());
    mount(vault, at, Duration::from_secs(60)).unwrap()
}

/// Files are touched off the runtime: the kernel waits for it.
async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ordinary_programs_use_it_as_a_folder() {
    let (root, at) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (_world, client) = world(root.path(), QUOTA);
    let mounted = mounted(&client, at.path()).await;
    let folder = at.path().to_owned();
    off(move || {
        let bytes: Vec<u8> = (0..1_000_000u32).map(|i| (i % 253) as u8).collect();
        std::fs::create_dir(folder.join("dir")).unwrap();
        std::fs::write(folder.join("dir/file"), &bytes).unwrap();
        assert!(std::fs::read(folder.join("dir/file")).unwrap() == bytes);
        std::fs::rename(folder.join("dir/file"), folder.join("moved")).unwrap();
        assert_eq!(std::fs::metadata(folder.join("moved")).unwrap().len(), 1_000_000);
        let copied = Command::new("cp").arg(folder.join("moved")).arg(folder.join("copy")).status();
        assert!(copied.unwrap().success());
        let same = Command::new("cmp").arg(folder.join("moved")).arg(folder.join("copy")).status();
        assert!(same.unwrap().success());
        let mut names: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["copy", "dir", "moved"]);
        std::fs::remove_dir(folder.join("moved")).unwrap_err();
        std::fs::remove_file(folder.join("moved")).unwrap();
        std::fs::remove_dir(folder.join("dir")).unwrap();
        assert!(std::fs::read(folder.join("moved")).is_err());
    })
    .await;
    mounted.unmount().await.unwrap();
    assert_eq!(std::fs::read_dir(at.path()).unwrap().count(), 0, "nothing is left of the mount");
    let again = self::mounted(&client, at.path()).await;
    let folder = at.path().to_owned();
    assert_eq!(off(move || std::fs::read(folder.join("copy")).unwrap().len()).await, 1_000_000);
    again.unmount().await.unwrap();
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_store_is_enospc_and_a_lost_one_eio() {
    let (root, at) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (world, client) = world(root.path(), 600_000);
    let patient = mounted(&client, at.path()).await;
    let folder = at.path().to_owned();
    off(move || {
        use std::io::Write as _;
        let bytes = crate::noise(2_000_000);
        let mut file = std::fs::File::create(folder.join("large")).unwrap();
        file.write_all(&bytes).unwrap();
        assert_eq!(file.sync_all().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        std::fs::remove_file(folder.join("large")).unwrap();
        std::fs::write(folder.join("small"), b"fits").unwrap();
    })
    .await;
    patient.unmount().await.unwrap();
    let vault = Arc::new(Vault::open(client.clone(), key(), 0).await.unwrap());
    let hasty = mount(vault, at.path(), Duration::from_secs(2)).unwrap();
    world.kill_host().await;
    let folder = at.path().to_owned();
    let lost = off(move || {
        let mut file = std::fs::File::create(folder.join("later")).unwrap();
        std::io::Write::write_all(&mut file, b"never stored").unwrap();
        file.sync_all().unwrap_err()
    })
    .await;
    assert_eq!(lost.raw_os_error(), Some(5), "EIO: {lost}");
    world.start_host();
    client.until(|health| *health == Health::Up).await.unwrap();
    hasty.unmount().await.unwrap();
    client.detach().await;
}

/// Not a test of its own: the program that the next one kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run and killed by the tests below"]
async fn mounts_and_waits_to_be_killed() {
    let Some(at) = std::env::var_os("CAPLET_TEST_MOUNT") else { return };
    let root = TempDir::new().unwrap();
    let (_world, client) = world(root.path(), QUOTA);
    let _mounted = mounted(&client, Path::new(&at)).await;
    std::fs::write(format!("{}.ready", at.to_string_lossy()), b"").unwrap();
    tokio::time::sleep(Duration::from_secs(240)).await;
}

/// Lets a program mount a store there, and kills it.
async fn killed(at: &Path) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "mounted::mounts_and_waits_to_be_killed", "--ignored"])
        .env("CAPLET_TEST_MOUNT", at)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let ready = at.with_extension("ready");
    while !ready.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the program ended by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_dead(at), "a killed program leaves a mount that nobody serves");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_program_leaves_no_dead_mount_after_the_next_start() {
    let (root, parent) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let at = parent.path().join("mnt");
    killed(&at).await;
    let (_world, client) = world(root.path(), QUOTA);
    let mounted = mounted(&client, &at).await;
    let file = at.join("file");
    assert_eq!(
        off(move || {
            std::fs::write(&file, b"alive").unwrap();
            std::fs::read(&file).unwrap()
        })
        .await,
        b"alive"
    );
    mounted.unmount().await.unwrap();
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_mounts_are_swept_with_their_folders_and_nothing_else_is() {
    let (root, parent) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let [dead, alive, plain] = ["dead", "alive", "plain"].map(|name| parent.path().join(name));
    killed(&dead).await;
    std::fs::create_dir_all(&dead).unwrap_err();
    std::fs::create_dir(&plain).unwrap();
    let (_world, client) = world(root.path(), QUOTA);
    let mounted = mounted(&client, &alive).await;
    let (folder, file) = (parent.path().to_owned(), alive.join("file"));
    off(move || std::fs::write(file, b"stays").unwrap()).await;
    assert_eq!(off(move || sweep(&folder)).await, std::slice::from_ref(&dead));
    assert!(!is_dead(&dead) && !dead.exists(), "neither the mount is left nor its folder");
    assert!(plain.exists());
    let (folder, file) = (parent.path().to_owned(), alive.join("file"));
    assert_eq!(off(move || std::fs::read(file).unwrap()).await, b"stays");
    assert!(off(move || sweep(&folder)).await.is_empty());
    assert!(sweep(&parent.path().join("nowhere")).is_empty());
    mounted.unmount().await.unwrap();
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_made_where_a_dead_mount_was() {
    let parent = TempDir::new().unwrap();
    let at = parent.path().join("mnt");
    killed(&at).await;
    make_point(&at).unwrap();
    assert_eq!(std::fs::read_dir(&at).unwrap().count(), 0);
    make_point(&at).unwrap();
    make_point(&parent.path().join("a/b")).unwrap();
    assert!(parent.path().join("a/b").is_dir());
}
