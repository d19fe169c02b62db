//! The local HTTP resource of whatever runs programs: `PUT .../modules` takes a module and gives its name,
//! `POST .../run/{name}?arg=..&units=..` runs it on the request's body.

use crate::local::{Exec, Ran};
use async_trait::async_trait;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use caplet_fabric::desk::Resource;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a module, and of a request over HTTP.
const MOST: usize = 64 << 20;
/// Modules that are kept for their runs.
const KEPT: usize = 16;

/// Runs programs somewhere.
#[async_trait]
pub trait Runner: Send + Sync + 'static {
    /// Runs one.
    ///
    /// # Errors
    /// The answer that says why not.
    async fn run(&self, exec: Exec) -> Result<Ran, Response>;
}

#[async_trait]
impl<R: Runner> Runner for Arc<R> {
    async fn run(&self, exec: Exec) -> Result<Ran, Response> {
        R::run(self, exec).await
    }
}

/// The resource.
pub struct ProgramDesk<R> {
    runner: R,
    modules: Mutex<BTreeMap<String, Bytes>>,
}

impl<R: Runner> ProgramDesk<R> {
    /// Programs run there.
    #[must_use]
    pub fn new(runner: R) -> Self {
        Self { runner, modules: Mutex::default() }
    }

    fn modules(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.modules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, module: Bytes) -> Response {
        let name = format!("blake3:{}", hex::encode(blake3::hash(&module).as_bytes()));
        let mut modules = self.modules();
        if modules.len() >= KEPT && !modules.contains_key(&name) {
            modules.pop_first();
        }
        modules.insert(name.clone(), module);
        Json(json!({ "module": name })).into_response()
    }

    async fn run(&self, name: &str, query: &str, input: Bytes) -> Response {
        let Some(module) = self.modules().get(name).cloned() else {
            let words = format!("no module {name} is here: PUT it to modules first");
            return (StatusCode::NOT_FOUND, Json(json!({ "reason": words }))).into_response();
        };
        let mut exec = Exec { module, input, args: vec!["module".into()], ..Exec::default() };
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("arg", value)) => exec.args.push(unescaped(value)),
                Some(("units", value)) => exec.max_units = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        match self.runner.run(exec).await {
            Ok(ran) => {
                let heads = [
                    ("x-caplet-exit", ran.exit.to_string()),
                    ("x-caplet-units", ran.units.to_string()),
                ];
                (heads, ran.stdout).into_response()
            }
            Err(answer) => answer,
        }
    }
}

/// Percent-decoded (RFC 3986, section 2.1); what is no text is replaced.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let decoded = (*first == b'%').then(|| after.get(..2)).flatten();
        let decoded = decoded.and_then(|two| hex::decode(two).ok());
        match decoded {
            Some(byte) => {
                bytes.extend(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[async_trait]
impl<R: Runner> Resource for ProgramDesk<R> {
    async fn answer(&self, rest: &str, request: Request<Body>) -> Response {
        let (method, query) =
            (request.method().clone(), request.uri().query().unwrap_or_default().to_owned());
        let Ok(body) = to_bytes(request.into_body(), MOST).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        match (method.as_str(), rest.strip_prefix("run/")) {
            ("PUT", None) if rest == "modules" => self.put(body),
            ("POST", Some(name)) => self.run(name, &query, body).await,
            _ => {
                let words = "PUT a module to modules, then POST its input to run/{its name}";
                (StatusCode::NOT_FOUND, Json(json!({ "reason": words }))).into_response()
            }
        }
    }
}
