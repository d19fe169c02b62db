//! Refusals over HTTP: JSON with the same code, words and remedy that a device gets.

use crate::bridge::Refuse;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use caplet_protocol::wire::RefusalCode as Code;
use serde::{Deserialize, Serialize};

/// The JSON of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Problem {
    /// Name of the code in `envelope.proto`.
    pub(crate) code: String,
    /// What was wrong.
    pub(crate) error: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl Problem {
    /// The refusal that a device is to be told; an unknown code stays unspecified.
    pub(crate) fn refuse(self) -> Refuse {
        let code = Code::from_str_name(&self.code).unwrap_or(Code::Unspecified);
        Refuse::new(code, self.error, self.remedy)
    }
}

impl From<Refuse> for Problem {
    fn from(why: Refuse) -> Self {
        Self { code: why.code.as_str_name().to_owned(), error: why.what, remedy: why.remedy }
    }
}

/// Whether another gateway's refusal, if the bytes are one, is told on in its words; what the fuzz targets run.
#[doc(hidden)]
#[must_use]
pub fn is_told_on(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Problem>(bytes).ok().is_none_or(|problem| {
        let told = Problem::from(problem.clone().refuse());
        let known = told.code == problem.code || told.code == Code::Unspecified.as_str_name();
        known && (told.error, told.remedy) == (problem.error, problem.remedy)
    })
}

impl IntoResponse for Refuse {
    fn into_response(self) -> Response {
        let status = match self.code {
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::UnknownLease | Code::UnknownDevice | Code::UnknownMarket => StatusCode::NOT_FOUND,
            Code::BadSignature | Code::NotPermitted | Code::Suspended => StatusCode::FORBIDDEN,
            Code::Oversized => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        (status, Json(Problem::from(self))).into_response()
    }
}
