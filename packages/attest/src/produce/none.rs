//! No enclave.

use super::{ProduceError, QuoteProducer};

/// A machine without an enclave.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEnclave;

impl QuoteProducer for NoEnclave {
    fn name(&self) -> &'static str {
        "none"
    }

    fn quote(&self, _report_data: &[u8; 64]) -> Result<Vec<u8>, ProduceError> {
        Err(ProduceError::NoEnclave)
    }
}
