//! The chain a benchmark runs on, and how it sends and prints.

use crate::localnet::{artifacts, local_chain};
use anyhow::Context as _;
use caplet::deploy::{Codes, Contracts, Spec, deploy, local_spec};
use caplet_api::auction::{MarketConfig, MarketResponse, QueryMsg as AskAuction};
use caplet_api::common::DomainResponse;
use caplet_chain::{
    Chain, ChainExt as _, Coin, ConfirmError, Msg, Patience, Signer, TxOptions, TxResult,
    execute_and_confirm,
};
use caplet_protocol::{Domain, MarketId};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Base units a lot at which everything is traded.
pub(super) const PRICE: u64 = 1_000;
/// The market whose batches clear.
pub(super) const CLEARED: MarketId = MarketId(1);
/// The market that orders are placed in and taken from.
pub(super) const PLACED: MarketId = MarketId(2);

/// Seconds of an epoch: long enough to place two thousand orders and to clear them.
const EPOCH_SECS: u32 = 15;
const PATIENCE: Patience =
    Patience { within: Duration::from_secs(120), resend_every: Duration::from_secs(20) };

/// Chain, contracts and accounts.
pub(super) struct Bed {
    pub(super) chain: Arc<dyn Chain>,
    pub(super) contracts: Contracts,
    /// Owns the contracts.
    pub(super) admin: Signer,
    /// The gateway: relays, clears, settles.
    pub(super) keeper: Signer,
    /// Owns the providing devices.
    pub(super) seller: Signer,
    /// Owns the consuming devices and pays.
    pub(super) buyer: Signer,
    /// Both markets are made like this.
    pub(super) market: MarketConfig,
    /// What one item cost, by what was measured.
    singles: Mutex<BTreeMap<&'static str, u64>>,
}

/// A measurement to be made.
pub(super) struct Row<'a> {
    /// What is done; the one with a single item is the base of the others' marginal cost.
    pub(super) what: &'static str,
    /// In which manner.
    pub(super) how: &'static str,
    /// Items in the transaction.
    pub(super) n: usize,
    /// Who sends it.
    pub(super) by: &'a Signer,
}

impl Row<'_> {
    fn told(&self) -> String {
        format!("{}, {}, {} in one transaction", self.what, self.how, self.n)
    }
}

impl Bed {
    /// A fresh deployment on the chain that `CAPLET_LOCALNET` names.
    pub(super) async fn make() -> anyhow::Result<Self> {
        Self::with(|_| ()).await
    }

    /// Unix seconds of the chain's head, before anything is deployed.
    pub(super) async fn time() -> anyhow::Result<u64> {
        let (chain, _) = local_chain(&crate::bench::localnet()?).await?;
        chain.head().await?.time_ns.checked_div(1_000_000_000).context("no time")
    }

    /// As [`Bed::make`], of a changed deployment.
    pub(super) async fn with(change: impl FnOnce(&mut Spec)) -> anyhow::Result<Self> {
        let (chain, accounts) = local_chain(&crate::bench::localnet()?).await?;
        let (admin, buyer) = (accounts.signer("admin")?, accounts.signer("user-3")?);
        let mut spec = local_spec(&[buyer.address().to_owned()]);
        spec.markets.truncate(1);
        let market = spec.markets.first_mut().context("the local deployment has no market")?;
        (market.epoch_secs, market.slot_secs, market.max_orders) = (EPOCH_SECS, 3_600, 20_000);
        let market = market.clone();
        spec.markets.push(market.clone());
        change(&mut spec);
        let codes = Codes::Artifacts(artifacts());
        let deployment = deploy(&*chain, &admin, &codes, &spec).await?;
        Ok(Self {
            chain,
            contracts: deployment.contracts,
            admin,
            keeper: accounts.signer("keeper-1")?,
            seller: accounts.signer("user-1")?,
            buyer,
            market,
            singles: Mutex::default(),
        })
    }

    /// Sends and waits.
    pub(super) async fn send(&self, by: &Signer, msgs: Vec<Msg>) -> anyhow::Result<TxResult> {
        let options = TxOptions::default();
        Ok(execute_and_confirm(&*self.chain, by, msgs, options, PATIENCE).await?)
    }

    /// Sends, waits and prints what it cost.
    pub(super) async fn measure(&self, row: Row<'_>, msgs: Vec<Msg>) -> anyhow::Result<TxResult> {
        let calldata = brought(&msgs);
        let done = self.send(row.by, msgs).await.with_context(|| row.told())?;
        self.print(&row, calldata, &done)?;
        Ok(done)
    }

