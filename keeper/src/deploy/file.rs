//! The deployment file.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Where the contracts of one deployment are; what `scripts/deploy` writes and every keeper reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Chain id.
    pub chain_id: String,
    /// Addresses.
    pub contracts: Contracts,
}

/// Addresses of the contracts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contracts {
    /// Registry.
    pub registry: String,
    /// Auction.
    pub auction: String,
    /// Escrow.
    pub escrow: String,
    /// Reputation.
    pub reputation: String,
    /// Futures; absent in deployments that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub futures: Option<String>,
    /// Pools; each is an instance of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<String>,
    /// Attest; absent in deployments where attesters alone are believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attest: Option<String>,
}

impl Deployment {
    /// Reads a deployment file.
    ///
    /// # Errors
    /// If it is not there, or not one.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("cannot read the deployment file {}: deploy first (scripts/deploy), or name another file", path.display())
        })?;
        serde_json::from_str(&text).with_context(|| {
            format!("{} is no deployment file of this version: deploy again", path.display())
        })
    }

    /// Writes a deployment file, whole or not at all.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let beside = path.with_extension("partial");
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(&beside, format!("{text}\n"))
            .and_then(|()| std::fs::rename(&beside, path))
            .with_context(|| format!("cannot write the deployment file {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_file_reads_back_and_a_foreign_one_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deployment.json");
        assert!(Deployment::read(&path).unwrap_err().to_string().contains("deploy first"));
        let name = |n: &str| n.to_owned();
        let contracts = Contracts {
            registry: name("r"),
            auction: name("a"),
            escrow: name("e"),
            reputation: name("p"),
            futures: Some(name("f")),
            pools: vec![name("one"), name("two")],
            attest: Some(name("t")),
        };
        let deployment = Deployment { chain_id: name("c-1"), contracts };
        deployment.write(&path).unwrap();
        assert_eq!(Deployment::read(&path).unwrap(), deployment);
        std::fs::write(&path, "{}").unwrap();
        assert!(Deployment::read(&path).unwrap_err().to_string().contains("deploy again"));
    }
}
