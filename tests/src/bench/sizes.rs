//! How large the contracts are.

use crate::localnet::artifacts;
use anyhow::Context as _;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use std::io::Write as _;

/// Prints the size of each wasm artifact, as it is and compressed, as it is uploaded.
///
/// # Errors
/// If `scripts/build-wasm` was not run.
pub fn sizes() -> anyhow::Result<()> {
    let folder = artifacts();
    let entries = std::fs::read_dir(&folder)
        .with_context(|| format!("no {}: run scripts/build-wasm first", folder.display()))?;
    let mut files = entries.collect::<Result<Vec<_>, _>>()?;
    files.retain(|file| file.path().extension().is_some_and(|ending| ending == "wasm"));
    anyhow::ensure!(
        !files.is_empty(),
        "no wasm in {}: run scripts/build-wasm first",
        folder.display()
    );
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files {
        let wasm = std::fs::read(file.path())?;
        let name = file.file_name().to_string_lossy().into_owned();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&wasm)?;
        let uploaded = gzip.finish()?.len();
        println!(
            "{}",
            json!({ "bench": "size", "artifact": name, "bytes": wasm.len(), "uploaded": uploaded })
        );
    }
    Ok(())
}
