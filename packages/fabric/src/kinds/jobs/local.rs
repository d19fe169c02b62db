//! The consumer's side of a job unit: `POST .../{job}` runs one, `GET .../mjpeg` and `.../snapshot` are a local camera.

use super::camera::{Camera, follow};
use super::{Executor, MAX_FRAME, Watch};
use crate::client::{Client, ClientOp};
use crate::desk::{Resource, failed, unavailable};
use crate::end::Stop;
use crate::health::Health;
use crate::service::{Service, Tariff};
use crate::surface::{AttachError, Attached, Place, Surface};
use async_trait::async_trait;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use caplet_protocol::wire::{JobResult, RunJob};
use prost::Message as _;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// How long a job over HTTP may take; `x-caplet-patience-ms` asks for less.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a job unit local.
#[derive(Clone, Default)]
pub struct JobSurface {
    /// Does jobs again that the sample falls on, for the same bytes; those that it doesn't do are not checked.
    pub again: Option<Arc<dyn Executor>>,
}

impl JobSurface {
    /// Runs a job on frames; a result each, in their order.
    ///
    /// # Errors
    /// [`Stop`]; what a single job says of its failure stands in its result.
    pub async fn run(
        client: &Client,
        job: &str,
        params: &str,
        frames: Vec<Bytes>,
        max_units: u64,
    ) -> Result<Vec<Result<Bytes, String>>, Stop> {
        let args = RunJob { job: job.into(), params: params.into() };
        let mut op = client.open_op("run", args.encode_to_vec(), max_units).await?;
        let wanted = frames.len();
        let moved = exchange(client, &mut op, &frames, max_units).await;
        let results = match moved {
            Ok(results) if results.len() == wanted => results,
            // such a provider may never come to an outcome
            Err(stop @ (Stop::Refused(_) | Stop::Frame(_))) => return Err(stop),
            other => {
                op.outcome().await?;
                other?
            }
        };
        if results.len() != wanted {
            let found = results.len();
            return Err(Stop::refused(format!("{wanted} frames were sent, {found} results came")));
        }
        Ok(results)
    }

    /// Watches its live source, if it has one.
    ///
    /// # Errors
    /// [`Stop`] if the session is over or the connection fails; what the provider says of its source comes with the
    /// first picture.
    pub async fn watch(client: &Client) -> Result<Watch, Stop> {
        Watch::begin(client).await
    }
}

/// Sends frames while their results come, and accepts these.
async fn exchange(
    client: &Client,
    op: &mut ClientOp,
    frames: &[Bytes],
    max_units: u64,
) -> Result<Vec<Result<Bytes, String>>, Stop> {
    let ClientOp { reader, writer, .. } = op;
    let send = async {
        for frame in frames {
            if writer.write_frame(frame).await.is_err() {
                return; // the outcome says why
            }
        }
        let _ = writer.finish().await;
    };
    let (accepted, mut got) = tokio::sync::mpsc::channel::<u64>(8);
    let receive = async move {
        let mut results = Vec::new();
        while let Some(frame) = reader.read_frame(MAX_FRAME + 64).await? {
            if results.len() >= frames.len() {
                let sent = frames.len();
                return Err(Stop::refused(format!("{sent} frames were sent, more results came")));
            }
            let result: JobResult = crate::frame::decode(&frame, "job result")?;
            let _ = accepted.send(result.units).await;
            let body = result.body;
            results.push(if result.ok {
                Ok(Bytes::from(body))
            } else {
                Err(String::from_utf8_lossy(&body).into_owned())
            });
        }
        Ok::<_, Stop>(results)
    };
    let count = async move {
        let mut left = if max_units == 0 { u64::MAX } else { max_units };
        while let Some(units) = got.recv().await {
            let units = units.min(left);
            left = left.saturating_sub(units);
            client.accept_now(units).await;
        }
    };
    let taken = async { tokio::join!(receive, count).0 };
    tokio::pin!(send, taken);
    let mut sent = false;
    loop {
        // a provider may end before it has read everything, whatever still goes there
        tokio::select! {
            results = &mut taken => return results,
            () = &mut send, if !sent => sent = true,
        }
    }
}

