//! Collateral on disk, so that a restart does not depend on the service: a file a platform model.

use super::Wanted;
use crate::{Collateral, MAX_COLLATERAL};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

/// Bytes of a file: a collateral in JSON, where its revocation lists are hexadecimal.
const MOST: u64 = 4 * MAX_COLLATERAL as u64;

/// A folder of collateral. What is in it is judged like anything else that came from outside.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder if it is not there.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    /// What is kept for a platform; a file that does not read is as good as none.
    pub(super) fn load(&self, wanted: &Wanted) -> Option<Collateral> {
        let mut text = Vec::new();
        File::open(self.file(wanted)).ok()?.take(MOST).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps a collateral, whole or not at all.
    pub(super) fn save(&self, wanted: &Wanted, collateral: &Collateral) -> io::Result<()> {
        let file = self.file(wanted);
        let beside = file.with_extension("partial");
        let mut partial = File::create(&beside)?;
        partial.write_all(&serde_json::to_vec(collateral)?)?;
        partial.sync_all()?;
        fs::rename(beside, file)
    }

    /// The name is made of hexadecimal digits and fixed words only, whatever a quote says.
    fn file(&self, wanted: &Wanted) -> PathBuf {
        let fmspc: String = wanted.fmspc.chars().filter(char::is_ascii_hexdigit).collect();
        let tee = if wanted.tdx { "tdx" } else { "sgx" };
        self.path.join(format!("{fmspc}-{}-{tee}.json", wanted.authority))
    }
}
