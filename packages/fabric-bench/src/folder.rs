//! A leased store as a folder, beside a folder of this disk and, if bindfs is installed, the same folder
//! through a plain FUSE passthrough.

use crate::ends::{By, options, world};
use crate::watch::{each_second, line, rate, tenths};
use anyhow::ensure;
use caplet_fabric::{Service, Tariff};
use caplet_fabric_fs::{Key, StoreAdapter, Vault, mount};
use serde_json::json;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BYTES: u64 = 128 << 20;
const PIECE: usize = 1 << 20;
const FILES: u64 = 500;
const SMALL: usize = 4_096;

pub(crate) async fn run() -> anyhow::Result<()> {
    if !Path::new("/dev/fuse").exists() {
        line("folder", "not measured: no /dev/fuse here", &json!({}));
        return Ok(());
    }
    let disk = tempfile::tempdir()?;
    let at = disk.path().to_owned();
    tokio::task::spawn_blocking(move || measure("this disk", &at)).await??;
    passthrough().await?;

    let (kept, money, at) = (tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?);
    let world = world(By::Iroh, Service::STORE, options()).await?;
    world.keep_on_disk(money.path());
    world.offer(Arc::new(StoreAdapter::new(kept.path(), 4 << 30, 4)));
    let lease = world.lease(1, Service::STORE);
    let client = world.client(&lease, Tariff::Bytes);
    let vault = Arc::new(Vault::open(client.clone(), Key::of(&[5; 32], 1), 0).await?);
    let mounted = mount(vault, at.path(), Duration::from_secs(30))?;
    let folder = at.path().to_owned();
    tokio::task::spawn_blocking(move || measure("leased store over iroh", &folder)).await??;
    mounted.unmount().await?;
    client.detach().await;
    Ok(())
}

async fn passthrough() -> anyhow::Result<()> {
    let (below, at) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let done = Command::new("bindfs").arg(below.path()).arg(at.path()).status();
    if !done.is_ok_and(|done| done.success()) {
        line("folder", "plain FUSE passthrough: not measured, bindfs is missing", &json!({}));
        return Ok(());
    }
    let folder = at.path().to_owned();
    let told =
        tokio::task::spawn_blocking(move || measure("bindfs, FUSE passthrough", &folder)).await;
    ensure!(Command::new("fusermount3").arg("-u").arg(at.path()).status()?.success());
    told?
}

/// Every write ends with fsync: what is compared is stored.
fn measure(name: &str, folder: &Path) -> anyhow::Result<()> {
    let piece: Vec<u8> = (0..PIECE).map(|at| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
    let large = folder.join("large");
    let started = Instant::now();
    let mut file = File::create(&large)?;
    for turn in 0..BYTES / (1 << 20) {
        // no two pieces are the same: a store that shares equal chunks must store them all
        file.write_all(&turn.to_le_bytes())?;
        file.write_all(piece.get(8..).unwrap_or_default())?;
    }
    file.sync_all()?;
    drop(file);
    let written = started.elapsed();
    let started = Instant::now();
    let (mut file, mut got, mut buffer) = (File::open(&large)?, 0u64, vec![0; PIECE]);
    while let some @ 1.. = file.read(&mut buffer)? {
        got = got.saturating_add(u64::try_from(some)?);
    }
    let read = started.elapsed();
    ensure!(got == BYTES, "{got} of {BYTES} bytes came back");
    let started = Instant::now();
    for turn in 0..FILES {
        let mut bytes = vec![3; SMALL];
        bytes.splice(..8, turn.to_le_bytes());
        let mut file = File::create(folder.join(format!("small-{turn}")))?;
        file.write_all(&bytes)?;
        file.sync_all()?;
    }
    let small_written = started.elapsed();
    let started = Instant::now();
    for turn in 0..FILES {
        let bytes = std::fs::read(folder.join(format!("small-{turn}")))?;
        ensure!(bytes.len() == SMALL, "a small file came back with {} bytes", bytes.len());
    }
    let figures = json!({
        "write_mib_a_second": tenths(rate(BYTES, written)),
        "read_mib_a_second": tenths(rate(BYTES, read)),
        "small_files_written_a_second": tenths(each_second(FILES, small_written)),
        "small_files_read_a_second": tenths(each_second(FILES, started.elapsed())),
    });
    line("folder", name, &figures);
    Ok(())
}
