//! The consumer's side of a compute unit: a call, and a local HTTP resource.

use crate::alone::run_alone;
use crate::desk::{ProgramDesk, Runner};
use crate::machine::{Limits, Machine};
use crate::provider::{ERR, EXIT, OUT, SEND_INPUT, SEND_MODULE};
use async_trait::async_trait;
use axum::response::Response;
use bytes::Bytes;
use caplet_fabric::client::Client;
use caplet_fabric::desk::failed;
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::wire::RunProgram;
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of what a program writes.
const MOST: usize = 64 << 20;
/// For one run over HTTP.
const PATIENCE: Duration = Duration::from_secs(300);

/// A program to run, with everything that decides what it does.
#[derive(Clone, Debug, Default)]
pub struct Exec {
    /// The module.
    pub module: Bytes,
    /// Arguments; the first is its name by custom.
    pub args: Vec<String>,
    /// Environment, `NAME=value`.
    pub env: Vec<String>,
    /// Standard input.
    pub input: Bytes,
    /// Most units it may cost; 0 for what the lease allows.
    pub max_units: u64,
}

/// What it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Exit code.
    pub exit: i32,
    /// Units, as the provider bills the run itself; running it again shows the same.
    pub units: u64,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Exec {
    /// Runs it, and goes on with it where it was when the connection fails.
    ///
    /// # Errors
    /// [`Stop`]: the provider's reason, the end of the session, or no end in time.
    pub async fn run(&self, client: &Client, patience: Duration) -> Result<Ran, Stop> {
        let ms = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        let mut ran = Ran::default();
        let tries = async {
            loop {
                match self.attempt(client, &mut ran).await {
                    Err(Stop::Ended(end)) if end.is_final() => return Err(end.into()),
                    Err(Stop::Ended(_) | Stop::Stream(_)) => {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    other => return other,
                }
            }
        };
        tokio::time::timeout(patience, tries).await.unwrap_or(Err(Stop::Deadline(ms)))?;
        Ok(ran)
    }

    async fn attempt(&self, client: &Client, ran: &mut Ran) -> Result<(), Stop> {
        let offset = ran.stdout.len().saturating_add(ran.stderr.len());
        let args = RunProgram {
            module: blake3::hash(&self.module).as_bytes().to_vec(),
            module_size: u64::try_from(self.module.len()).unwrap_or(u64::MAX),
            args: self.args.clone(),
            input: blake3::hash(&self.input).as_bytes().to_vec(),
            offset: u64::try_from(offset).unwrap_or(u64::MAX),
            env: self.env.clone(),
        };
        let mut op = client.open_op("run", args.encode_to_vec(), self.max_units).await?;
        let moved = async {
            let wanted = op.reader.read_exactly(1).await?;
            let wanted = wanted.first().copied().unwrap_or(0);
            if wanted & SEND_MODULE != 0 {
                op.writer.write_frame(&self.module).await?;
            }
            if wanted & SEND_INPUT != 0 {
                op.writer.write(&self.input).await?;
            }
            op.writer.finish().await?;
            while let Some(frame) = op.reader.read_frame(MOST).await? {
                take(ran, &frame)?;
            }
            Ok::<_, Stop>(())
        };
        let moved = moved.await;
        if let Err(stop @ (Stop::Refused(_) | Stop::Frame(_))) = moved {
            return Err(stop);
        }
        // the outcome says more than a stream that broke
        op.outcome().await?;
        moved
    }
}

fn take(ran: &mut Ran, frame: &[u8]) -> Result<(), Stop> {
    let room =
        ran.stdout.len().saturating_add(ran.stderr.len()).saturating_add(frame.len()) <= MOST;
    match frame.split_first() {
        Some((&OUT, bytes)) if room => ran.stdout.extend_from_slice(bytes),
        Some((&ERR, bytes)) if room => ran.stderr.extend_from_slice(bytes),
        Some((&EXIT, bytes)) => {
            let (code, units) = bytes.split_first_chunk::<4>().ok_or_else(bad)?;
            ran.exit = i32::from_be_bytes(*code);
            ran.units = u64::from_be_bytes(units.try_into().map_err(|_| bad())?);
        }
        _ => return Err(bad()),
    }
    Ok(())
}

fn bad() -> Stop {
    Stop::refused("the provider's answer is malformed or has no end")
}

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
        place.desk.put(&place.alias, self.service(), client.health(), resource)?;
        let (address, alias, desk) = (format!("/v1/caps/{}", place.alias), place.alias, place.desk);
        Ok(Attached::new(address, client, move || desk.remove(&alias)))
    }
}

struct LeasedRunner {
    client: Client,
    again: Option<Machine>,
}

#[async_trait]
impl Runner for LeasedRunner {
    async fn run(&self, exec: Exec) -> Result<Ran, Response> {
        let began = std::time::Instant::now();
        let ran = exec.run(&self.client, PATIENCE).await;
        self.client.observe(began.elapsed(), ran.is_ok());
        let ran = ran.map_err(|stop| failed(&stop))?;
        if let Some(machine) = &self.again {
            self.client.sample(|| {
                let (machine, exec, ran) = (machine.clone(), exec.clone(), ran.clone());
                async move { is_right(&machine, exec, &ran).await }
            });
        }
        Ok(ran)
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
