//! The attest contract's part of a deployment.

use super::run::Deployer;
use caplet_api::attest::{InstantiateMsg, PolicyInput, RootInput};
use caplet_api::registry::ExecuteMsg as Registry;
use caplet_chain::Msg;
use serde::{Deserialize, Serialize};

/// The attest contract, and how much its word weighs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestSpec {
    /// The root that quotes end at.
    pub root: RootInput,
    /// What is asked of platforms.
    pub policy: PolicyInput,
    /// Its weight among attesters: with the threshold's (2 at first) nobody else need be believed.
    pub weight: u8,
}

impl AttestSpec {
    /// Intel's root until a date (Unix seconds), the strictest policy, an attestation a week long, the weight
    /// of the registry's first threshold.
    #[must_use]
    pub fn intel(not_after: u64) -> Self {
        Self {
            root: RootInput { test: None, not_after: not_after.into() },
            policy: PolicyInput {
                statuses: Vec::new(),
                refused_advisories: Vec::new(),
                least_evaluation: 0,
                grace_secs: 0u64.into(),
                smt: false,
                dynamic_platform: false,
                cached_keys: false,
                validity_secs: (7 * 24 * 3_600u64).into(),
            },
            weight: 2,
        }
    }
}

impl Deployer<'_> {
    /// Stores and instantiates it, and has the registry believe it.
    pub(super) async fn attest(&self, registry: &str, spec: &AttestSpec) -> anyhow::Result<String> {
        let init = InstantiateMsg {
            owner: None,
            registry: registry.to_owned(),
            root: spec.root.clone(),
            policy: spec.policy.clone(),
        };
        let attester = self.contract("attest", &init).await?;
        let appoint = Registry::SetAttester { attester: attester.clone(), weight: spec.weight };
        self.send("appointing attest", vec![Msg::execute(registry, &appoint)?]).await?;
        Ok(attester)
    }
}
