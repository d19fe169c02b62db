//! What runs inside the enclave.

use super::host::{Enclave, Served};
use async_trait::async_trait;
use caplet_attest::session::{EnclaveKeys, EnclavePublic, Place, Sealed};

/// A computation: from the opened input to the output and the units that it cost.
pub trait Job: Send + Sync + 'static {
    /// Runs it. What goes wrong with an input is an output, too: only the consumer may read why.
    fn run(&self, input: &[u8]) -> (Vec<u8>, u64);
}

impl<F: Fn(&[u8]) -> (Vec<u8>, u64) + Send + Sync + 'static> Job for F {
    fn run(&self, input: &[u8]) -> (Vec<u8>, u64) {
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
        let mut cost = 0;
        let compute = |opened: &[u8]| {
            let (result, units) = self.job.run(opened);
            cost = units;
            // inside what is sealed and signed, so that nobody outside can make it more
            [&units.to_be_bytes()[..], &result[..]].concat()
        };
        let output = self.keys.serve(place, op, input, compute).map_err(|e| e.to_string())?;
        Ok(Served { output, units: cost })
    }
}
