//! Why something leased did not answer, over HTTP.

use crate::end::Stop;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A refusal with its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it is to HTTP.
    pub status: StatusCode,
    /// For people.
    pub reason: String,
}

impl Failure {
    /// One with these words.
    pub fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

/// 502 with the provider's words, 422 where they are of what was asked, 503 where the session is over, 504 where it took
/// too long.
impl From<&Stop> for Failure {
    fn from(stop: &Stop) -> Self {
        let status = match stop {
            Stop::Ended(_) => StatusCode::SERVICE_UNAVAILABLE,
            Stop::Deadline(_) => StatusCode::GATEWAY_TIMEOUT,
            own if own.is_own() => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::BAD_GATEWAY,
        };
        Self::new(status, stop.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "reason": self.reason }))).into_response()
    }
}
