//! The scenario's stage on a chain inside this process.

use anyhow::Context as _;
use caplet::deploy::{Codes, IBC_DENOM, deploy, native_codes};
use caplet::scenario::{Stage, spec};
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace};
use caplet_chain::{Coin, Signer};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Bech32 prefix of the chain's addresses.
const PREFIX: &str = "wasm";
/// Base units of each denomination that every account holds.
const ENDOWMENT: u128 = 1_000_000_000_000;
/// From block to block, as `caplet demo` has it.
const BLOCK: Duration = Duration::from_millis(250);

pub(crate) fn account(name: &str) -> anyhow::Result<Signer> {
    let secret: [u8; 32] = Sha256::digest(format!("caplet bench account {name}")).into();
    Ok(Signer::from_bytes(&secret, PREFIX)?)
}

/// A fresh embedded chain in `folder` with the contracts on it, and the scenario's accounts.
///
/// # Errors
/// If the folder cannot be written.
pub async fn embedded_stage(folder: &Path) -> anyhow::Result<Stage> {
    let admin = account("admin")?;
    let gateways = [account("gateway 1")?, account("gateway 2")?];
    let providers = [account("provider 1")?, account("provider 2")?];
    let payers = [account("payer 1")?, account("payer 2")?];
    let pool = [account("pool 1")?, account("pool 2")?, account("pool 3")?];
    let everybody = [&admin].into_iter().chain(&gateways).chain(&providers).chain(&payers);
    let everybody = everybody.chain(&pool);
    let coins = [Coin::new(ENDOWMENT, "ucap"), Coin::new(ENDOWMENT, IBC_DENOM)];
    let genesis = Genesis {
        chain_id: "caplet-bench-1".to_owned(),
        prefix: PREFIX.to_owned(),
        time_ns: None,
        accounts: everybody.map(|signer| (signer.address().to_owned(), coins.to_vec())).collect(),
    };
    let chain = EmbeddedChain::open(Options {
        folder: Some(folder.join("chain")),
        pace: Pace::Every(BLOCK),
        genesis,
        codes: native_codes(),
        limits: Limits::default(),
    });
    let chain = Arc::new(chain.await.context("starting the embedded chain")?);
    let holders: Vec<String> = payers.iter().map(|payer| payer.address().to_owned()).collect();
    let deployment = deploy(&*chain, &admin, &Codes::Native, &spec(&holders)).await?;
    let folder = folder.to_owned();
    Ok(Stage { chain, deployment, admin, gateways, providers, payers, pool, folder })
}
