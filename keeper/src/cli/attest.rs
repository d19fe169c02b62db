//! `caplet attest`: verifies a device's enclave and, as an attester, says so on chain.

use super::args::AttestArgs;
use super::exit::BadInput;
use super::{chain, keys, log};
use crate::attester::{Evidence, submit, verify};
use crate::config::load;
use anyhow::Context as _;
use caplet_api::registry::{EnclaveResponse, QueryMsg};
use caplet_attest::fetch::{Cache, Pccs};
use caplet_attest::{Network, Policy, Trust, Verifier};
use caplet_chain::{Chain, ChainExt as _};
use caplet_protocol::DeviceId;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// Verifies, prints what was found, and submits it if asked to.
///
/// # Errors
/// If a file is not there, the chain or the collateral cannot be had, or the evidence is refused.
pub(super) async fn attest(args: &AttestArgs) -> anyhow::Result<()> {
    log::quiet();
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let signer = keys::account(&args.key, chain::prefix(&config), false)?;
    let (chain, deployment) = chain::open(&config, &signer).await?;
    let registry = &deployment.contracts.registry;
    let verifier = verifier(args, chain.chain_id())?;
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
    let collateral = Cache::new(Pccs::new(http, &args.pccs));
    let device = DeviceId(args.device);
    let block = match &args.block {
        Some(text) => block(text)?,
        None => registered(chain.as_ref(), registry, device).await?,
    };
    let evidence = Evidence { device, quote: read(&args.quote)?, block };
    let finding = verify(chain.as_ref(), registry, &verifier, &collateral, &evidence, true).await?;
    let verified = &finding.verified;
    println!(
        "{}",
        json!({
            "device": args.device,
            "enclave": finding.sequence,
            "measurement": verified.measurement,
            "tee": verified.tee,
            "tcb_status": verified.status,
            "advisories": verified.advisories,
            "not_after": verified.not_after,
        })
    );
    if args.submit {
        let sent = submit(chain.as_ref(), &signer, registry, &evidence, &finding).await?;
        eprintln!("attested at height {}", sent.height);
    }
    Ok(())
}

fn verifier(args: &AttestArgs, chain: &str) -> anyhow::Result<Verifier> {
    let policy = match &args.policy {
        None => Policy::default(),
        Some(path) => serde_json::from_slice(&read(path)?)
            .map_err(|error| BadInput(format!("{}: no policy: {error}", path.display())))?,
    };
    let trust = match &args.test_root {
        None => Trust::Intel,
        Some(path) => Trust::Test(read(path)?),
    };
    let network = Network { chain: chain.to_owned(), test: args.test_network };
    Ok(Verifier::new(trust, policy, &network).map_err(|error| BadInput(error.to_string()))?)
}

/// Hash of the block that registered a device's enclave, as the configured node has it.
async fn registered(
    chain: &dyn Chain,
    registry: &str,
    device: DeviceId,
) -> anyhow::Result<[u8; 32]> {
    let ask = QueryMsg::Enclave { device };
    let enclave: EnclaveResponse = chain.query(registry, &ask).await?;
    let height = enclave.height.u64();
    chain.block_hash(height).await.with_context(|| {
        format!(
            "the node has no hash of block {height}: name it with --block, from a node you trust"
        )
    })
}

fn block(text: &str) -> anyhow::Result<[u8; 32]> {
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out)
        .map_err(|error| BadInput(format!("{text} is no block hash ({error}): 64 digits")))?;
    Ok(out)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}
