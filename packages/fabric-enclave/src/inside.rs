//! What runs inside the enclave.

use super::host::{Enclave, Served};
use async_trait::async_trait;
use caplet_attest::session::{EnclaveKeys, EnclavePublic, Place, Sealed, SessionError};

/// A computation: from the opened input to the output and the units that it cost.
#[async_trait]
pub trait Job: Send + Sync + 'static {
    /// Runs it. What goes wrong with an input is an output, too: only the consumer may read why.
    async fn run(&self, input: &[u8]) -> (Vec<u8>, u64);
}

#[async_trait]
impl<F: Fn(&[u8]) -> (Vec<u8>, u64) + Send + Sync + 'static> Job for F {
    async fn run(&self, input: &[u8]) -> (Vec<u8>, u64) {
        self(input)
    }
}

/// The enclave: keys that never leave it, and one job.
pub struct Inside<J> {
    keys: EnclaveKeys,
    job: J,
}

impl<J: Job> Inside<J> {
    /// With these keys.
    #[must_use]
    pub const fn new(keys: EnclaveKeys, job: J) -> Self {
        Self { keys, job }
    }

    /// The public halves, for registration and quote.
    #[must_use]
    pub fn public(&self) -> EnclavePublic {
        self.keys.public()
    }
}

#[async_trait]
impl<J: Job> Enclave for Inside<J> {
    async fn answer(
        &self,
        place: &Place,
        nonce: [u8; 32],
        exporter: [u8; 32],
    ) -> Result<[u8; 64], String> {
        Ok(self.keys.answer(place, nonce, exporter))
    }

    async fn serve(&self, place: &Place, op: u64, input: &Sealed) -> Result<Served, String> {
        let failed = |error: SessionError| error.to_string();
        let opened = self.keys.open(place, op, input).map_err(failed)?;
        let (result, units) = self.job.run(opened.text()).await;
        // inside what is sealed and signed, so that nobody outside can make it more
        let result = [&units.to_be_bytes()[..], &result[..]].concat();
        let output = self.keys.seal(place, op, input, &opened, &result).map_err(failed)?;
        Ok(Served { output, units })
    }
}
