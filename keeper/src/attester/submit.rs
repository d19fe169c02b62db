//! What an attester says to the registry.

use super::{Evidence, Finding};
use anyhow::Context as _;
use caplet_api::registry::{AttestInput, ExecuteMsg};
use caplet_chain::{Chain, Msg, Patience, Signer, TxOptions, TxResult, execute_and_confirm};

/// Tells the registry what was found, and waits until it is in a block.
///
/// # Errors
/// If the chain refuses, as it does when the signer is no attester.
pub async fn submit(
    chain: &dyn Chain,
    signer: &Signer,
    registry: &str,
    evidence: &Evidence,
    finding: &Finding,
) -> anyhow::Result<TxResult> {
    let input = AttestInput {
        device: evidence.device,
        sequence: finding.sequence.into(),
        measurement: finding.verified.measurement.0.into(),
        evidence: finding.verified.evidence.into(),
        not_after: finding.verified.not_after.into(),
    };
    let msg = Msg::execute(registry, &ExecuteMsg::Attest(input))?;
    execute_and_confirm(chain, signer, vec![msg], TxOptions::default(), Patience::default())
        .await
        .context("telling the registry")
}
