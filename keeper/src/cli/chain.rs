//! From the configuration to a chain with the contracts on it.

use super::exit::BadInput;
use crate::config::{ChainKind, Config, CosmosConfig};
use crate::deploy::{Codes, Deployment, IBC_DENOM, deploy, local_spec, native_codes};
use anyhow::Context as _;
use caplet_chain::cosmos::{Config as Client, CosmosChain, GasPrice};
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace};
use caplet_chain::{Chain, Coin, Signer};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Base units of each denomination that a fresh embedded chain gives to every account it funds.
const ENDOWMENT: u128 = 1_000_000_000_000;

/// Bech32 prefix of the chain's addresses.
pub(super) fn prefix(config: &Config) -> &str {
    match config.chain.kind {
        ChainKind::Embedded => "wasm",
        ChainKind::Cosmos => &config.chain.cosmos.prefix,
    }
}

/// The configured chain, and where the contracts are on it. A fresh embedded chain gets its contracts
/// here; on any other one they must be there.
///
/// # Errors
/// If it cannot be reached or opened, or the deployment file is missing or of another chain.
pub(super) async fn open(
    config: &Config,
    signer: &Signer,
) -> anyhow::Result<(Arc<dyn Chain>, Deployment)> {
    let file = config.path(&config.deployment);
    let (chain, deployment): (Arc<dyn Chain>, _) = match config.chain.kind {
        ChainKind::Embedded => {
            let chain = embedded(config, signer).await?;
            let deployment = deployed(&chain, signer, &file, &config.chain.embedded.fund).await?;
            (Arc::new(chain), deployment)
        }
        ChainKind::Cosmos => {
            let deployment = Deployment::read(&file)?;
            (Arc::new(CosmosChain::connect(client(&config.chain.cosmos)?).await?), deployment)
        }
    };
    if deployment.chain_id != chain.chain_id() {
        let (found, wanted) = (&deployment.chain_id, chain.chain_id());
        let file = file.display();
        return Err(BadInput(format!(
            "{file} is of chain \"{found}\", the keeper is on \"{wanted}\": name the file of this chain"
        ))
        .into());
    }
    Ok((chain, deployment))
}

async fn embedded(config: &Config, signer: &Signer) -> anyhow::Result<EmbeddedChain> {
    let set = &config.chain.embedded;
    let coins = || vec![Coin::new(ENDOWMENT, "ucap"), Coin::new(ENDOWMENT, IBC_DENOM)];
    let funded = std::iter::once(signer.address().to_owned()).chain(set.fund.iter().cloned());
    let options = Options {
        folder: Some(config.path(&set.path)),
        pace: Pace::Every(Duration::from_millis(set.block_ms)),
        genesis: Genesis {
            chain_id: set.chain_id.clone(),
            prefix: prefix(config).to_owned(),
            time_ns: None,
            accounts: funded.map(|address| (address, coins())).collect(),
        },
        codes: native_codes(),
        limits: Limits::default(),
    };
    EmbeddedChain::open(options).await.context("opening the embedded chain")
}

async fn deployed(
    chain: &EmbeddedChain,
    signer: &Signer,
    file: &Path,
    holders: &[String],
) -> anyhow::Result<Deployment> {
    if file.exists() {
        return Deployment::read(file);
    }
    let deployment = deploy(chain, signer, &Codes::Native, &local_spec(holders)).await?;
    deployment.write(file)?;
    Ok(deployment)
}

/// How the client reaches a configured node.
pub(super) fn client(config: &CosmosConfig) -> anyhow::Result<Client> {
    let [first, ..] = config.rpc.as_slice() else {
        let text = "chain.cosmos.rpc is empty: name at least one RPC address";
        return Err(BadInput(text.to_owned()).into());
    };
    Ok(Client {
        rpc: config.rpc.clone(),
        chain_id: Some(config.chain_id.clone()).filter(|id| !id.is_empty()),
        prefix: config.prefix.clone(),
        gas_price: Some(gas_price(&config.gas_price)?),
        ..Client::new(first)
    })
}

/// Reads a price such as `0.025ucap`: up to six decimals, then the denomination.
pub(super) fn gas_price(text: &str) -> anyhow::Result<GasPrice> {
    let bad = || {
        BadInput(format!(
            "gas price \"{text}\" is no amount with a denomination: write it as 0.025ucap, with at most six decimals"
        ))
    };
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
    let (number, denom) = text.split_at(at);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 6 || whole.is_empty() {
        return Err(bad().into());
    }
    let digits = format!("{whole}{fraction:0<6}");
    let per_million = digits.parse().map_err(|_| bad())?;
    Ok(GasPrice { denom: denom.to_owned(), per_million })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gas_prices_are_read_without_rounding() {
        let read = |text| gas_price(text).map(|price| (price.per_million, price.denom));
        assert_eq!(read("0.025ucap").unwrap(), (25_000, "ucap".to_owned()));
        assert_eq!(read("3ibc/27").unwrap(), (3_000_000, "ibc/27".to_owned()));
        assert_eq!(read("0.000001ucap").unwrap(), (1, "ucap".to_owned()));
        for bad in ["", "ucap", "0.025", "0.0000001ucap", ".5ucap", "1.2.3ucap", "-1ucap"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
