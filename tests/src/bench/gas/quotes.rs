//! What attesting an enclave costs: the shipped contract verifies a whole quote, or an attester says its word.
//!
//! The quotes are synthetic ones of an SGX platform under a test root: a real quote names no device of this
//! chain, and its collateral has ended. Their chain of certificates, signatures and documents is checked by the
//! same code as Intel's; their documents are shorter, which shows in `calldata`.

use super::bed::{Bed, Row};
use super::crowd::{self, Crowd};
use anyhow::Context as _;
use caplet::attester::{Evidence, Finding, bring, word};
use caplet_api::attest::RootInput;
use caplet_api::registry::{EnclaveInput, EnclaveResponse, ExecuteMsg, QueryMsg};
use caplet_attest::produce::QuoteProducer as _;
use caplet_attest::session::EnclaveKeys;
use caplet_attest::testroot::{Platform, TestEnclave, TestRoot};
use caplet_attest::{Network, Policy, Trust, Verifier};
use caplet_chain::ChainExt as _;
use caplet_protocol::layout::{EnclaveStatement, QuoteBinding};
use caplet_protocol::sign::sign;
use serde_json::json;

/// Leases that a device is assumed to serve while an attestation lasts, which is a week.
const LEASES_A_WEEK: u64 = 100;

/// Measures and prints.
pub(super) async fn quotes() -> anyhow::Result<()> {
    let now = Bed::time().await?;
    let root = TestRoot::generate(now.saturating_sub(86_400), Platform::default())?;
    let enclave = TestEnclave { root, mr_enclave: [0xC0; 32], debug: false };
    let certificate = enclave.root.certificate();
    let bed = Bed::with(|spec| {
        if let Some(attest) = &mut spec.attest {
            let not_after = now.saturating_add(90 * 86_400).into();
            attest.root = RootInput { test: Some(certificate.clone().into()), not_after };
        }
    })
    .await?;
    crowd::gateway(&bed).await?;
    let devices = Crowd::register(&bed, "provider", &bed.seller, 1).await?;
    let device = devices.0.first().context("no device")?;
    let keys = EnclaveKeys::generate()?;
    let (domain, public) = (bed.domain(&bed.contracts.registry).await?, keys.public());
    let (id, sealing, signing) = (device.id, public.sealing, public.signing);
    let statement = EnclaveStatement { device: id, sequence: 1, sealing, signing };
    let register = ExecuteMsg::RegisterEnclave(EnclaveInput {
        device: id,
        sequence: 1u64.into(),
        sealing: sealing.into(),
        signing: signing.into(),
        signature: sign(&device.key, &statement.preimage(&domain)).into(),
        consent: keys.consent(id, 1, &domain).into(),
    });
    let row = |what, how| Row { what, how, n: 1, by: &bed.keeper };
    bed.measure(row("register enclave", "one"), vec![bed.registry(&register)?]).await?;

    let ask = QueryMsg::Enclave { device: id };
    let found: EnclaveResponse = bed.chain.query(&bed.contracts.registry, &ask).await?;
    let height = found.height.u64();
    let block = bed.chain.block_hash(height).await?;
    let binding = QuoteBinding { device: id, sealing, signing, height, block };
    let quote = enclave.quote(&binding.report_data(&domain))?;
    let (collateral, now) = (enclave.root.collateral()?, bed.now().await?);
    let network = Network { chain: bed.chain.chain_id().to_owned(), test: true };
    let policy = Policy { test: true, ..Policy::default() };
    let verifier = Verifier::new(Trust::Test(certificate.clone()), policy, &network)?;
    let verified = verifier.verify_bound(&quote, &collateral, now, &binding, &domain)?;
    let evidence = Evidence { device: id, quote, block };
    let finding = Finding { sequence: 1, verified, collateral };

    let contract = bed.contracts.attest.as_deref().context("the deployment has no attest")?;
    let mut gas = 0;
    for how in ["the first of a device", "again"] {
        let msg = bring(contract, &evidence, &finding)?;
        gas = bed.measure(row("verify a quote, shipped contract", how), vec![msg]).await?.gas_used;
    }
    let appoint = ExecuteMsg::SetAttester { attester: bed.keeper.address().to_owned(), weight: 1 };
    bed.send(&bed.admin, vec![bed.registry(&appoint)?]).await?;
    let msg = word(&bed.contracts.registry, &evidence, &finding)?;
    bed.measure(row("an attester's word", "one of those needed"), vec![msg]).await?;
    let each = gas.checked_div(LEASES_A_WEEK);
    let line = json!({
        "bench": "gas", "what": "attestation a lease", "leases_a_week": LEASES_A_WEEK,
        "gas_a_lease": each,
    });
    println!("{line}");
    Ok(())
}
