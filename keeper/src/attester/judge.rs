//! What this keeper judges enclaves by: root, policy, network, collateral.

use crate::config::{AttestConfig, Config};
use anyhow::Context as _;
use caplet_attest::fetch::{Cache, Pccs};
use caplet_attest::{Network, Policy, Trust, Verifier};
use std::path::Path;
use std::time::Duration;

/// For an answer of the service that publishes collateral.
const PATIENCE: Duration = Duration::from_secs(30);

/// A verifier with its collateral.
pub struct Judge {
    /// Judges quotes.
    pub verifier: Verifier,
    /// Collateral, kept on disk.
    pub collateral: Cache<Pccs>,
    /// Most seconds that its policy lets an attestation last.
    pub validity_secs: u64,
}

/// What a configuration says, for the chain of this id.
///
/// # Errors
/// If a file is not there or is no policy, or a test root or policy is set for a network that is not marked
/// as test.
pub fn judge(config: &Config, chain: &str) -> anyhow::Result<Judge> {
    let set = &config.attest;
    let policy = match &set.policy {
        None => Policy::default(),
        Some(path) => {
            let path = config.path(path);
            serde_json::from_slice(&read(&path)?).with_context(|| {
                format!("{} is no policy: see docs/attestation.md", path.display())
            })?
        }
    };
    let trust = match &set.test_root {
        None => Trust::Intel,
        Some(path) => Trust::Test(read(&config.path(path))?),
    };
    let network = Network { chain: chain.to_owned(), test: set.test_network };
    let validity_secs = policy.validity_secs;
    let verifier = Verifier::new(trust, policy, &network)?;
    Ok(Judge { verifier, collateral: collateral(config, set)?, validity_secs })
}

fn collateral(config: &Config, set: &AttestConfig) -> anyhow::Result<Cache<Pccs>> {
    // a second installation fails, and then there is a provider already
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let folder = config.path(&set.collateral);
    let found = Cache::on_disk(Pccs::new(http, &set.pccs), folder.clone());
    found.with_context(|| format!("cannot keep collateral in {}", folder.display()))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}
