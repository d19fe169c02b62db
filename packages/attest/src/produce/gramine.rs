//! Gramine's attestation files (Gramine manual, "Attestation and secret provisioning", low-level interface).

use super::{ProduceError, QuoteProducer};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// An enclave under Gramine: report data are written to one file, the quote is read from another.
#[derive(Clone, Debug)]
pub struct Gramine {
    root: PathBuf,
}

impl Gramine {
    /// Where Gramine puts its files.
    pub const ROOT: &'static str = "/dev/attestation";

    /// Uses the files under `root`, which is [`Gramine::ROOT`] everywhere but in tests.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    fn file<T>(
        &self,
        name: &str,
        what: impl FnOnce(&Path) -> std::io::Result<T>,
    ) -> Result<T, ProduceError> {
        let path = self.root.join(name);
        what(&path)
            .map_err(|source| ProduceError::File { path: path.display().to_string(), source })
    }
}

impl QuoteProducer for Gramine {
    fn name(&self) -> &'static str {
        "gramine"
    }

    fn quote(&self, report_data: &[u8; 64]) -> Result<Vec<u8>, ProduceError> {
        let found = self.file("attestation_type", |path| fs::read_to_string(path))?;
        if found.trim() != "dcap" {
            return Err(ProduceError::Scheme { found: found.trim().to_owned() });
        }
        self.file("user_report_data", |path| fs::write(path, report_data))?;
        self.file("quote", |path| fs::read(path))
    }
}
