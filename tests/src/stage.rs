//! The scenario's stage on a local wasmd chain.

use crate::localnet::{artifacts, local_chain};
use caplet::deploy::{Codes, deploy};
use caplet::scenario::{Stage, spec};
use std::path::Path;

/// Deploys the artifacts to the local chain at `home` and sets the scenario's stage there.
///
/// # Errors
/// If no chain runs there, or `scripts/build-wasm` was not run.
pub async fn localnet_stage(home: &Path, folder: &Path) -> anyhow::Result<Stage> {
    let (chain, accounts) = local_chain(home).await?;
    let admin = accounts.signer("admin")?;
    let payers = [accounts.signer("user-3")?, accounts.signer("user-4")?];
    let holders: Vec<String> = payers.iter().map(|payer| payer.address().to_owned()).collect();
    let codes = Codes::Artifacts(artifacts());
    let deployment = deploy(&*chain, &admin, &codes, &spec(&holders)).await?;
    Ok(Stage {
        chain,
        deployment,
        admin,
        gateways: [accounts.signer("keeper-1")?, accounts.signer("keeper-2")?],
        providers: [accounts.signer("user-1")?, accounts.signer("user-2")?],
        payers,
        pool: [
            accounts.signer("user-5")?,
            accounts.signer("user-6")?,
            accounts.signer("keeper-3")?,
        ],
        folder: folder.to_owned(),
    })
}
