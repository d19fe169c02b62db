//! An enclave that looks local: `POST /v1/caps/{alias}/call` computes on the request's body; programs are run as on any
//! machine ([`ProgramDesk`]), sealed.

use super::client::{EnclaveError, SealedClient};
use super::known::{Accepted, Attestations};
use super::{ENCLAVE, MAX_SEALED, asking, done};
use async_trait::async_trait;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use caplet_fabric::client::Client;
use caplet_fabric::desk::{Resource, failed};
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Tariff};
use caplet_fabric_wasi::{Exec, ProgramDesk, Ran, Runner};
use serde_json::json;
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
        place.desk.put(&place.alias, self.service(), client.health(), resource)?;
        let (address, alias, desk) = (format!("/v1/caps/{}", place.alias), place.alias, place.desk);
        Ok(Attached::new(address, client, move || desk.remove(&alias)))
    }
}

/// Runs programs in the enclave.
struct SealedRunner(SealedClient);

#[async_trait]
impl Runner for SealedRunner {
    async fn run(&self, exec: Exec) -> Result<Ran, Response> {
        // the enclave stops the program at what may be paid, so it must be told
        let most = self.0.most_units();
        let max_units = if exec.max_units == 0 { most } else { exec.max_units };
        let input = asking(&Exec { max_units, ..exec });
        if input.len() > largest() {
            return Err(too_large());
        }
        let called = self.0.call(&input, max_units, PATIENCE).await;
        let (output, units) = called.map_err(|error| refusal(&error))?;
        done(&output, units).map_err(|reason| refused(StatusCode::BAD_GATEWAY, &reason))
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
            return refused(StatusCode::METHOD_NOT_ALLOWED, "POST the input to call");
        }
        let Ok(input) = to_bytes(request.into_body(), largest()).await else {
            return too_large();
        };
        match self.sealed.call(&input, 0, PATIENCE).await {
            Ok((output, units)) => {
                ([("x-caplet-units", units.to_string())], output).into_response()
            }
            Err(error) => refusal(&error),
        }
    }
}

/// Bytes of an input.
const fn largest() -> usize {
    MAX_SEALED.saturating_sub(ENVELOPE)
}

fn too_large() -> Response {
    let words = format!("an input has at most {} bytes, its program included", largest());
    refused(StatusCode::PAYLOAD_TOO_LARGE, &format!("{words}: send a smaller one"))
}

fn refusal(error: &EnclaveError) -> Response {
    match error {
        EnclaveError::Stop(stop) => failed(stop),
        error => refused(StatusCode::BAD_GATEWAY, &error.to_string()),
    }
}

fn refused(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({ "reason": words }))).into_response()
}
