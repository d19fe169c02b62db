//! An enclave that looks local: `POST /v1/caps/{alias}/call` computes on the request's body; programs are run as on any
//! machine ([`ProgramDesk`]), sealed.

use super::client::{EnclaveError, SealedClient};
use super::known::{Accepted, Attestations};
use super::{ENCLAVE, MAX_SEALED, asking, done};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use caplet_fabric::client::Client;
use caplet_fabric::desk::{Failure, Resource};
use caplet_fabric::kinds::programs::{Ended, Exec, Input, Output, ProgramDesk, Runner, Said};
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Tariff};
use std::sync::Arc;
use std::time::Duration;

/// Room in a sealed message beside its input: keys, tags, units.
const ENVELOPE: usize = 1_024;
/// For one computation.
const PATIENCE: Duration = Duration::from_secs(300);

/// Makes a leased enclave local.
#[derive(Clone)]
pub struct EnclaveSurface {
    /// Where attestations are read.
    pub attestations: Arc<dyn Attestations>,
    /// Code that is accepted.
    pub accepted: Accepted,
    /// Most units of a call: what is paid ahead.
    pub most_units: u64,
}

#[async_trait]
impl Surface for EnclaveSurface {
    fn service(&self) -> Service {
        ENCLAVE
    }

    fn tariff(&self) -> Tariff {
        Tariff::Accepted
    }

    fn is_wary(&self) -> bool {
        true
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let (attestations, accepted) = (Arc::clone(&self.attestations), self.accepted.clone());
        let sealed = SealedClient::new(client.clone(), attestations, accepted);
        let sealed = sealed.with_most(self.most_units);
        let programs = ProgramDesk::new(SealedRunner(sealed.clone()));
        let resource = Arc::new(EnclaveResource { sealed, programs });
        place.serve(self.service(), client, resource)
    }
}

/// Runs programs in the enclave.
struct SealedRunner(SealedClient);

#[async_trait]
impl Runner for SealedRunner {
    async fn run(
        &self,
        exec: Exec,
        input: Input,
        output: &mut dyn Output,
    ) -> Result<Ended, Failure> {
        let input = input.all(largest()).await.map_err(|_| too_large())?;
        // the enclave stops the program at what may be paid, so it must be told
        let most = self.0.most_units();
        let max_units = if exec.max_units == 0 { most } else { exec.max_units };
        let input = asking(&Exec { max_units, input, ..exec.as_module()? });
        if input.len() > largest() {
            return Err(too_large());
        }
        let called = self.0.call(&input, max_units, PATIENCE).await;
        let (said, units) = called.map_err(|error| refusal(&error))?;
        let ran = done(&said, units);
        let ran = ran.map_err(|reason| Failure::new(StatusCode::BAD_GATEWAY, reason))?;
        for (from, bytes) in [(Said::Out, &ran.stdout), (Said::Err, &ran.stderr)] {
            output.take(from, bytes).await.map_err(|stop| Failure::from(&stop))?;
        }
        Ok(Ended { exit: ran.exit, units: ran.units, ..Ended::default() })
    }
}

struct EnclaveResource {
    sealed: SealedClient,
    programs: ProgramDesk<SealedRunner>,
}

#[async_trait]
impl Resource for EnclaveResource {
    async fn answer(&self, rest: &str, request: Request<Body>) -> Response {
        if rest != "call" {
            return self.programs.answer(rest, request).await;
        }
        if request.method() != Method::POST {
            let words = "POST the input to call";
            return Failure::new(StatusCode::METHOD_NOT_ALLOWED, words).into_response();
        }
        let Ok(input) = to_bytes(request.into_body(), largest()).await else {
            return too_large().into_response();
        };
        match self.sealed.call(&input, 0, PATIENCE).await {
            Ok((output, units)) => {
                ([("x-caplet-units", units.to_string())], output).into_response()
            }
            Err(error) => refusal(&error).into_response(),
        }
    }
}

/// Bytes of an input.
const fn largest() -> usize {
    MAX_SEALED.saturating_sub(ENVELOPE)
}

fn too_large() -> Failure {
    let words = format!("an input has at most {} bytes, its program included", largest());
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("{words}: send a smaller one"))
}

fn refusal(error: &EnclaveError) -> Failure {
    match error {
        EnclaveError::Stop(stop) => Failure::from(stop),
        error => Failure::new(StatusCode::BAD_GATEWAY, error.to_string()),
    }
}
