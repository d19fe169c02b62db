//! Pools of a deployment: each is an instance of its own, made once its market is there.

use super::file::Contracts;
use super::run::Deployer;
use super::spec::Spec;
use caplet_api::{escrow, pool};
use caplet_chain::Msg;
use caplet_protocol::MarketId;
use serde::{Deserialize, Serialize};

/// A pool to make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolSpec {
    /// The market it sells in, numbered as in [`Spec::markets`]; one whose offers leave no bond.
    pub market: MarketId,
    /// Who places its offers; whoever deploys when absent.
    #[serde(default)]
    pub manager: Option<String>,
    /// What members agree to.
    pub rules: pool::Rules,
}

impl Deployer<'_> {
    /// Makes the pools and lets escrow take them for openers, beside those it has.
    pub(super) async fn pools(&self, contracts: &mut Contracts, spec: &Spec) -> anyhow::Result<()> {
        let Some((first, rest)) = spec.pools.split_first() else { return Ok(()) };
        let code = self.store("pool").await?;
        for one in std::iter::once(first).chain(rest) {
            let init = pool::InstantiateMsg {
                owner: None,
                manager: one.manager.clone().unwrap_or_else(|| self.address().to_owned()),
                registry: contracts.registry.clone(),
                escrow: contracts.escrow.clone(),
                reputation: contracts.reputation.clone(),
                auction: contracts.auction.clone(),
                market: one.market,
                rules: one.rules.clone(),
            };
            contracts.pools.push(self.instantiate(code, "pool", &init).await?);
        }
        let openers = escrow::ExecuteMsg::SetOpeners { openers: openers(contracts) };
        let msg = Msg::execute(&contracts.escrow, &openers)?;
        self.send("letting pools lock stakes", vec![msg]).await?;
        Ok(())
    }
}

/// Contracts that may lock money and open leases.
pub(super) fn openers(contracts: &Contracts) -> Vec<String> {
    let forward = contracts.futures.iter().chain(&contracts.pools);
    std::iter::once(&contracts.auction).chain(forward).cloned().collect()
}
