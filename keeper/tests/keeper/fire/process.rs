//! The real program, killed with SIGKILL at any moment of its life: chain, broker and store are in it, and all
//! come back.

use super::ground::Chance;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const LIVES: u64 = 12;

fn caplet(data: &Path, verb: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caplet"));
    command.args(verb).arg("--set").arg(format!("data={}", data.display()));
    for listener in ["mqtt.embedded.listen", "exchange.listen", "fabric.listen", "fabric.desk"] {
        command.arg("--set").arg(format!("{listener}=127.0.0.1:0"));
    }
    command.arg("--set").arg("log.filter=warn");
    // what it complains of belongs beside the test's own words
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

fn spawn(data: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = caplet(data, &["run", "--json"]).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

/// Reads on until the keeper says that it is ready; `None` if it ended before.
fn ready(out: &mut BufReader<ChildStdout>) -> Option<serde_json::Value> {
    let mut line = String::new();
    out.read_line(&mut line).ok()?;
    let said: serde_json::Value = serde_json::from_str(&line).ok()?;
    (said["ready"] == true).then_some(said)
}

#[test]
fn a_keeper_with_chain_and_broker_in_it_comes_back_from_every_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut chance = Chance::new(0xdead_beef);
    // the first life deploys the contracts and is let live until it has
    let (mut first, mut out) = spawn(&data);
    let account = ready(&mut out).expect("the first start")["account"].clone();
    first.kill().unwrap();
    first.wait().unwrap();
    for life in 1..=LIVES {
        let (mut child, mut out) = spawn(&data);
        if life % 2 == 0 {
            let said = ready(&mut out).unwrap_or_else(|| panic!("life {life} never began"));
            assert_eq!(said["account"], account);
        }
        std::thread::park_timeout(Duration::from_millis(chance.below(400)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (mut last, mut out) = spawn(&data);
    assert_eq!(ready(&mut out).expect("the last start")["account"], account);
    last.kill().unwrap();
    last.wait().unwrap();
    let audit = caplet(&data, &["audit", "--json"]).output().unwrap();
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
}

/// Whether the system has something mounted below a folder.
fn is_mounted_below(folder: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    mounts
        .lines()
        .any(|line| line.split(' ').nth(1).is_some_and(|at| Path::new(at).starts_with(folder)))
}

#[test]
fn a_demo_that_is_stopped_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_caplet"));
    demo.args(["demo", "--plain"]).env("TMPDIR", folder.path());
    demo.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut demo = demo.spawn().unwrap();
    // in the middle of it: the first leases are local, a store is mounted where the system lets it
    let mut out = BufReader::new(demo.stdout.take().unwrap()).lines();
    let used = out.by_ref().map_while(Result::ok).any(|line| line.contains(" settled "));
    assert!(used, "it ended before anything was used");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let interrupt = Command::new("kill").args(["-INT", &demo.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    // what it still says is read, so that it is not held up
    std::thread::spawn(move || out.for_each(drop));
    let done = demo.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(130), "{words}");
    assert!(words.contains("the demo keeps nothing"), "{words}");
    assert!(!is_mounted_below(folder.path()), "a store is still mounted");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
