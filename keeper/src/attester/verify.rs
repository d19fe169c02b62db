//! What an attester finds of a device's enclave.

use anyhow::Context as _;
use caplet_api::common::DomainResponse;
use caplet_api::registry::{EnclaveResponse, QueryMsg};
use caplet_attest::fetch::{Cache, CollateralSource, Wanted};
use caplet_attest::{Collateral, Verified, Verifier};
use caplet_chain::{Chain, ChainExt as _};
use caplet_protocol::{DeviceId, Domain, layout::QuoteBinding};

/// What a device brings.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The device.
    pub device: DeviceId,
    /// Its enclave's quote.
    pub quote: Vec<u8>,
    /// Hash of the block that registered the enclave, as the attester's own node has it.
    pub block: [u8; 32],
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Sequence of the enclave that the registry has for the device.
    pub sequence: u64,
    /// What the quote proved of it.
    pub verified: Verified,
    /// With what it was judged.
    pub collateral: Collateral,
}

/// Verifies evidence at the time of the chain's last block; with `latest`, by what is published now rather than by
/// collateral that is kept.
///
/// # Errors
/// If the chain or the collateral cannot be had, the device has no enclave, or the evidence is refused.
pub async fn verify<S: CollateralSource>(
    chain: &dyn Chain,
    registry: &str,
    verifier: &Verifier,
    collateral: &Cache<S>,
    evidence: &Evidence,
    latest: bool,
) -> anyhow::Result<Finding> {
    let ask = QueryMsg::Enclave { device: evidence.device };
    let enclave: EnclaveResponse =
        chain.query(registry, &ask).await.context("asking for the device's enclave")?;
    let domain: DomainResponse = chain.query(registry, &QueryMsg::Domain {}).await?;
    let binding = QuoteBinding {
        device: evidence.device,
        sealing: bytes(&enclave.sealing)?,
        signing: bytes(&enclave.signing)?,
        height: enclave.height.u64(),
        block: evidence.block,
    };
    // the chain's time, not this machine's: the registry will compare dates with it
    let now = chain.head().await?.time_ns / 1_000_000_000;
    let wanted = Wanted::by(&evidence.quote)?;
    let collateral = match latest {
        true => collateral.latest(&wanted, now).await?,
        false => collateral.get(&wanted, now).await?,
    };
    let domain = Domain(bytes(&domain.domain)?);
    let verified = verifier.verify_bound(&evidence.quote, &collateral, now, &binding, &domain)?;
    Ok(Finding { sequence: enclave.sequence.u64(), verified, collateral })
}

fn bytes(from: &[u8]) -> anyhow::Result<[u8; 32]> {
    from.try_into().context("the registry answers with a key of another length: is it one?")
}
