//! Leased containers, from the order to the money: served by one keeper, used by `caplet exec` at another. Needs root,
//! runc and busybox-static, as `scripts/setup` has them; `scripts/youki` has it run by youki.

use super::fabric::World;
use super::stage::Stage;
use crate::common::{self, Goods, is_up, until};
use caplet::keeper::Keeper;
use caplet_fabric_oci::NETWORK;
use caplet_protocol::wire::LanePreference;
use caplet_protocol::{Kind, LeaseId};
use caplet_simulator::capability::pattern;
use caplet_simulator::origin::Origin;
use caplet_simulator::{Letting, Want};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Units of a lot, tenths of a second, and seconds for which it is leased.
const LOT: u64 = 400;
const SLOT: u32 = 120;

const RESOURCE: &str = "oci/busybox";
const UNIT: &str = "100ms";

const GOODS: Goods = Goods { kind: Kind::Compute, resource: RESOURCE, unit: UNIT, lot: LOT };

/// Folders that guests get to: a root file system of the provider's, one that the consumer archives, a cache.
fn folders() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    for (root, text) in [("provider", "the provider's"), ("consumer", "the consumer's")] {
        for part in ["bin", "proc", "dev", "tmp", "etc"] {
            std::fs::create_dir_all(folder.path().join(root).join(part)).unwrap();
        }
        let at = folder.path().join(root);
        std::fs::copy("/bin/busybox", at.join("bin/busybox")).unwrap();
        std::os::unix::fs::symlink("busybox", at.join("bin/sh")).unwrap();
        std::fs::write(at.join("etc/whose"), text).unwrap();
    }
    std::fs::write(folder.path().join("consumer/noise"), noise()).unwrap();
    folder
}

/// Bytes that no archive makes smaller; to send them costs more units than a start does on any machine.
const NOISE: usize = 16 << 20;

fn noise() -> Vec<u8> {
    let mut dice = 0x9e37_79b9_u64;
    let next = || {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice as u8
    };
    std::iter::repeat_with(next).take(NOISE).collect()
}

/// As a person archives a folder.
fn archived(folder: &Path, to: &Path) {
    let tar = Command::new("tar").arg("-czf").arg(to).arg("-C").arg(folder).arg(".").status();
    assert!(tar.unwrap().success());
}

