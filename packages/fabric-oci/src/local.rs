//! The consumer's side of native compute: a local HTTP resource ([`ProgramDesk`]).

use async_trait::async_trait;
use axum::http::StatusCode;
use caplet_fabric::client::Client;
use caplet_fabric::desk::Failure;
use caplet_fabric::kinds::programs::{Ended, Exec, Input, Output, ProgramDesk, Runner};
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Stop, Tariff};
use std::sync::Arc;
use std::time::Instant;

/// Bytes of a root file system that is sent.
const ROOT: usize = 128 << 20;

/// Makes leased containers local: commands in a root file system, the provider's or the consumer's.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContainerSurface;

#[async_trait]
impl Surface for ContainerSurface {
    fn service(&self) -> Service {
        Service::OCI
    }

    fn tariff(&self) -> Tariff {
        Tariff::Declared
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let resource = Arc::new(ProgramDesk::new(Leased(client.clone())).with_most(ROOT));
        place.serve(self.service(), client, resource)
    }
}

struct Leased(Client);

#[async_trait]
impl Runner for Leased {
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
        let (began, before) = (Instant::now(), self.0.units());
        let ran = exec.once(&self.0, input, output).await;
        let took = ran.as_ref().map_or_else(|_| began.elapsed(), |ended| ended.answered);
        // a network that the lease has not, say: the consumer's own affair, if nothing was paid for it
        let own = ran.as_ref().is_err_and(Stop::is_own) && self.0.units() == before;
        if !own && !matches!(ran, Err(Stop::Exhausted(_))) {
            self.0.observe(took, ran.is_ok());
        }
        ran.map_err(|stop| Failure::from(&stop))
    }
}
