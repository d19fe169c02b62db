//! The chain a benchmark runs on, and how it sends and prints.

use crate::localnet::local_chain;
use anyhow::Context as _;
use caplet::deploy::{Codes, Deployment, deploy, local_spec};
use caplet_api::auction::MarketConfig;
use caplet_chain::{Chain, Msg, Patience, Signer, TxOptions, TxResult, execute_and_confirm};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Chain, contracts, and the one account that owns and pays for everything.
pub(super) struct Bed {
    pub(super) chain: Arc<dyn Chain>,
    pub(super) deployment: Deployment,
    pub(super) owner: Signer,
    pub(super) other: Signer,
    pub(super) market: MarketConfig,
}

/// Seconds of an epoch: long enough to place two thousand orders in one.
const EPOCH_SECS: u32 = 60;

impl Bed {
    /// A fresh deployment on the chain that `CAPLET_LOCALNET` names, with one roomy market.
    pub(super) async fn make() -> anyhow::Result<Self> {
        let home = std::env::var_os("CAPLET_LOCALNET").context("CAPLET_LOCALNET names no chain: run scripts/bench")?;
        let (chain, accounts) = local_chain(&PathBuf::from(home)).await?;
        let (owner, other) = (accounts.signer("admin")?, accounts.signer("keeper-1")?);
        let mut spec = local_spec(&[owner.address().to_owned()]);
        spec.markets.truncate(1);
        let market = spec.markets.first_mut().context("the local deployment has no market")?;
        market.epoch_secs = EPOCH_SECS;
        market.slot_secs = 3_600;
        market.max_orders = 20_000;
        let market = market.clone();
        let artifacts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../artifacts");
        let deployment = deploy(&*chain, &owner, &Codes::Artifacts(artifacts), &spec).await?;
        Ok(Self { chain, deployment, owner, other, market })
    }

    /// Sends and waits.
    pub(super) async fn send(&self, msgs: Vec<Msg>) -> anyhow::Result<TxResult> {
        let patience = Patience { within: Duration::from_secs(120), ..Patience::default() };
        Ok(execute_and_confirm(&*self.chain, &self.owner, msgs, TxOptions::default(), patience).await?)
    }

    /// Sends, waits and prints what it cost.
    pub(super) async fn measure(&self, what: &str, n: u64, msgs: Vec<Msg>) -> anyhow::Result<TxResult> {
        let done = self.send(msgs).await.with_context(|| format!("{what}, {n} in one transaction"))?;
        print(what, n, done.gas_used);
        Ok(done)
    }
}

/// One line of result.
pub(super) fn print(what: &str, n: u64, gas: u64) {
    let each = gas.checked_div(n).unwrap_or(gas);
    println!("{}", json!({ "bench": "gas", "what": what, "n": n, "gas": gas, "gas_each": each }));
}
