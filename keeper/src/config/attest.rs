//! Enclaves: what an attester believes, and which quotes this gateway hands out.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Enclaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestConfig {
    /// Where collateral is published: Intel's service or a caching one.
    pub pccs: String,
    /// Folder in which collateral is kept.
    pub collateral: PathBuf,
    /// Folder of quotes that this gateway hands to attesters: `{device}-{sequence}.quote`.
    pub quotes: PathBuf,
    /// Policy, JSON; `docs/attestation.md` has the keys. Without it: up to date, no debug, any code, a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PathBuf>,
    /// A root of one's own, DER: its quotes prove nothing. Needs `test_network`, and `test` in the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_root: Option<PathBuf>,
    /// This chain is a test network: nothing of worth is on it.
    pub test_network: bool,
    /// Seconds before an attestation's end at which it is renewed.
    pub renew_secs: u64,
    /// Seconds after which an enclave that is attested is judged again: its platform may have been revoked.
    pub recheck_secs: u64,
    /// Whether quotes are brought to the attest contract too, if there is one that is an attester.
    pub bring: bool,
}

impl Default for AttestConfig {
    fn default() -> Self {
        Self {
            pccs: "https://api.trustedservices.intel.com".to_owned(),
            collateral: "collateral".into(),
            quotes: "quotes".into(),
            policy: None,
            test_root: None,
            test_network: false,
            renew_secs: 86_400,
            recheck_secs: 21_600,
            bring: true,
        }
    }
}
