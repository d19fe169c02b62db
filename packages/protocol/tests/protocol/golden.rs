//! Committed files that a test can make anew: `CAPLET_REGENERATE=1` writes, otherwise they must agree.
use std::path::{Path, PathBuf};

pub(crate) fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn schema(path: &str) -> PathBuf {
    package("../../schema").join(path)
}

/// JSON is compared as what it says: the order of its keys follows what else a build links.
pub(crate) fn check_json(path: &Path, expected: &serde_json::Value) {
    let found = std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok());
    if found.as_ref() != Some(expected) {
        let text = serde_json::to_vec_pretty(expected).unwrap();
        check(path, &[text.as_slice(), b"\n"].concat());
    }
}

pub(crate) fn check(path: &Path, expected: &[u8]) {
    if std::env::var_os("CAPLET_REGENERATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, expected).unwrap();
        return;
    }
    let found = std::fs::read(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is stale: run `CAPLET_REGENERATE=1 cargo test --release -p caplet-protocol` and commit it",
        path.display()
    );
}
