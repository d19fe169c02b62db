//! The consumer's side of a compute unit: a local HTTP resource ([`ProgramDesk`]), whose results may be checked.

use crate::alone::run_alone;
use crate::machine::{Limits, Machine};
use crate::price;
use async_trait::async_trait;
use bytes::Bytes;
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
    /// Bytes of memory that a run may have by the profile; 0 where it does not say. As much it has when it is run again.
    pub memory: u64,
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
            limits: Limits::default().with_memory(self.memory),
        }));
        place.serve(self.service(), client, resource)
    }
}

struct LeasedRunner {
    client: Client,
    again: Option<Machine>,
    /// Of what is run again.
    limits: Limits,
}

impl LeasedRunner {
    async fn run_on(&self, exec: &Exec, output: &mut dyn Output) -> Result<Ended, Failure> {
        let (began, before) = (Instant::now(), self.client.units());
        let ran = exec.run_into(&self.client, PATIENCE, output).await;
        let paid = self.client.units().saturating_sub(before);
        match &ran {
            Err(Stop::Exhausted(_)) => {}
            Err(stop) if stop.is_own() => self.blamed(exec, began.elapsed(), paid),
            // the lease came to its end with it: no more was allowed than it paid
            Err(Stop::Refused(_)) if self.client.is_used_up() => {
                let exec = Exec { max_units: paid, ..exec.clone() };
                self.blamed(&exec, began.elapsed(), paid);
            }
            _ => self.client.observe(began.elapsed(), ran.is_ok()),
        }
        ran.map_err(|stop| Failure::from(&stop))
    }

    /// What the provider says of the program is believed if it cost nothing. Else the program is run again: if it ends
    /// otherwise here, it has failed there. Where that can't be told it has, too.
    fn blamed(&self, exec: &Exec, took: Duration, paid: u64) {
        if paid == 0 {
            return;
        }
        let Some(machine) = self.again.clone().filter(|_| self.client.checks()) else {
            return self.client.observe(took, false);
        };
        let (client, exec, limits) = (self.client.clone(), exec.clone(), self.limits);
        self.client.look_into(async move {
            if !is_to_blame(&machine, limits, exec, paid).await {
                client.observe(took, false);
            }
        });
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
            let (machine, limits) = (machine.clone(), self.limits);
            async move { is_right(&machine, limits, exec, &ran).await }
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

/// Whether a program that was refused for what it is, after so many units were paid for it, comes to no end here either,
/// or was allowed too little to tell.
async fn is_to_blame(machine: &Machine, limits: Limits, exec: Exec, paid: u64) -> bool {
    let (allowed, size) = (exec.max_units, exec.module.as_ref().map_or(0, Bytes::len));
    let compiling = price::compiling(u64::try_from(size).unwrap_or(u64::MAX));
    // what was paid is the most that it may have done there; a unit more is enough to see that it does more
    let exec = Exec { max_units: paid.saturating_add(1), ..exec };
    match run_alone(machine, limits, &exec).await {
        // there the module may have had to be compiled first
        (Ok(ran), _) => allowed > 0 && ran.units.saturating_add(compiling) > allowed,
        (Err(_), units) => units <= paid || (allowed > 0 && paid >= allowed),
    }
}

/// Whether running it again does what was said to have been done; `None` if that can't be told here.
async fn is_right(machine: &Machine, limits: Limits, exec: Exec, said: &Ran) -> Option<bool> {
    // a unit more than was billed is enough to see that it was not all
    let exec = Exec { max_units: said.units.saturating_add(1), ..exec };
    match run_alone(machine, limits, &exec).await {
        (Ok(ran), _) => Some(ran == *said),
        (Err(_), units) => (units > said.units).then_some(false),
    }
}
