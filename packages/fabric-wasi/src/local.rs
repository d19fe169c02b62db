//! The consumer's side of a compute unit: a local HTTP resource ([`ProgramDesk`]), whose results may be checked.

use crate::alone::run_alone;
use crate::machine::{Limits, Machine};
use async_trait::async_trait;
use caplet_fabric::client::Client;
use caplet_fabric::desk::Failure;
use caplet_fabric::kinds::programs::{
    Ended, Exec, Input, MOST, Output, ProgramDesk, Ran, Runner, Said,
};
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Stop, Tariff};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For one run over HTTP.
const PATIENCE: Duration = Duration::from_secs(300);

/// Makes a compute unit local ([`ProgramDesk`]).
#[derive(Clone, Default)]
pub struct ComputeSurface {
    /// Runs programs again that the sample falls on: the same output, exit code and bill, to the byte and the unit.
    pub again: Option<Machine>,
}

#[async_trait]
impl Surface for ComputeSurface {
    fn service(&self) -> Service {
        Service::WASM
    }

    fn tariff(&self) -> Tariff {
        Tariff::Declared
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let resource = Arc::new(ProgramDesk::new(LeasedRunner {
            client: client.clone(),
            again: self.again.clone(),
        }));
        place.serve(self.service(), client, resource)
    }
}

struct LeasedRunner {
    client: Client,
    again: Option<Machine>,
}

impl LeasedRunner {
    async fn run_on(&self, exec: &Exec, output: &mut dyn Output) -> Result<Ended, Failure> {
        let began = Instant::now();
        let ran = exec.run_into(&self.client, PATIENCE, output).await;
        self.client.observe(began.elapsed(), ran.is_ok());
        ran.map_err(|stop| Failure::from(&stop))
    }
}

#[async_trait]
impl Runner for LeasedRunner {
    async fn run(
        &self,
        exec: Exec,
        input: Input,
        output: &mut dyn Output,
    ) -> Result<Ended, Failure> {
        let exec = Exec { input: input.all(MOST).await?, ..exec.as_module()? };
        let Some(machine) = &self.again else { return self.run_on(&exec, output).await };
        let mut kept = Kept { output, ran: Ran::default() };
        let ended = self.run_on(&exec, &mut kept).await?;
        let ran = kept.ran.with_end(ended);
        self.client.sample(|| {
            let machine = machine.clone();
            async move { is_right(&machine, exec, &ran).await }
        });
        Ok(ended)
    }
}

/// Passes on what a program writes, and keeps it to be compared.
struct Kept<'a> {
    output: &'a mut dyn Output,
    ran: Ran,
}

#[async_trait]
impl Output for Kept<'_> {
    async fn take(&mut self, from: Said, bytes: &[u8]) -> Result<(), Stop> {
        self.ran.take(from, bytes).await?;
        self.output.take(from, bytes).await
    }
}

/// Whether running it again does what was said to have been done; `None` if that can't be told here.
async fn is_right(machine: &Machine, exec: Exec, said: &Ran) -> Option<bool> {
    // a unit more than was billed is enough to see that it was not all
    let exec = Exec { max_units: said.units.saturating_add(1), ..exec };
    match run_alone(machine, Limits::default(), &exec).await {
        (Ok(ran), _) => Some(ran == *said),
        (Err(_), units) => (units > said.units).then_some(false),
    }
}
