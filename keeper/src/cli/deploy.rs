//! `caplet deploy`: the contracts onto a Cosmos chain.

use crate::deploy::{Codes, deploy, local_spec};
use anyhow::Context as _;
use caplet_chain::Signer;
use caplet_chain::cosmos::{Config, CosmosChain, GasPrice};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// CometBFT RPC address; may be given several times.
    #[arg(long, required = true, value_name = "URL")]
    rpc: Vec<String>,
    /// File with the deployer's private key: 64 hexadecimal digits. The deployer owns the contracts.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Folder of the optimised wasm files.
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    artifacts: PathBuf,
    /// What to deploy, as JSON; without it the local network's five markets.
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Addresses that hold the local network's cw20 token at the start.
    #[arg(long, value_name = "ADDRESS")]
    holder: Vec<String>,
    /// Where the deployment file goes.
    #[arg(long, value_name = "FILE", default_value = "deployment.json")]
    out: PathBuf,
    /// Bech32 prefix of addresses.
    #[arg(long, default_value = "wasm")]
    prefix: String,
    /// Price of a million gas in base units of the denomination, such as `25000ucap`; none by default.
    #[arg(long, value_name = "AMOUNT+DENOM", value_parser = gas_price)]
    gas_per_million: Option<GasPrice>,
}

fn gas_price(text: &str) -> Result<GasPrice, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .ok_or("no denomination: write it like 25000ucap")?;
    let (amount, denom) = text.split_at(split);
    let per_million =
        amount.parse().map_err(|_| "no amount: write it like 25000ucap".to_owned())?;
    Ok(GasPrice { denom: denom.to_owned(), per_million })
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    super::log_to_stderr("info");
    let secret = std::fs::read_to_string(&args.key)
        .with_context(|| format!("cannot read the key file {}", args.key.display()))?;
    let signer = Signer::from_hex(&secret, &args.prefix)?;
    let spec = match &args.spec {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(&text)
                .with_context(|| format!("{} is no deployment spec", path.display()))?
        }
        None => local_spec(&args.holder),
    };
    let config = Config {
        rpc: args.rpc,
        prefix: args.prefix,
        gas_price: args.gas_per_million,
        ..Config::new("")
    };
    let chain = CosmosChain::connect(config).await?;
    let deployment = deploy(&chain, &signer, &Codes::Artifacts(args.artifacts), &spec).await?;
    deployment.write(&args.out)?;
    println!("{}", serde_json::to_string_pretty(&deployment)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::gas_price;

    #[test]
    fn a_gas_price_needs_an_amount_and_a_denomination() {
        assert_eq!(gas_price("25000ucap").unwrap().per_million, 25_000);
        assert!(gas_price("25000").is_err());
        assert!(gas_price("ucap").is_err());
    }
}
