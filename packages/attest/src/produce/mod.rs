//! Who makes quotes on this machine.

mod gramine;
mod none;

pub use gramine::Gramine;
pub use none::NoEnclave;

use std::io;
use thiserror::Error;

/// Makes quotes about the enclave that this process runs in.
pub trait QuoteProducer: Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// A quote whose report carries `report_data`.
    ///
    /// # Errors
    /// If there is no enclave, or it makes no quote.
    fn quote(&self, report_data: &[u8; 64]) -> Result<Vec<u8>, ProduceError>;
}

/// Why there is no quote.
#[derive(Debug, Error)]
pub enum ProduceError {
    /// Not in an enclave.
    #[error(
        "this machine has no enclave: run inside one (`gramine`), or offer without attestation"
    )]
    NoEnclave,
    /// The enclave's files cannot be used.
    #[error(
        "cannot use {path} ({source}): run the keeper's enclave under Gramine with sgx.remote_attestation = \"dcap\""
    )]
    File {
        /// Which file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Gramine attests, but not by DCAP.
    #[error("Gramine attests by {found}, DCAP is needed: set sgx.remote_attestation = \"dcap\"")]
    Scheme {
        /// What its file says.
        found: String,
    },
    /// The generator of synthetic quotes failed.
    #[error("the test root made no quote: {reason}")]
    TestRoot {
        /// What it says.
        reason: String,
    },
}
