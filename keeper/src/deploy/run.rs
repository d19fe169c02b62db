//! Carrying a deployment out.

use super::code::{Codes, TOKEN};
use super::file::{Contracts, Deployment};
use super::pools::openers;
use super::spec::{AssetSpec, Spec, TokenSpec};
use anyhow::Context as _;
use caplet_api::escrow::{AssetInput, AssetKind};
use caplet_api::{auction, escrow, futures, registry, reputation};
use caplet_chain::{Chain, Msg, Patience, Signer, TxOptions, TxResult, execute_and_confirm};
use caplet_testkit::token;
use serde::Serialize;

pub(super) struct Deployer<'a> {
    chain: &'a dyn Chain,
    signer: &'a Signer,
    codes: &'a Codes,
}

/// Stores, instantiates and wires every contract, and opens the markets. The signer becomes owner
/// and admin of all of them.
///
/// # Errors
/// If an artifact is missing or the chain refuses something; what was done by then stays on the
/// chain and harms nobody, since nothing points to it.
pub async fn deploy(
    chain: &dyn Chain,
    signer: &Signer,
    codes: &Codes,
    spec: &Spec,
) -> anyhow::Result<Deployment> {
    let deployer = Deployer { chain, signer, codes };
    let registry = deployer.contract("registry", &registry::InstantiateMsg { owner: None }).await?;
    let mut assets = Vec::with_capacity(spec.assets.len());
    for asset in &spec.assets {
        assets.push(deployer.asset(asset).await?);
    }
    let escrow_init = escrow::InstantiateMsg {
        owner: None,
        registry: registry.clone(),
        assets,
        fees: spec.fees,
        treasury: spec.treasury.clone(),
    };
    let escrow = deployer.contract("escrow", &escrow_init).await?;
    let reputation_init = reputation::InstantiateMsg {
        owner: None,
        registry: registry.clone(),
        escrow: escrow.clone(),
        rules: spec.rules.clone(),
    };
    let reputation = deployer.contract("reputation", &reputation_init).await?;
    let auction_init = auction::InstantiateMsg {
        owner: None,
        registry: registry.clone(),
        escrow: escrow.clone(),
        reputation: reputation.clone(),
    };
    let auction = deployer.contract("auction", &auction_init).await?;
    let mut futures = None;
    if let Some(rules) = spec.futures.clone() {
        let init = futures::InstantiateMsg {
            owner: None,
            registry: registry.clone(),
            escrow: escrow.clone(),
            reputation: reputation.clone(),
            auction: auction.clone(),
            rules,
        };
        futures = Some(deployer.contract("futures", &init).await?);
    }
    let attest = match &spec.attest {
        Some(attest) => Some(deployer.attest(&registry, attest).await?),
        None => None,
    };
    let pools = Vec::new();
    let mut contracts = Contracts { registry, auction, escrow, reputation, futures, pools, attest };
    deployer.wire(&contracts, spec).await?;
    deployer.pools(&mut contracts, spec).await?;
    Ok(Deployment { chain_id: chain.chain_id().to_owned(), contracts })
}

impl Deployer<'_> {
    pub(super) async fn send(&self, what: &str, msgs: Vec<Msg>) -> anyhow::Result<TxResult> {
        tracing::info!(what, "deploying");
        execute_and_confirm(
            self.chain,
            self.signer,
            msgs,
            TxOptions::default(),
            Patience::default(),
        )
        .await
        .with_context(|| format!("deploying: {what}"))
    }

    /// Whoever deploys.
    pub(super) fn address(&self) -> &str {
        self.signer.address()
    }

    pub(super) async fn contract<T: Serialize>(
        &self,
        name: &str,
        init: &T,
    ) -> anyhow::Result<String> {
        let code = self.store(name).await?;
        self.instantiate(code, name, init).await
    }

    /// Stores a contract's code; its number.
    pub(super) async fn store(&self, name: &str) -> anyhow::Result<u64> {
        let stored = self
            .send(&format!("storing {name}"), vec![Msg::Store { wasm: self.codes.bytes(name)? }])
            .await?;
        caplet_chain::code_id(&stored.events)
            .with_context(|| format!("the chain named no code id for {name}"))
    }

    /// Makes an instance; its address.
    pub(super) async fn instantiate<T: Serialize>(
        &self,
        code_id: u64,
        name: &str,
        init: &T,
    ) -> anyhow::Result<String> {
        let admin = Some(self.signer.address().to_owned());
        let msg = Msg::instantiate(code_id, format!("caplet {name}"), init, admin)?;
        let made = self.send(&format!("instantiating {name}"), vec![msg]).await?;
        let address = caplet_chain::instantiated(&made.events);
        Ok(address.with_context(|| format!("the chain named no address for {name}"))?.to_owned())
    }

    async fn asset(&self, asset: &AssetSpec) -> anyhow::Result<AssetInput> {
        Ok(match asset.clone() {
            AssetSpec::Native { denom, symbol, decimals } => {
                AssetInput { kind: AssetKind::Native { denom }, symbol, decimals }
            }
            AssetSpec::Cw20 { address, symbol, decimals } => {
                AssetInput { kind: AssetKind::Cw20 { address }, symbol, decimals }
            }
            AssetSpec::Token(TokenSpec { symbol, decimals, balances }) => {
                let init = token::InstantiateMsg {
                    name: format!("{symbol} token"),
                    symbol: symbol.clone(),
                    decimals,
                    initial_balances: balances
                        .into_iter()
                        .map(|(address, amount)| token::Cw20Coin { address, amount })
                        .collect(),
                    mint: Some(token::Minter { minter: self.signer.address().to_owned() }),
                };
                let address = self.contract(TOKEN, &init).await?;
                AssetInput { kind: AssetKind::Cw20 { address }, symbol, decimals }
            }
        })
    }

    async fn wire(&self, contracts: &Contracts, spec: &Spec) -> anyhow::Result<()> {
        let reputation =
            escrow::ExecuteMsg::SetReputation { reputation: contracts.reputation.clone() };
        let forward: Vec<String> = contracts.futures.iter().cloned().collect();
        let openers = escrow::ExecuteMsg::SetOpeners { openers: openers(contracts) };
        let reservers = auction::ExecuteMsg::SetReservers { contracts: forward };
        let latency = auction::ExecuteMsg::SetLatency { entries: spec.latency.clone() };
        let mut msgs = vec![
            Msg::execute(&contracts.escrow, &openers)?,
            Msg::execute(&contracts.escrow, &reputation)?,
            Msg::execute(&contracts.auction, &latency)?,
            Msg::execute(&contracts.auction, &reservers)?,
        ];
        for market in &spec.markets {
            let open = auction::ExecuteMsg::CreateMarket(market.clone());
            msgs.push(Msg::execute(&contracts.auction, &open)?);
        }
        self.send("wiring the contracts and opening the markets", msgs).await?;
        Ok(())
    }
}
