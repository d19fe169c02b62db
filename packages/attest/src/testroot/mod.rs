//! A root of one's own and synthetic quotes under it, laid out as the processor's: what a network marked as test uses in
//! place of hardware. Anyone can make such a quote say anything.

mod authority;
mod collateral;
mod der;
mod quote;

pub use authority::TestRoot;
pub use quote::SyntheticReport;

use crate::Measurement;
use crate::produce::{ProduceError, QuoteProducer};
use dcap_qvl::TcbStatus;

/// What is wrong with the platform, for tests of what a verifier refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// What the TCB info says of it.
    pub status: TcbStatus,
    /// Security advisories open on it.
    pub advisories: Vec<String>,
    /// Which certificate is revoked, if one is.
    pub revoked: Option<Revoked>,
    /// Evaluation data number of the collateral.
    pub evaluation: u32,
    /// Whether hyper-threading is on.
    pub smt: bool,
}

impl Default for Platform {
    fn default() -> Self {
        let status = TcbStatus::UpToDate;
        Self { status, advisories: Vec::new(), revoked: None, evaluation: 1, smt: false }
    }
}

/// A certificate that its issuer has revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The platform's.
    Platform,
    /// The authority's that signed the platform's.
    Authority,
    /// The one that signs TCB info.
    Signer,
}

/// Makes quotes of one synthetic enclave.
#[derive(Debug)]
pub struct TestEnclave {
    /// Under which root.
    pub root: TestRoot,
    /// What it runs.
    pub mr_enclave: [u8; 32],
    /// Whether it says that it is a debug enclave.
    pub debug: bool,
}

impl TestEnclave {
    /// What its quotes measure.
    #[must_use]
    pub fn measurement(&self) -> Measurement {
        Measurement::sgx(&self.mr_enclave)
    }
}

impl QuoteProducer for TestEnclave {
    fn name(&self) -> &'static str {
        "test-root"
    }

    fn quote(&self, report_data: &[u8; 64]) -> Result<Vec<u8>, ProduceError> {
        let report = SyntheticReport {
            mr_enclave: self.mr_enclave,
            debug: self.debug,
            report_data: *report_data,
        };
        self.root.quote(&report)
    }
}

/// An error of the generator.
fn failed(error: impl core::fmt::Display) -> ProduceError {
    ProduceError::TestRoot { reason: error.to_string() }
}
