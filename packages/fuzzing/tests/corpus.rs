//! Every fuzz target over its committed corpus, `fuzz/corpus/<target>/`.
//!
//! `CAPLET_REGENERATE=1 cargo test --release -p caplet-fuzzing` writes the seeds that are made here.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report

#[path = "corpus/files.rs"]
mod files;
#[path = "corpus/keepers.rs"]
mod keepers;
#[path = "corpus/peers.rs"]
mod peers;
#[path = "corpus/records.rs"]
mod records;
#[path = "corpus/seeds.rs"]
mod seeds;

use caplet_fuzzing::{TARGETS, run};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn fuzz() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

#[test]
fn every_target_passes_over_its_corpus() {
    for (target, _) in TARGETS {
        let folder = fuzz().join("corpus").join(target);
        let mut files = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            run(target, &std::fs::read(&path).unwrap());
            files += 1;
        }
        assert!(files >= 3, "{target} has {files} files in {}", folder.display());
    }
}

#[test]
fn the_seeds_are_in_the_corpus() {
    for (target, name, bytes) in seeds::all() {
        let path = fuzz().join("corpus").join(target).join(&name);
        if std::env::var_os("CAPLET_REGENERATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap_or_default(), bytes, "{target}/{name} is stale");
    }
}

#[test]
fn every_target_has_a_fuzz_binary() {
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let names: BTreeSet<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), TARGETS.len());
    for name in names {
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name} is not in fuzz/Cargo.toml"
        );
        let code = fuzz().join("fuzz_targets").join(format!("{name}.rs"));
        let code = std::fs::read_to_string(code).unwrap();
        assert!(code.contains(&format!("run(\"{name}\", ")), "{name} runs another target");
    }
}
