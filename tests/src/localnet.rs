//! The chain that `scripts/localnet start --home DIR` runs, and its test accounts.

use anyhow::Context as _;
use caplet_chain::cosmos::{Config, CosmosChain};
use caplet_chain::{Chain, Signer};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Deserialize)]
struct Net {
    chain_id: String,
    rpc: Vec<String>,
}

#[derive(Deserialize)]
struct Account {
    name: String,
    private_key: String,
}

/// Test accounts of a local chain, each with plenty of `ucap` and of an `ibc/...` denomination.
pub struct Accounts(Vec<Account>);

impl Accounts {
    /// The account with this name, such as `admin`, `keeper-1` or `user-3`.
    ///
    /// # Errors
    /// If the chain was made without it.
    pub fn signer(&self, name: &str) -> anyhow::Result<Signer> {
        let account = self.0.iter().find(|account| account.name == name);
        let account = account.with_context(|| format!("the local chain has no account {name}"))?;
        Ok(Signer::from_hex(&account.private_key, PREFIX)?)
    }
}

const PREFIX: &str = "wasm";

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("cannot read {}: start a chain with scripts/localnet start", path.display())
    })?;
    Ok(serde_json::from_str(&text)?)
}

/// The chain at `home` and its accounts.
///
/// # Errors
/// If no chain runs there.
pub async fn local_chain(home: &Path) -> anyhow::Result<(Arc<dyn Chain>, Accounts)> {
    let net: Net = read(&home.join("net.json"))?;
    let accounts = Accounts(read(&home.join("accounts.json"))?);
    let config = Config { rpc: net.rpc, chain_id: Some(net.chain_id), ..Config::new("") };
    Ok((Arc::new(CosmosChain::connect(config).await?), accounts))
}

/// Where `scripts/build-wasm` puts the optimised contracts.
#[must_use]
pub fn artifacts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../artifacts")
}