/// `caplet exec` as a person types it.
async fn exec(keeper: &Keeper, args: &[&str], input: Option<&Path>) -> Output {
    let url = format!("http://{}", keeper.fabric().unwrap().desk());
    let mut command = Command::new(env!("CARGO_BIN_EXE_caplet"));
    command.arg("exec").args(["--url", &url]).args(args);
    command.stdin(input.map_or_else(Stdio::null, |path| std::fs::File::open(path).unwrap().into()));
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leased_container_runs_what_its_consumer_brings_and_is_paid_for_it() {
    let tags = vec![NETWORK.to_owned()];
    let origin = Origin::start().await.unwrap();
    let stage = Stage::with(|spec| {
        let mut market = spec.markets[0].clone();
        market.kind = Kind::Compute;
        market.resource = RESOURCE.into();
        market.unit = UNIT.into();
        market.lot_units = LOT.into();
        market.slot_secs = SLOT;
        market.tags = tags.clone();
        spec.markets.push(market);
    });
    let mut world = World::on(stage.await).await;
    let folders = folders();
    let at = |name: &str| folders.path().join(name);
    let first = world.stage.keeper(1, |config| {
        config.fabric.container_root = Some(at("provider"));
        // else what is there, in the usual order
        if let Ok(runtime) = std::env::var("CAPLET_CONTAINER_RUNTIME") {
            config.fabric.container_runtime = vec![runtime];
        }
        config.fabric.bundle_folder = at("kept");
        config.fabric.container_network = true;
        config.fabric.uplink = vec![origin.address().to_string()];
        config.fabric.uplink_private = true;
    });
    let (first, second) = (first.await, world.stage.keeper(2, |_| {}).await);
    let (ours, theirs) = (first.broker().unwrap(), second.broker().unwrap());
    world
        .device(
            &first,
            &ours.to_string(),
            60,
            true,
            (vec![Letting { tags: tags.clone(), ..GOODS.letting() }], Vec::new()),
        )
        .await;
    world
        .device(
            &second,
            &theirs.to_string(),
            61,
            true,
            (Vec::new(), vec![Want { tags, ..GOODS.want(1_000, LanePreference::Batch) }]),
        )
        .await;
    let notice = world.leased().await;
    let alias = notice.alias.as_str();
    let local = until("the lease to be local", async || {
        let all = second.fabric().unwrap().consumers().all();
        all.into_iter().find(|local| local.lease.0 == notice.lease).filter(is_up)
    })
    .await;
    assert_eq!(local.service, "oci");

    // a command of the provider's root file system; both streams and the exit code are passed on
    let script = "/bin/busybox cat /etc/whose; echo wrong >&2; exit 3";
    let ran = exec(&second, &[alias, "--", "/bin/busybox", "sh", "-c", script], None).await;
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(3), "{errors}");
    assert!(errors.starts_with("wrong\n"), "{errors}");
    assert_eq!(ran.stdout, b"the provider's");

    // a network is on the order as a tag, in the profile and the gateway's configuration: then who asks for it gets where
    // the list leads, and nobody else anywhere
    let page = format!("http://{}/pattern/7/5000", origin.address());
    let fetch = async |asking: &[&str], url: &str| {
        let command = ["--", "/bin/busybox", "wget", "-q", "-O", "-", url];
        exec(&second, &[&[alias][..], asking, &command].concat(), None).await
    };
    let ran = fetch(&["--network"], &page).await;
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(ran.stdout, pattern(7, 5_000));
    let ran = fetch(&["--network"], "http://127.0.0.1:9/").await;
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(!ran.status.success() && errors.contains("403"), "{errors}");
    assert!(!fetch(&[], &page).await.status.success());

    // the consumer's own, sent once, with input
    let (archive, input) = (at("root.tar.gz"), at("input"));
    archived(&at("consumer"), &archive);
    std::fs::write(&input, b"and its input").unwrap();
    let archive = archive.display().to_string();
    let mut units = Vec::new();
    for _ in 0..2 {
        let script = "/bin/busybox cat /etc/whose - && /bin/busybox env";
        let args = [alias, &archive, "--stdin", "--json", "--env", "A=b", "--", "/bin/sh", "-c"];
        let ran = exec(&second, &[&args[..], &[script]].concat(), Some(&input)).await;
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let said: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        let output = said["output"].as_str().unwrap();
        assert!(output.starts_with("the consumer'sand its input"), "{output}");
        assert!(output.contains("A=b\n"), "{output}");
        units.push(said["units"].as_u64().unwrap());
    }
    let mib = std::fs::metadata(&archive).unwrap().len().div_ceil(1 << 20);
    // a MiB is a unit, and so is a tenth of a second of a start
    assert!(units[0] > mib && units[1] < mib, "{units:?} units, {mib} MiB were sent once");
    let refused = exec(&second, &[alias], None).await;
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && errors.contains("no command was named"), "{errors}");

    // what was used is what is paid, up to what is paid ahead; the last of it is counted a moment later
    let used = AtomicU64::default();
    until("the use of the lease to end", async || {
        used.fetch_max(common::units(&second), Ordering::Relaxed);
        second.fabric().unwrap().consumers().ended(alias)
    })
    .await;
    let used = used.into_inner();
    assert!(
        used > units[0] + units[1],
        "{used} units, a start of the first run at least beside {units:?}"
    );
    let closed = world.closed(LeaseId(notice.lease)).await;
    let (paid, owed) = (closed.lanes[0].redeemed.u64(), used * notice.price / notice.lot);
    let segment = notice.price.div_ceil(8) + 1;
    assert!(paid >= owed && paid <= owed + segment, "{owed} owed, {paid} paid");
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}
