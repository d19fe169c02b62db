//! An enclave that looks local: `POST /v1/caps/{alias}/call` computes on the request's body.

use super::client::{EnclaveError, SealedClient};
use super::known::{Accepted, Attestations};
use super::{ENCLAVE, MAX_SEALED};
use async_trait::async_trait;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use caplet_fabric::client::Client;
use caplet_fabric::desk::{Resource, failed};
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Tariff};
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
}

#[async_trait]
impl Surface for EnclaveSurface {
    fn service(&self) -> Service {
        ENCLAVE
    }

    fn tariff(&self) -> Tariff {
        Tariff::Accepted
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let (attestations, accepted) = (Arc::clone(&self.attestations), self.accepted.clone());
        let sealed = SealedClient::new(client.clone(), attestations, accepted);
        let resource = Arc::new(EnclaveResource { sealed });
        place.desk.put(&place.alias, self.service(), client.health(), resource)?;
        let (address, alias, desk) = (format!("/v1/caps/{}", place.alias), place.alias, place.desk);
        Ok(Attached::new(address, client, move || desk.remove(&alias)))
    }
}

struct EnclaveResource {
    sealed: SealedClient,
}

#[async_trait]
impl Resource for EnclaveResource {
    async fn answer(&self, rest: &str, request: Request<Body>) -> Response {
        if (request.method().as_str(), rest) != ("POST", "call") {
            let words = "POST the input to call";
            return (StatusCode::NOT_FOUND, Json(json!({ "reason": words }))).into_response();
        }
        let most = MAX_SEALED.saturating_sub(ENVELOPE);
        let Ok(input) = to_bytes(request.into_body(), most).await else {
            let words = format!("an input has at most {most} bytes: send a smaller one");
            return (StatusCode::PAYLOAD_TOO_LARGE, Json(json!({ "reason": words })))
                .into_response();
        };
        match self.sealed.call(&input, 0, PATIENCE).await {
            Ok((output, units)) => {
                ([("x-caplet-units", units.to_string())], output).into_response()
            }
            Err(EnclaveError::Stop(stop)) => failed(&stop),
            Err(error) => (StatusCode::BAD_GATEWAY, Json(json!({ "reason": error.to_string() })))
                .into_response(),
        }
    }
}
