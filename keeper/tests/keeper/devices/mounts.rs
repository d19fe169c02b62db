//! Stores that a keeper mounts after another was killed: the kernel keeps the mounts of that, and they answer nobody.
//! Needs what mounts need: root, `/dev/fuse` and fuse3.

use super::fabric::World;
use super::surfaces::{LOT, leases, stage};
use crate::common::{Goods, free_port, until};
use caplet::fabric::{Consumers, SpreadWish, Wish};
use caplet_fabric_fs::is_dead;
use caplet_protocol::Kind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Mounts, with nobody left who serves it: who has opened `/dev/fuse` ends as soon as it is mounted.
const MOUNT: &str = "exec 3<>/dev/fuse && \
    mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 caplet \"$1\"";

/// Leaves a dead mount at a folder.
fn kill(at: &Path) {
    std::fs::create_dir_all(at).unwrap();
    let done = Command::new("sh").args(["-c", MOUNT, "sh"]).arg(at).status().unwrap();
    assert!(done.success() && is_dead(at), "nothing is dead at {}", at.display());
}

fn is_mounted(at: &Path) -> bool {
    std::fs::read_to_string("/proc/self/mountinfo").unwrap().contains(&*at.to_string_lossy())
}

/// Waits until a store is local in a folder, and uses that.
async fn used(consumers: &Consumers, name: &str, at: &Path) {
    let address = at.display().to_string();
    until("the store in its folder", async || {
        let stores = consumers.all().into_iter().map(|local| (local.alias, Some(local.address)));
        let spreads = consumers.spreads().into_iter().map(|spread| (spread.name, spread.address));
        let mut all = stores.chain(spreads);
        all.any(|(alias, at)| alias == name && at.as_ref() == Some(&address)).then_some(())
    })
    .await;
    let file = at.join("file");
    // the kernel waits for the keeper, which runs here
    let read = tokio::task::spawn_blocking(move || {
        std::fs::write(&file, b"alive").unwrap();
        std::fs::read(&file).unwrap()
    });
    assert_eq!(read.await.unwrap(), b"alive");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_mounts_are_swept_at_the_start_and_mounted_over_later() {
    let goods = Goods { kind: Kind::Storage, resource: "disk", unit: "KiB", lot: LOT };
    let mut world = World::on(stage(goods).await).await;
    let mut mounts = PathBuf::new();
    let ([first, second], names) = leases(&mut world, goods, 3, free_port(), |config| {
        config.fabric.mounts = Some("caps".into());
        mounts = config.data.join("caps");
        // its lease ended while no keeper ran
        kill(&mounts.join("disk-99"));
    })
    .await;
    let swept = mounts.join("disk-99");
    assert!(!is_mounted(&swept) && !swept.exists(), "a dead mount was left");

    let consumers = second.fabric().unwrap().consumers();
    let (name, at) = (names[0].as_str(), mounts.join(&names[0]));
    used(consumers, name, &at).await;
    consumers.detach(name).unwrap();
    until("it to be unmounted", async || (!is_mounted(&at)).then_some(())).await;
    kill(&at);
    consumers.attach(name, Wish::default()).unwrap();
    used(consumers, name, &at).await;

    // the same of a store over several leases
    let at = mounts.join("box");
    kill(&at);
    let wish = SpreadWish { needed: 1, leases: names[1..].to_vec(), mount: None };
    consumers.spread("box", wish).unwrap();
    used(consumers, "box", &at).await;

    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}
