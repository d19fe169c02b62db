//! Enclave quotes, as a stranger may send them, and what a service says of their platforms.

use caplet_attest::fetch::fuzz as answers;
use caplet_attest::{
    Collateral, MAX_QUOTE, Measurement, Network, Policy, Trust, Verifier, status_named,
};

const QUOTE: &[u8] = include_bytes!("../../attest/samples/sgx_quote");
const COLLATERAL: &str = include_str!("../../attest/samples/sgx_quote_collateral.json");

/// 2025-07-01; the samples' collateral is of 2025-06-19.
const NOW: u64 = 1_751_328_000;

/// The sample's platform needs hardening, has hyper-threading and more: a policy that refused it would judge nothing.
fn verifier() -> Verifier {
    let network = Network { chain: "caplet-1".into(), test: false };
    let statuses = [
        "UpToDate",
        "SWHardeningNeeded",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
    ];
    let policy = Policy {
        statuses: statuses.map(|name| status_named(name).unwrap()).into(),
        smt: true,
        dynamic_platform: true,
        cached_keys: true,
        ..Policy::default()
    };
    Verifier::new(Trust::Intel, policy, &network).unwrap()
}

fn sample() -> Collateral {
    serde_json::from_str(COLLATERAL).unwrap()
}

/// Reads a quote, then verifies it with the collateral of a real platform. Bytes that the
/// verifier accepts must read as what it says they are; too many are not read.
pub(crate) fn quotes(bytes: &[u8]) {
    let read = caplet_attest::read(bytes);
    assert!(read.is_err() || bytes.len() <= MAX_QUOTE);
    let judged = verifier().verify(bytes, &sample(), NOW);
    assert!(judged.is_ok() || bytes != QUOTE, "the sample: {judged:?}");
    if let Ok(verified) = judged {
        let read = read.unwrap();
        assert_eq!(verified.measurement, read.measurement);
        assert_eq!(verified.report_data, read.report_data);
        assert!(!verified.debug, "the policy takes no debug enclave");
    }
}

/// Verifies a real quote with certificates, revocation lists and TCB levels as they come; policies and measurements as
/// an operator writes them.
pub(crate) fn collateral(bytes: &[u8]) {
    if let Ok(collateral) = serde_json::from_slice::<Collateral>(bytes) {
        let judged = verifier().verify(QUOTE, &collateral, NOW);
        assert!(judged.is_ok() || collateral != sample(), "the sample's: {judged:?}");
        if let Ok(verified) = judged {
            assert_eq!(verified.measurement, caplet_attest::read(QUOTE).unwrap().measurement);
            assert!(verified.not_after >= NOW);
        }
        let written = serde_json::to_vec(&collateral).unwrap();
        assert_eq!(serde_json::from_slice::<Collateral>(&written).unwrap(), collateral);
    }
    if let Ok(policy) = serde_json::from_slice::<Policy>(bytes) {
        let written = serde_json::to_vec(&policy).unwrap();
        assert_eq!(serde_json::from_slice::<Policy>(&written).unwrap(), policy);
    }
    if let Ok(measurement) = String::from_utf8_lossy(bytes).parse::<Measurement>() {
        assert_eq!(measurement.to_string().parse::<Measurement>(), Ok(measurement));
    }
}

/// What a caching service answers, the header with the certificates up to the first line feed and the body after it, read
/// as TCB info and as the root's list. Only what Intel signed to the letter judges a quote.
pub(crate) fn services(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (header, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let chain = answers::chain(header);
    if let Some(chain) = &chain {
        let escaped: String = chain.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(answers::chain(escaped.as_bytes()).as_ref(), Some(chain));
    }
    let list = answers::list(body.to_vec());
    let written: String = list.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(list == body || body.trim_ascii().eq_ignore_ascii_case(written.as_bytes()));
    assert_eq!(answers::list(written.into_bytes()), list);
    let Ok(read) = answers::signed(body, "tcbInfo") else { return };
    assert!(String::from_utf8_lossy(body).contains(&read.text), "another text than came");
    let wanted = sample();
    let collateral = Collateral {
        tcb_info_issuer_chain: chain.unwrap_or_default(),
        tcb_info: read.text,
        tcb_info_signature: read.signature,
        ..sample()
    };
    let judged = verifier().verify(QUOTE, &collateral, NOW);
    assert!(judged.is_err() || collateral.tcb_info == wanted.tcb_info, "Intel signed another text");
    assert!(judged.is_ok() || collateral != wanted, "the sample's: {judged:?}");
}