    /// As [`Bed::measure`], of a size that a node may not take: its refusal is a line, too, and `None` here. So is that
    /// it gave no answer to a simulation in time.
    pub(super) async fn attempt(
        &self,
        row: Row<'_>,
        msgs: Vec<Msg>,
    ) -> anyhow::Result<Option<TxResult>> {
        let calldata = brought(&msgs);
        let options = TxOptions::default();
        match execute_and_confirm(&*self.chain, row.by, msgs, options, PATIENCE).await {
            Ok(done) => {
                self.print(&row, calldata, &done)?;
                Ok(Some(done))
            }
            // it was taken, and what became of it is not known
            Err(error @ (ConfirmError::Undecided { .. } | ConfirmError::Expired { .. })) => {
                Err(anyhow::Error::new(error).context(row.told()))
            }
            Err(refusal) => {
                let line = json!({
                    "bench": "gas", "what": row.what, "how": row.how, "n": row.n, "gas": null,
                    "calldata": calldata, "refused": refusal.to_string(),
                });
                println!("{line}");
                Ok(None)
            }
        }
    }

    /// Sends what will be refused in a block, and prints what that costs. It brings its gas limit along, since no
    /// simulation of it succeeds.
    pub(super) async fn lose(
        &self,
        row: Row<'_>,
        msgs: Vec<Msg>,
        gas_limit: u64,
    ) -> anyhow::Result<()> {
        let calldata = brought(&msgs);
        let options = TxOptions { gas_limit: Some(gas_limit), ..TxOptions::default() };
        match execute_and_confirm(&*self.chain, row.by, msgs, options, PATIENCE).await {
            // one that ran out of gas was not refused for what it is
            Err(ConfirmError::Failed { result, .. }) if result.gas_used < gas_limit => {
                self.print(&row, calldata, &result)
            }
            Err(other) => Err(anyhow::Error::new(other).context(row.told())),
            Ok(_) => anyhow::bail!("{}: it was not refused", row.told()),
        }
    }

    fn print(&self, row: &Row<'_>, calldata: usize, done: &TxResult) -> anyhow::Result<()> {
        let Row { what, how, n, .. } = *row;
        let items = u64::try_from(n)?;
        let (gas, marginal) = (done.gas_used, self.marginal(what, items, done.gas_used));
        let (events, each) = (emitted(done), gas.checked_div(items));
        let mut line = json!({
            "bench": "gas", "what": what, "how": how, "n": n, "gas": gas, "each": each,
            "marginal": marginal, "calldata": calldata, "events": events,
        });
        if done.code != 0
            && let Some(fields) = line.as_object_mut()
        {
            fields.insert("refused".to_owned(), done.log.as_str().into());
        }
        println!("{line}");
        Ok(())
    }

    /// What every item beyond the first added; remembers the first.
    fn marginal(&self, what: &'static str, n: u64, gas: u64) -> Option<u64> {
        let mut singles = self.singles.lock().unwrap_or_else(PoisonError::into_inner);
        if n <= 1 {
            singles.entry(what).or_insert(gas);
            return None;
        }
        gas.saturating_sub(*singles.get(what)?).checked_div(n.saturating_sub(1))
    }

    /// The domain of a contract.
    pub(super) async fn domain(&self, contract: &str) -> anyhow::Result<Domain> {
        let ask = json!({ "domain": {} });
        let answer: DomainResponse = self.chain.query(contract, &ask).await?;
        Ok(Domain(answer.domain.as_slice().try_into()?))
    }

    /// Unix seconds of the chain's head.
    pub(super) async fn now(&self) -> anyhow::Result<u64> {
        let head = self.chain.head().await?;
        head.time_ns.checked_div(1_000_000_000).context("no time")
    }

    /// A market as it stands.
    pub(super) async fn market(&self, market: MarketId) -> anyhow::Result<MarketResponse> {
        Ok(self.chain.query(&self.contracts.auction, &AskAuction::Market { market }).await?)
    }

    /// A call of the escrow.
    pub(super) fn escrow<T: Serialize>(&self, msg: &T) -> anyhow::Result<Msg> {
        Ok(Msg::execute(&self.contracts.escrow, msg)?)
    }

    /// A call of the registry.
    pub(super) fn registry<T: Serialize>(&self, msg: &T) -> anyhow::Result<Msg> {
        Ok(Msg::execute(&self.contracts.registry, msg)?)
    }

    /// A call of the auction.
    pub(super) fn auction<T: Serialize>(&self, msg: &T) -> anyhow::Result<Msg> {
        Ok(Msg::execute(&self.contracts.auction, msg)?)
    }
}

/// Some of the chain's own coin.
pub(super) fn ucap(amount: u128) -> Vec<Coin> {
    vec![Coin { denom: "ucap".to_owned(), amount }]
}

/// Bytes of JSON that messages bring.
fn brought(msgs: &[Msg]) -> usize {
    msgs.iter().map(bytes).fold(0usize, usize::saturating_add)
}

fn bytes(msg: &Msg) -> usize {
    match msg {
        Msg::Execute { msg, .. } => msg.len(),
        _ => 0,
    }
}

/// Bytes of keys and values of the events that contracts emitted.
fn emitted(done: &TxResult) -> usize {
    let contracts = done.events.iter().filter(|event| event.ty.starts_with("wasm"));
    let attributes = contracts.flat_map(|event| &event.attributes);
    attributes.map(|a| a.key.len().saturating_add(a.value.len())).fold(0, usize::saturating_add)
}
