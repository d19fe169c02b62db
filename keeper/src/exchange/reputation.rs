//! All that the reputation contract says of a device, in one answer.

use crate::context::Context;
use caplet_api::reputation::{
    ConfigResponse, ConsumerResponse, QueryMsg, Rules, StakeResponse, StandingResponse,
};
use caplet_chain::ChainExt as _;
use caplet_protocol::DeviceId;
use serde::{Deserialize, Serialize};

/// A device's reputation, with the rules by which it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reputation {
    /// As a provider.
    pub standing: StandingResponse,
    /// As a consumer.
    pub consumer: ConsumerResponse,
    /// What is at stake for it.
    pub stake: StakeResponse,
    /// The rules.
    pub rules: Rules,
}

impl Reputation {
    /// Asks the contract.
    ///
    /// # Errors
    /// If the chain does not answer.
    pub(super) async fn read(context: &Context, device: DeviceId) -> anyhow::Result<Self> {
        let contract = &context.deployment.contracts.reputation;
        let standing = context.chain.query(contract, &QueryMsg::Standing { device }).await?;
        let consumer = context.chain.query(contract, &QueryMsg::Consumer { device }).await?;
        let stake = context.chain.query(contract, &QueryMsg::Stake { device }).await?;
        let config: ConfigResponse = context.chain.query(contract, &QueryMsg::Config {}).await?;
        Ok(Self { standing, consumer, stake, rules: config.rules })
    }
}
