//! `caplet deploy`: the contracts onto a chain.

use super::args::DeployArgs;
use super::exit::BadInput;
use super::{chain, keys, log};
use crate::config::CosmosConfig;
use crate::deploy::{Codes, Spec, deploy, local_spec};
use caplet_chain::cosmos::CosmosChain;

/// Deploys and writes the deployment file.
///
/// # Errors
/// If the node cannot be reached, an artifact is missing, or the chain refuses.
pub(super) async fn run(args: &DeployArgs) -> anyhow::Result<()> {
    log::quiet();
    let signer = keys::account(&args.key, &args.prefix, false)?;
    let spec = match &args.spec {
        Some(path) => {
            let bad = |what: String| BadInput(format!("{}: {what}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
            serde_json::from_str::<Spec>(&text)
                .map_err(|e| bad(format!("no deployment spec: {e}")))?
        }
        None => local_spec(&args.holder),
    };
    let config = CosmosConfig {
        rpc: vec![args.rpc.clone()],
        // Whatever chain the node is of: the file says which it was.
        chain_id: String::new(),
        prefix: args.prefix.clone(),
        gas_price: args.gas_price.clone(),
    };
    let chain = CosmosChain::connect(chain::client(&config)?).await?;
    let codes = Codes::Artifacts(args.artifacts.clone());
    let deployment = deploy(&chain, &signer, &codes, &spec).await?;
    deployment.write(&args.out)?;
    println!("{}", serde_json::to_string_pretty(&deployment)?);
    eprintln!("wrote {}", args.out.display());
    Ok(())
}
