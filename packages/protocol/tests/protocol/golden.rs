//! Committed files that a test can make anew: `CAPLET_REGENERATE=1` writes, otherwise they must agree.
use std::path::{Path, PathBuf};

pub(crate) fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn schema(path: &str) -> PathBuf {
    package("../../schema").join(path)
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
