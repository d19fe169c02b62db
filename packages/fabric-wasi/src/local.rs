//! The consumer's side of a compute unit: a call, and a local HTTP resource.

use crate::provider::{ERR, EXIT, OUT, SEND_INPUT, SEND_MODULE};
use async_trait::async_trait;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use caplet_fabric::client::Client;
use caplet_fabric::desk::{Resource, failed};
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::wire::RunProgram;
use prost::Message as _;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bytes of a module, and of a request over HTTP.
const MOST: usize = 64 << 20;

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

/// Makes a compute unit local: `PUT .../modules` takes a module and gives its name, `POST
/// .../run/{name}?arg=..` runs it on the request's body.
#[derive(Clone, Copy, Debug, Default)]
pub struct ComputeSurface;

#[async_trait]
impl Surface for ComputeSurface {
    fn service(&self) -> Service {
        Service::WASM
    }

    fn tariff(&self) -> Tariff {
        Tariff::Declared
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let resource = ComputeResource { client: client.clone(), modules: Mutex::default() };
        place.desk.put(&place.alias, self.service(), client.health(), Arc::new(resource))?;
        let (address, alias, desk) = (format!("/v1/caps/{}", place.alias), place.alias, place.desk);
        Ok(Attached::new(address, client, move || desk.remove(&alias)))
    }
}

struct ComputeResource {
    client: Client,
    modules: Mutex<BTreeMap<String, Bytes>>,
}

impl ComputeResource {
    fn modules(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.modules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, module: Bytes) -> Response {
        let name = format!("blake3:{}", hex::encode(blake3::hash(&module).as_bytes()));
        let mut modules = self.modules();
        if modules.len() >= 16 && !modules.contains_key(&name) {
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
        let began = std::time::Instant::now();
        let ran = exec.run(&self.client, Duration::from_secs(300)).await;
        self.client.observe(began.elapsed(), ran.is_ok());
        match ran {
            Ok(ran) => {
                let heads = [
                    ("x-caplet-exit", ran.exit.to_string()),
                    ("x-caplet-units", ran.units.to_string()),
                ];
                (heads, ran.stdout).into_response()
            }
            Err(stop) => failed(&stop),
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
impl Resource for ComputeResource {
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
