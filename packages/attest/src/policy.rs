//! What a verifier asks of a platform and its enclave beyond genuine signatures.

use crate::{AttestError, Measurement};
use core::time::Duration;
use dcap_qvl::{Policy as _, QuoteClaims, QuotePolicy, TcbStatus};
use serde::{Deserialize, Serialize};

/// A policy; what is left out is as strict as it can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Whether synthetic quotes under a test root may be judged by it; only on networks marked as test.
    pub test: bool,
    /// TCB statuses that are accepted, as Intel names them. `Revoked` never is.
    pub statuses: Vec<TcbStatus>,
    /// Security advisories that may not be open on the platform, such as `INTEL-SA-00615`.
    pub refused_advisories: Vec<String>,
    /// Whether a debug enclave is accepted: it keeps nothing from its host.
    pub debug: bool,
    /// Measurements that are accepted; `None`: any, which the demand then chooses from.
    pub measurements: Option<Vec<Measurement>>,
    /// Least TCB evaluation data number: Intel raises it with every recovery.
    pub least_evaluation: u32,
    /// Seconds for which a platform that fell out of date stays accepted, if its status is.
    pub grace_secs: u64,
    /// Whether hyper-threading may be on.
    pub smt: bool,
    /// Whether processor packages may be added later.
    pub dynamic_platform: bool,
    /// Whether platform keys may be cached by Intel's registration service.
    pub cached_keys: bool,
    /// Most seconds an attestation is good for; the collateral's own end comes first if it is earlier.
    pub validity_secs: u64,
}

impl Default for Policy {
    /// Up to date, production, any code, a week.
    fn default() -> Self {
        Self {
            test: false,
            statuses: vec![TcbStatus::UpToDate],
            refused_advisories: Vec::new(),
            debug: false,
            measurements: None,
            least_evaluation: 0,
            grace_secs: 0,
            smt: false,
            dynamic_platform: false,
            cached_keys: false,
            validity_secs: 7 * 24 * 3600,
        }
    }
}

impl Policy {
    /// Passes for a platform and an enclave that this policy takes at `now`.
    pub(crate) fn judge(
        &self,
        claims: &QuoteClaims,
        debug: bool,
        measurement: Measurement,
        now: u64,
    ) -> Result<(), AttestError> {
        if debug && !self.debug {
            return Err(AttestError::Debug);
        }
        let refused = |error: String| AttestError::Policy { reason: error };
        self.platform(now).validate(claims).map_err(|error| refused(format!("{error:#}")))?;
        match &self.measurements {
            Some(allowed) if !allowed.contains(&measurement) => {
                Err(AttestError::Code { found: measurement, allowed: allowed.len() })
            }
            _ => Ok(()),
        }
    }

    fn platform(&self, now: u64) -> QuotePolicy {
        let strict = QuotePolicy::strict(now)
            .min_tcb_eval_data_number(self.least_evaluation)
            .platform_grace_period(Duration::from_secs(self.grace_secs))
            .qe_grace_period(Duration::from_secs(self.grace_secs))
            .allow_smt(self.smt)
            .allow_dynamic_platform(self.dynamic_platform)
            .allow_cached_keys(self.cached_keys)
            .reject_advisories(&self.refused_advisories);
        self.statuses.iter().fold(strict, |policy, status| policy.allow_status(*status))
    }
}

/// Those that a policy may name; a revoked platform is accepted by none.
const STATUSES: [TcbStatus; 8] = [
    TcbStatus::UpToDate,
    TcbStatus::SWHardeningNeeded,
    TcbStatus::ConfigurationNeeded,
    TcbStatus::ConfigurationAndSWHardeningNeeded,
    TcbStatus::OutOfDate,
    TcbStatus::OutOfDateConfigurationNeeded,
    TcbStatus::TDRelaunchAdvised,
    TcbStatus::TDRelaunchAdvisedConfigurationNeeded,
];

/// A TCB status by the name that Intel gives it.
///
/// # Errors
/// If there is none of that name.
pub fn status_named(name: &str) -> Result<TcbStatus, AttestError> {
    let known = STATUSES.into_iter().find(|status| status.to_string() == name);
    known.ok_or_else(|| AttestError::Status { name: name.to_owned() })
}
