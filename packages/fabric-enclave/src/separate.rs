//! An enclave in a program of its own, spoken to over its standard input and output as any executor is
//! (`caplet_fabric::kinds::jobs::Program`). What passes there is what its host may see.

use super::host::{Enclave, Served};
use super::wire;
use async_trait::async_trait;
use bytes::Bytes;
use caplet_attest::session::{Place, Sealed};
use caplet_fabric::kinds::jobs::{Executor, Work};
use caplet_protocol::{DeviceId, Domain, LeaseId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Has the enclave sign a challenge: the input is nonce and exporter, the output the signature.
const ANSWER: &str = "answer";
/// Has the enclave compute: the input is the sealed input, the output the output.
const SERVE: &str = "serve";

/// Where an operation belongs, as the program is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    domain: [u8; 32],
    lease: u64,
    device: u32,
    #[serde(default)]
    op: u64,
}

impl Params {
    fn new(place: &Place, op: u64) -> Self {
        let Place { domain, lease, device } = place;
        Self { domain: domain.0, lease: lease.0, device: device.0, op }
    }

    fn json(&self) -> Result<String, String> {
        serde_json::to_string(self).map_err(|error| error.to_string())
    }

    const fn place(&self) -> Place {
        let Self { domain, lease, device, .. } = *self;
        Place { domain: Domain(domain), lease: LeaseId(lease), device: DeviceId(device) }
    }
}

/// The host's end: an enclave behind an executor.
pub struct Separate<E> {
    program: E,
}

impl<E: Executor> Separate<E> {
    /// Behind a running program.
    ///
    /// # Errors
    /// If it says that it does something else.
    pub fn new(program: E) -> Result<Self, String> {
        let jobs = program.jobs();
        if [ANSWER, SERVE].iter().all(|job| jobs.iter().any(|has| has == job)) {
            return Ok(Self { program });
        }
        Err(format!("the program does {jobs:?}, an enclave does {ANSWER} and {SERVE}"))
    }
}

#[async_trait]
impl<E: Executor> Enclave for Separate<E> {
    async fn answer(
        &self,
        place: &Place,
        nonce: [u8; 32],
        exporter: [u8; 32],
    ) -> Result<[u8; 64], String> {
        let params = Params::new(place, 0).json()?;
        let input = Bytes::from([nonce, exporter].concat());
        let answer = self.program.run(ANSWER, &params, input).await?.output;
        let short = || format!("the enclave's answer has {} bytes, not 64", answer.len());
        answer.as_ref().try_into().map_err(|_| short())
    }

    async fn serve(&self, place: &Place, op: u64, input: &Sealed) -> Result<Served, String> {
        let params = Params::new(place, op).json()?;
        let work = self.program.run(SERVE, &params, wire::sealed(input).into()).await?;
        let short = || format!("the enclave's output has {} bytes only", work.output.len());
        let output = wire::open_output(&work.output).ok_or_else(short)?;
        Ok(Served { output, units: work.units })
    }
}

/// The enclave's end: what `caplet_fabric::kinds::jobs::serve` is given inside.
pub struct Within {
    enclave: Arc<dyn Enclave>,
}

impl Within {
    /// Answers for this enclave.
    #[must_use]
    pub fn new(enclave: Arc<dyn Enclave>) -> Self {
        Self { enclave }
    }
}

#[async_trait]
impl Executor for Within {
    fn jobs(&self) -> Vec<String> {
        vec![ANSWER.to_owned(), SERVE.to_owned()]
    }

    async fn run(&self, job: &str, params: &str, input: Bytes) -> Result<Work, String> {
        let params: Params = serde_json::from_str(params).map_err(|error| error.to_string())?;
        let place = params.place();
        if job == ANSWER {
            let short = || format!("a challenge has 64 bytes, not {}", input.len());
            let (nonce, exporter) = input.split_first_chunk::<32>().ok_or_else(short)?;
            let exporter = exporter.try_into().map_err(|_| short())?;
            let answer = self.enclave.answer(&place, *nonce, exporter).await?;
            return Ok(Work { output: Bytes::copy_from_slice(&answer), units: 0 });
        }
        if job != SERVE {
            return Err(format!("{job:?} is nothing that an enclave does: {ANSWER}, {SERVE}"));
        }
        let sealed = wire::open_sealed(&input).ok_or("the input is too short to be sealed")?;
        let Served { output, units } = self.enclave.serve(&place, params.op, &sealed).await?;
        Ok(Work { output: wire::output(&output).into(), units })
    }
}
