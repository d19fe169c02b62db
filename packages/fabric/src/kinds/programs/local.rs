//! A leased machine that looks local.

use super::{Ended, Exec, Input, MOST, Output, ProgramDesk, Runner};
use crate::client::Client;
use crate::desk::Failure;
use crate::service::{Service, Tariff};
use crate::surface::{AttachError, Attached, Place, Surface};
use async_trait::async_trait;
use axum::http::StatusCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For one run that is found again.
const PATIENCE: Duration = Duration::from_secs(300);

/// Bytes of a root file system that is sent.
const ROOT: usize = 128 << 20;

/// Makes a leased machine local ([`ProgramDesk`]).
#[derive(Clone, Copy, Debug)]
pub struct ProgramSurface(Service);

impl ProgramSurface {
    /// One that runs WASI modules of the consumer's.
    #[must_use]
    pub const fn wasm() -> Self {
        Self(Service::WASM)
    }

    /// One that runs commands in a root file system, the provider's or the consumer's.
    #[must_use]
    pub const fn containers() -> Self {
        Self(Service::OCI)
    }
}

#[async_trait]
impl Surface for ProgramSurface {
    fn service(&self) -> Service {
        self.0
    }

    fn tariff(&self) -> Tariff {
        Tariff::Declared
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let (health, alias, desk) = (client.health(), place.alias, place.desk);
        if self.0 == Service::OCI {
            let resource = ProgramDesk::new(Containers(client.clone())).with_most(ROOT);
            desk.put(&alias, self.0, health, Arc::new(resource))?;
        } else {
            let resource = ProgramDesk::new(Modules(client.clone()));
            desk.put(&alias, self.0, health, Arc::new(resource))?;
        }
        Ok(Attached::new(format!("/v1/caps/{alias}"), client, move || desk.remove(&alias)))
    }
}

/// Runs of modules, which are found again by what they were made of.
struct Modules(Client);

#[async_trait]
impl Runner for Modules {
    async fn run(
        &self,
        exec: Exec,
        input: Input,
        output: &mut dyn Output,
    ) -> Result<Ended, Failure> {
        let exec = Exec { input: input.all(MOST).await?, ..exec.as_module()? };
        let began = Instant::now();
        let ran = exec.run_into(&self.0, PATIENCE, output).await;
        self.0.observe(began.elapsed(), ran.is_ok());
        ran.map_err(|stop| Failure::from(&stop))
    }
}

/// Runs in containers.
struct Containers(Client);

#[async_trait]
impl Runner for Containers {
    async fn run(
        &self,
        exec: Exec,
        input: Input,
        output: &mut dyn Output,
    ) -> Result<Ended, Failure> {
        if exec.args.is_empty() && exec.module.is_none() {
            let words = "no command was named: name one after `--`, over HTTP by arg=";
            return Err(Failure::new(StatusCode::BAD_REQUEST, words));
        }
        let began = Instant::now();
        let ran = exec.once(&self.0, input, output).await;
        let took = ran.as_ref().map_or_else(|_| began.elapsed(), |ended| ended.answered);
        self.0.observe(took, ran.is_ok());
        ran.map_err(|stop| Failure::from(&stop))
    }
}