#[async_trait]
impl Surface for JobSurface {
    fn service(&self) -> Service {
        Service::JOBS
    }

    fn tariff(&self) -> Tariff {
        Tariff::Accepted
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let (camera, session) = (Camera::new(client.clone()), client.health());
        let shown = watch::Sender::new(session.borrow().clone());
        let (health, dark) = (shown.subscribe(), camera.dark());
        let resource = JobResource { client: client.clone(), again: self.again.clone(), camera };
        let Place { alias, desk, .. } = place;
        desk.put(&alias, self.service(), health, Arc::new(resource))?;
        TaskTracker::new().spawn(follow(session, dark, shown));
        let address = format!("/v1/caps/{alias}");
        Ok(Attached::new(address, client, move || desk.remove(&alias)))
    }
}

struct JobResource {
    client: Client,
    again: Option<Arc<dyn Executor>>,
    camera: Camera,
}

impl JobResource {
    /// Has a result judged by doing the job again.
    fn check(&self, job: &str, params: &str, frame: Bytes, output: &Bytes) {
        let Some(again) = &self.again else { return };
        if !again.jobs().iter().any(|does| does == job) {
            return;
        }
        self.client.sample(|| {
            let (again, job, params) = (Arc::clone(again), job.to_owned(), params.to_owned());
            let output = output.clone();
            // what can't be done here is no proof against whoever could
            async move { Some(again.run(&job, &params, frame).await.ok()?.output == output) }
        });
    }

    async fn job(&self, job: &str, request: Request<Body>) -> Response {
        let params = request.headers().get("x-caplet-params").and_then(|v| v.to_str().ok());
        let params = params.unwrap_or_default().to_owned();
        let asked = request.headers().get("x-caplet-patience-ms").and_then(|v| v.to_str().ok());
        let asked = asked.and_then(|text| text.parse().ok()).map(Duration::from_millis);
        let patience = asked.unwrap_or(PATIENCE).min(PATIENCE);
        let Ok(frame) = to_bytes(request.into_body(), MAX_FRAME).await else {
            let words = format!("a frame has at most {MAX_FRAME} bytes: send a smaller one");
            return (StatusCode::PAYLOAD_TOO_LARGE, Json(json!({ "reason": words })))
                .into_response();
        };
        let began = Instant::now();
        let run = JobSurface::run(&self.client, job, &params, vec![frame.clone()], 0);
        let done = tokio::time::timeout(patience, run).await;
        let ms = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        let done = done.unwrap_or(Err(Stop::Deadline(ms)));
        // a job that is refused for what was asked is the consumer's own affair
        if !matches!(&done, Ok(results) if results.iter().any(Result::is_err)) {
            self.client.observe(began.elapsed(), done.is_ok());
        }
        match done {
            Ok(results) => match results.into_iter().next() {
                Some(Ok(output)) => {
                    self.check(job, &params, frame, &output);
                    output.into_response()
                }
                Some(Err(reason)) => {
                    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "reason": reason })))
                        .into_response()
                }
                None => StatusCode::BAD_GATEWAY.into_response(),
            },
            Err(stop) => failed(&stop),
        }
    }
}

#[async_trait]
impl Resource for JobResource {
    async fn answer(&self, rest: &str, request: Request<Body>) -> Response {
        let session = self.client.health().borrow().clone();
        if session != Health::Up {
            return unavailable(&session);
        }
        match (request.method().as_str(), rest) {
            ("GET", "") => self.camera.state(),
            ("GET", "mjpeg") => self.camera.mjpeg().await,
            ("GET", "snapshot") => self.camera.snapshot().await,
            ("POST", job) if !job.is_empty() => self.job(job, request).await,
            _ => {
                let words = "POST a frame to the name of a job, or GET mjpeg or snapshot";
                (StatusCode::NOT_FOUND, Json(json!({ "reason": words }))).into_response()
            }
        }
    }

    /// A unit whose camera is dark does jobs; what else is wrong [`Resource::answer`] says itself.
    fn answers_always(&self, _: &str) -> bool {
        true
    }
}
