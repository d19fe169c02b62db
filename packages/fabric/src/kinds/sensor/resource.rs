//! A leased sensor over HTTP: what it said last, its window, a stream of events, its Thing Description.

use super::heard::Reading;
use super::window::{Shown, Window};
use crate::desk::Resource;
use crate::health::{Health, wall_millis};
use async_trait::async_trait;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::watch;

/// What events are called that say how the sensor is; those without a name are readings.
const STATUS: &str = "status";

pub(super) struct SensorResource {
    pub(super) thing: Value,
    pub(super) last: watch::Receiver<Option<Reading>>,
    pub(super) window: Arc<Window>,
    pub(super) health: watch::Receiver<Health>,
}

impl SensorResource {
    fn now(&self) -> (Health, Value) {
        let health = self.health.borrow().clone();
        let mut out = health.json();
        out["stale"] = (health != Health::Up).into();
        if let Some(reading) = &*self.last.borrow() {
            out["sequence"] = reading.sequence.into();
            out["timeMs"] = reading.time_ms.into();
            out["ageMs"] = wall_millis().saturating_sub(reading.time_ms).into();
            out["senml"] = reading.pack.clone();
        }
        (health, out)
    }

    /// The readings of the window, as one pack.
    fn window(&self) -> Response {
        let Shown { pack, readings, span } = self.window.shown();
        let health = self.health.borrow().clone();
        let mut heads = HeaderMap::new();
        heads.insert(CONTENT_TYPE, HeaderValue::from_static("application/senml+json"));
        heads.insert("caplet-readings", readings.into());
        heads.insert("caplet-health", HeaderValue::from_static(health.name()));
        if let Some((first, last)) = span {
            heads.insert("caplet-from-ms", first.into());
            heads.insert("caplet-to-ms", last.into());
        }
        (status(&health), heads, pack).into_response()
    }

    fn events(&self) -> Response {
        let records = readings(self.last.clone()).map(|reading| {
            let data = reading.pack.to_string();
            Event::default().id(reading.sequence.to_string()).data(data)
        });
        let statuses = healths(self.health.clone())
            .map(|health| Event::default().event(STATUS).data(health.json().to_string()));
        let events = futures::stream::select(records, statuses).map(Ok::<_, Infallible>);
        Sse::new(events).keep_alive(KeepAlive::default()).into_response()
    }
}

/// What is stale is shown, and is not fine.
fn status(health: &Health) -> StatusCode {
    match health {
        Health::Up => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Every reading from now on; a slow reader misses some, and sees it by their numbers.
fn readings(last: watch::Receiver<Option<Reading>>) -> impl futures::Stream<Item = Reading> + Send {
    futures::stream::unfold((last, true), |(mut last, first)| async move {
        loop {
            if !first && last.changed().await.is_err() {
                return None;
            }
            let reading = last.borrow_and_update().clone();
            if let Some(reading) = reading {
                return Some((reading, (last, false)));
            }
            if last.changed().await.is_err() {
                return None;
            }
            last.mark_changed();
        }
    })
}

/// How it is, unless it is up, and every change from now on.
fn healths(health: watch::Receiver<Health>) -> impl futures::Stream<Item = Health> + Send {
    futures::stream::unfold((health, true), |(mut health, first)| async move {
        if first {
            let now = health.borrow_and_update().clone();
            if now != Health::Up {
                return Some((now, (health, false)));
            }
        }
        health.changed().await.ok()?;
        let now = health.borrow_and_update().clone();
        Some((now, (health, false)))
    })
}

#[async_trait]
impl Resource for SensorResource {
    async fn answer(&self, rest: &str, _: Request<Body>) -> Response {
        match rest {
            "" => {
                let (health, body) = self.now();
                (status(&health), Json(body)).into_response()
            }
            "window" => self.window(),
            "events" => self.events(),
            "td" => {
                let mut thing = self.thing.clone();
                thing["caplet:health"] = self.health.borrow().json();
                thing["caplet:window"] =
                    json!({ "href": "window", "seconds": self.window.length().as_secs() });
                Json(thing).into_response()
            }
            other => {
                let words = format!("{other} is not here: see td, window and events");
                (StatusCode::NOT_FOUND, Json(json!({ "reason": words }))).into_response()
            }
        }
    }

    fn answers_always(&self, _: &str) -> bool {
        true
    }
}
