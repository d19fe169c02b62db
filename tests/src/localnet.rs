//! A stage on the chain that `scripts/localnet start --home DIR` runs.

use anyhow::Context as _;
use caplet::deploy::{Codes, deploy, local_spec};
use caplet::scenario::Stage;
use caplet_chain::Signer;
use caplet_chain::cosmos::{Config, CosmosChain};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;
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

const PREFIX: &str = "wasm";

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}: start a chain with scripts/localnet start", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// Deploys the artifacts to the local chain at `home` and sets the scenario's stage there.
///
/// # Errors
/// If no chain runs there, or `scripts/build-wasm` was not run.
pub async fn localnet_stage(home: &Path, folder: &Path) -> anyhow::Result<Stage> {
    let net: Net = read(&home.join("net.json"))?;
    let accounts: Vec<Account> = read(&home.join("accounts.json"))?;
    let signer = |name: &str| -> anyhow::Result<Signer> {
        let account = accounts.iter().find(|account| account.name == name);
        let account = account.with_context(|| format!("the local chain has no account {name}"))?;
        Ok(Signer::from_hex(&account.private_key, PREFIX)?)
    };
    let config = Config { rpc: net.rpc, chain_id: Some(net.chain_id), ..Config::new("") };
    let chain = Arc::new(CosmosChain::connect(config).await?);
    let admin = signer("admin")?;
    let payers = [signer("user-3")?, signer("user-4")?];
    let holders: Vec<String> = payers.iter().map(|payer| payer.address().to_owned()).collect();
    let artifacts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../artifacts");
    let deployment = deploy(&*chain, &admin, &Codes::Artifacts(artifacts), &local_spec(&holders)).await?;
    Ok(Stage {
        chain,
        deployment,
        admin,
        gateways: [signer("keeper-1")?, signer("keeper-2")?],
        providers: [signer("user-1")?, signer("user-2")?],
        payers,
        folder: folder.to_owned(),
    })
}
