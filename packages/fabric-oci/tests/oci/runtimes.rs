//! Which runtime is taken, by made-up ones.

use super::support::{offered, open_folder, out, refusal, root, sh, world};
use caplet_fabric_oci::{CGROUPS, Lack, Limits, OciAdapter, ReadyError, Runtime, YOUKI, ready};
use std::path::{Path, PathBuf};
use std::process::Command;

const GROUPS: &str = r#"{"linux": {"cgroup": {"v1": true, "v2": true}}}"#;

/// A program that says so of its version and its features, and fails at all else.
fn made_up(folder: &Path, name: &str, version: &str, features: &str) -> PathBuf {
    let cases =
        format!("--version) echo '{version}' ;; features) echo '{features}' ;; *) exit 9 ;;");
    script(folder, name, &format!("case \"$1\" in {cases} esac"))
}

fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let at = folder.join(name);
    // by another process: what this one writes may be open in a child of another test, and can't be run meanwhile
    let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod 755 "$0""#;
    let written = Command::new("sh").args(["-c", write]).arg(&at).arg(text).status().unwrap();
    assert!(written.success());
    at
}

fn youki(folder: &Path, seccomp: &str, features: &str) -> PathBuf {
    made_up(folder, YOUKI, &format!("youki version: 0.7.0\nspec: 1.2.0{seccomp}"), features)
}

#[test]
fn the_first_runtime_that_is_fit_is_taken() {
    let folder = open_folder();
    let first = youki(folder.path(), "\nlibseccomp: 2.5.4", GROUPS);
    let second = made_up(folder.path(), "runc", "runc version 1.1.5\nlibseccomp: 2.5.4", GROUPS);
    let (taken, over) = ready(&[first.clone(), second.clone()], Path::new(CGROUPS)).unwrap();
    assert_eq!((taken.program(), over.len()), (first.as_path(), 0));
    assert!(taken.to_string().contains("youki version: 0.7.0"), "{taken}");
    let (taken, over) = ready(&[second.clone(), first], Path::new(CGROUPS)).unwrap();
    assert_eq!((taken.program(), over.len()), (second.as_path(), 0));
    assert_ne!(taken, Runtime::like_runc(second), "it was looked at");
}

#[test]
fn one_without_seccomp_is_passed_over_and_the_reason_told() {
    let folder = open_folder();
    let bare = youki(folder.path(), "", GROUPS);
    let fit = made_up(folder.path(), "runc", "runc version 1.1.5\nlibseccomp: 2.5.4", "");
    let (taken, over) = ready(&[bare.clone(), fit.clone()], Path::new(CGROUPS)).unwrap();
    assert_eq!(taken.program(), fit);
    assert!(matches!(&over[..], [unfit] if matches!(unfit.lack, Lack::Seccomp)), "{over:?}");
    let words = over[0].to_string();
    assert!(words.contains("youki: it was built without seccomp"), "{words}");
    assert!(words.contains("--features v1,v2,seccomp"), "{words}");
    // one that says it by the specification's own words is taken
    let says = r#"{"linux": {"seccomp": {"enabled": true}}}"#;
    let other = made_up(folder.path(), "crun", "crun version 1.8", says);
    assert_eq!(ready(&[bare, other.clone()], Path::new(CGROUPS)).unwrap().0.program(), other);
    let off = says.replace("true", "false");
    let other = made_up(folder.path(), "crun", "crun version 1.8", &off);
    let refused = Runtime::examine(&other, Path::new(CGROUPS)).unwrap_err();
    assert!(matches!(refused.lack, Lack::Seccomp), "{refused}");
}

#[test]
fn one_that_knows_only_the_other_version_of_control_groups_is_passed_over() {
    let folder = open_folder();
    let only =
        |one: &str| GROUPS.replace(&format!("\"{one}\": true"), &format!("\"{one}\": false"));
    let (first, second) = (folder.path().join("1"), folder.path().join("2"));
    for (cgroups, version, lacks) in [(&first, 1, "v1"), (&second, 2, "v2")] {
        std::fs::create_dir(cgroups).unwrap();
        if version == 2 {
            std::fs::write(cgroups.join("cgroup.controllers"), "cpu memory pids\n").unwrap();
        }
        let youki = youki(folder.path(), "\nlibseccomp: 2.5.4", &only(lacks));
        let unfit = Runtime::examine(&youki, cgroups).unwrap_err();
        assert!(matches!(unfit.lack, Lack::Groups(found) if found == version), "{unfit}");
    }
}

#[test]
fn where_none_is_fit_every_one_is_named_with_its_cause_and_the_remedy() {
    let folder = open_folder();
    let gone = folder.path().join("runc");
    let bare = youki(folder.path(), "", GROUPS);
    let failing = script(folder.path(), "failing", "exit 3");
    let ReadyError::Runtime(unfit) = ready(&[bare, gone, failing], Path::new(CGROUPS)).unwrap_err()
    else {
        panic!("there is none")
    };
    assert_eq!(unfit.len(), 3);
    let words = ReadyError::Runtime(unfit).to_string();
    for part in [
        "youki: it was built without seccomp",
        "cargo install youki",
        "runc: No such file",
        "apt-get install runc",
        "failing: `--version` fails: exit status: 3",
        "unset fabric.container_root",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_without_its_runtime_says_so() {
    let root = root();
    let adapter = OciAdapter::new(root.path(), Limits::default());
    let gone = Runtime::like_runc("caplet-no-such-runtime");
    let (_world, client) = offered(adapter.with_runtime(gone));
    let words = refusal(&sh("true"), &client).await;
    assert!(words.contains("there is no caplet-no-such-runtime here"), "{words}");
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_at_once_is_seen_to_end() {
    let root = root();
    let (_world, client) = world(root.path(), Limits::default());
    // a runtime that begins to wait for its guest too late misses some one in twenty
    for turn in 0..40 {
        assert_eq!(out(&client, &format!("exit {turn}")).await, (turn, String::new()));
    }
    client.detach().await;
}
