//! The local HTTP resource of whatever runs programs: `PUT .../modules` takes a module and gives its name,
//! `POST .../run/{name}?arg=..&env=..&units=..` runs it on the request's body, `POST .../run?arg=..` what the provider has,
//! with `&network` where it may get out.
//! With `&stream` the answer is frames of what it writes, as it does ([`super::frames`]).

use super::{Ended, Exec, Input, MOST, Output, Ran, frames};
use crate::desk::{Failure, Resource};
use async_trait::async_trait;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::TryStreamExt as _;
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Modules that are kept for their runs.
const KEPT: usize = 16;

/// Runs programs somewhere.
#[async_trait]
pub trait Runner: Send + Sync + 'static {
    /// Runs one on what comes as `input`; `exec.input` is empty.
    ///
    /// # Errors
    /// The answer that says why not.
    async fn run(
        &self,
        exec: Exec,
        input: Input,
        output: &mut dyn Output,
    ) -> Result<Ended, Failure>;
}

/// Modules by name, the one put last at the back.
type Kept = VecDeque<(String, Bytes)>;

/// The resource.
pub struct ProgramDesk<R> {
    runner: Arc<R>,
    most: usize,
    modules: Mutex<Kept>,
}

impl<R: Runner> ProgramDesk<R> {
    /// Programs run there; modules have at most [`MOST`] bytes.
    #[must_use]
    pub fn new(runner: R) -> Self {
        Self { runner: Arc::new(runner), most: MOST, modules: Mutex::default() }
    }

    /// The same, with modules of at most so many bytes.
    #[must_use]
    pub fn with_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    fn modules(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.modules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a module; what was put first goes first, when there are too many or together they are too large.
    fn put(&self, module: Bytes) -> Response {
        let name = format!("blake3:{}", hex::encode(blake3::hash(&module).as_bytes()));
        let mut modules = self.modules();
        modules.retain(|(kept, _)| *kept != name);
        modules.push_back((name.clone(), module));
        let room = self.most.saturating_mul(2);
        let bytes = |all: &Kept| all.iter().fold(0usize, |sum, (_, m)| sum.saturating_add(m.len()));
        while modules.len() > KEPT || (modules.len() > 1 && bytes(&modules) > room) {
            modules.pop_front();
        }
        Json(json!({ "module": name })).into_response()
    }

    fn kept(&self, name: &str) -> Option<Bytes> {
        self.modules().iter().find(|(kept, _)| kept == name).map(|(_, module)| module.clone())
    }

    async fn run(&self, name: Option<&str>, request: Request<Body>) -> Response {
        let module = match name.map(|name| (name, self.kept(name))) {
            Some((name, None)) => {
                let words = format!("no module {name} is here: PUT it to modules first");
                return Failure::new(StatusCode::NOT_FOUND, words).into_response();
            }
            named => named.and_then(|(_, module)| module),
        };
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = request.into_body().into_data_stream().map_err(std::io::Error::other);
        let (exec, input) = (asked(module, &query), Input::from_stream(body));
        if query.split('&').any(|pair| pair == "stream") {
            let runner = Arc::clone(&self.runner);
            return frames::answer(|mut frames| {
                Box::pin(async move { runner.run(exec, input, &mut frames).await })
            });
        }
        let mut ran = Ran::default();
        match self.runner.run(exec, input, &mut ran).await {
            Ok(Ended { exit, units, .. }) => {
                let heads =
                    [("x-caplet-exit", exit.to_string()), ("x-caplet-units", units.to_string())];
                (heads, ran.stdout).into_response()
            }
            Err(failure) => failure.into_response(),
        }
    }
}

fn asked(module: Option<Bytes>, query: &str) -> Exec {
    let mut exec = Exec { module, ..Exec::default() };
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("arg", value)) => exec.args.push(unescaped(value)),
            Some(("env", value)) => exec.env.push(unescaped(value)),
            Some(("units", value)) => exec.max_units = value.parse().unwrap_or(0),
            None if pair == "network" => exec.network = true,
            _ => {}
        }
    }
    exec
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

/// Whether any text comes through a query as it was, whatever stands beside it; what the fuzz targets run.
#[doc(hidden)]
#[must_use]
pub fn comes_through(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let escaped: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
    let exec = asked(None, &format!("arg={escaped}&{text}&env={escaped}"));
    let (first, last) = (exec.args.first(), exec.env.last());
    [first, last].iter().all(|found| found.is_some_and(|found| *found == text))
}

#[async_trait]
impl<R: Runner> Resource for ProgramDesk<R> {
    async fn answer(&self, rest: &str, request: Request<Body>) -> Response {
        let method = request.method().clone();
        match (method.as_str(), rest) {
            ("PUT", "modules") => match to_bytes(request.into_body(), self.most).await {
                Ok(module) => self.put(module),
                Err(_) => {
                    let words =
                        format!("a module has at most {} bytes: send a smaller one", self.most);
                    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, words).into_response()
                }
            },
            ("POST", "run") => self.run(None, request).await,
            ("POST", rest) if rest.starts_with("run/") => {
                self.run(rest.strip_prefix("run/"), request).await
            }
            _ => {
                let words = "PUT a module to modules, then POST its input to run/{its name}";
                Failure::new(StatusCode::NOT_FOUND, words).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_what_is_run_and_whether_it_gets_out() {
        let exec = asked(None, "stream&arg=a%20b&arg=--network&env=A=b&units=7");
        assert_eq!(
            (exec.args, exec.env),
            (vec!["a b".into(), "--network".into()], vec!["A=b".into()])
        );
        assert_eq!((exec.max_units, exec.network), (7, false));
        let exec = asked(Some(Bytes::from_static(b"module")), "stream&network&arg=x");
        assert!(exec.network);
        assert!(exec.as_module().is_err(), "a module has none");
        assert!(asked(Some(Bytes::new()), "arg=x").as_module().is_ok());
    }
}
