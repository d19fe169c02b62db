//! What an attester says: to the registry its own word, to the attest contract the quote itself.

use super::{Evidence, Finding};
use anyhow::Context as _;
use caplet_api::attest::{CollateralInput, ExecuteMsg as Attest, VerifyInput};
use caplet_api::registry::{AttestInput, ExecuteMsg};
use caplet_attest::Collateral;
use caplet_chain::{
    Chain, ChainError, Msg, Patience, Signer, TxOptions, TxResult, execute_and_confirm,
};

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
    let msg = word(registry, evidence, finding)?;
    execute_and_confirm(chain, signer, vec![msg], TxOptions::default(), Patience::default())
        .await
        .context("telling the registry")
}

/// The message that tells the registry what was found.
///
/// # Errors
/// If it cannot be encoded.
pub fn word(registry: &str, evidence: &Evidence, finding: &Finding) -> Result<Msg, ChainError> {
    let input = AttestInput {
        device: evidence.device,
        sequence: finding.sequence.into(),
        measurement: finding.verified.measurement.0.into(),
        evidence: finding.verified.evidence.into(),
        not_after: finding.verified.not_after.into(),
    };
    Msg::execute(registry, &ExecuteMsg::Attest(input))
}

/// The message that brings quote and collateral to the attest contract.
///
/// # Errors
/// If it cannot be encoded.
pub fn bring(contract: &str, evidence: &Evidence, finding: &Finding) -> Result<Msg, ChainError> {
    let input = VerifyInput {
        device: evidence.device,
        block: evidence.block.into(),
        quote: evidence.quote.clone().into(),
        collateral: collateral(&finding.collateral),
    };
    Msg::execute(contract, &Attest::Verify(Box::new(input)))
}

fn collateral(of: &Collateral) -> CollateralInput {
    CollateralInput {
        pck_crl_issuer_chain: of.pck_crl_issuer_chain.clone(),
        root_ca_crl: of.root_ca_crl.clone().into(),
        pck_crl: of.pck_crl.clone().into(),
        tcb_info_issuer_chain: of.tcb_info_issuer_chain.clone(),
        tcb_info: of.tcb_info.clone(),
        tcb_info_signature: of.tcb_info_signature.clone().into(),
        qe_identity_issuer_chain: of.qe_identity_issuer_chain.clone(),
        qe_identity: of.qe_identity.clone(),
        qe_identity_signature: of.qe_identity_signature.clone().into(),
        pck_certificate_chain: of.pck_certificate_chain.clone(),
    }
}
