//! The consumer's side of a job unit: `POST .../{job}` runs one, `GET .../mjpeg` and `.../snapshot` are a local camera.

use super::camera::{Camera, follow};
use super::{Executor, FAILED, MAX_FRAME, Watch, Work};
use crate::client::{Client, ClientOp};
use crate::desk::{Failure, Resource, failed, unavailable};
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
use caplet_protocol::wire::{HardwareDetail, JobResult, RunJob};
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
    /// Does jobs again that the sample falls on, for the same bytes, and those that were said to be none; those that it
    /// doesn't do are not checked.
    pub again: Option<Arc<dyn Executor>>,
    /// What the unit's profile promises, if that is known.
    pub profile: Option<HardwareDetail>,
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
        let done = Self::work(client, job, params, frames, max_units).await?;
        Ok(done.into_iter().map(|result| result.map(|work| work.output)).collect())
    }

    /// As [`JobSurface::run`], with what each result costs.
    async fn work(
        client: &Client,
        job: &str,
        params: &str,
        frames: Vec<Bytes>,
        max_units: u64,
    ) -> Done {
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

/// What came of a job: a result for each frame.
type Done = Result<Vec<Result<Work, String>>, Stop>;

/// Sends frames while their results come, and accepts these.
async fn exchange(client: &Client, op: &mut ClientOp, frames: &[Bytes], max_units: u64) -> Done {
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
            let JobResult { ok, units, body } = result;
            if !ok {
                // it costs nothing, whatever it says
                results.push(Err(String::from_utf8_lossy(&body).into_owned()));
                continue;
            }
            let _ = accepted.send(units).await;
            results.push(Ok(Work { output: body.into(), units }));
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
        let (again, profile) = (self.again.clone(), self.profile.clone());
        let resource = JobResource { client: client.clone(), again, profile, camera };
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
    profile: Option<HardwareDetail>,
    camera: Camera,
}

impl JobResource {
    /// What does such a job here.
    fn again(&self, job: &str) -> Option<&Arc<dyn Executor>> {
        self.again.as_ref().filter(|again| again.jobs().iter().any(|does| does == job))
    }

    /// Notes how a job went. What is wrong with what was asked is the consumer's own affair.
    fn note(&self, job: &str, params: &str, frame: &Bytes, took: Duration, done: &Done) {
        let is_it = |operation: &String| operation == job;
        let promised = self.profile.as_ref().is_some_and(|all| all.operations.iter().any(is_it));
        match done {
            Ok(results) => match results.first() {
                Some(Err(words)) if !words.starts_with(FAILED) => {
                    self.blamed(job, params, frame.clone(), took);
                }
                first => self.client.observe(took, first.is_some_and(Result::is_ok)),
            },
            // it cost nothing
            Err(stop) if stop.is_own() && !promised => {}
            Err(Stop::Exhausted(_)) => {}
            Err(_) => self.client.observe(took, false),
        }
    }

    /// What the unit says of a frame costs nothing and is believed, unless the job can be done here: what works here has
    /// failed there.
    fn blamed(&self, job: &str, params: &str, frame: Bytes, took: Duration) {
        let most = self.profile.as_ref().map_or(0, |profile| profile.max_input);
        let large = most > 0 && u64::try_from(frame.len()).map_or(true, |len| len > most);
        let Some(again) = self.again(job).filter(|_| !large) else { return };
        let (again, job, params) = (Arc::clone(again), job.to_owned(), params.to_owned());
        let client = self.client.clone();
        self.client.look_into(async move {
            if again.run(&job, &params, frame).await.is_ok() {
                client.observe(took, false);
            }
        });
    }

    /// Has a result judged by doing the job again: the same bytes, for no more units.
    fn check(&self, job: &str, params: &str, frame: Bytes, work: &Work) {
        let Some(again) = self.again(job) else { return };
        self.client.sample(|| {
            let (again, job, params) = (Arc::clone(again), job.to_owned(), params.to_owned());
            let work = work.clone();
            async move {
                // what can't be done here is no proof against whoever could
                let here = again.run(&job, &params, frame).await.ok()?;
                Some(here.output == work.output && work.units <= here.units)
            }
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
        let run = JobSurface::work(&self.client, job, &params, vec![frame.clone()], 0);
        let done = tokio::time::timeout(patience, run).await;
        let ms = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        let done = done.unwrap_or(Err(Stop::Deadline(ms)));
        self.note(job, &params, &frame, began.elapsed(), &done);
        match done {
            Ok(results) => match results.into_iter().next() {
                Some(Ok(work)) => {
                    self.check(job, &params, frame, &work);
                    work.output.into_response()
                }
                Some(Err(reason)) if reason.starts_with(FAILED) => {
                    Failure::new(StatusCode::BAD_GATEWAY, reason).into_response()
                }
                Some(Err(reason)) => {
                    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, reason).into_response()
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
