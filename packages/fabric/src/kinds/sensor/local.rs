//! The consumer's side of a sensor: a local topic, an HTTP resource, a stream of events, a Thing.

use super::{Compare, senml};
use crate::client::{Client, ClientOp};
use crate::desk::Resource;
use crate::end::Stop;
use crate::health::{Health, wall_millis};
use crate::service::{Service, Tariff};
use crate::surface::{AttachError, Attached, Place, Surface, Topics};
use async_trait::async_trait;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use caplet_protocol::DeviceId;
use caplet_protocol::wire::{SensorRecord, Subscribe};
use futures::StreamExt as _;
use prost::Message as _;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Bytes of a record as it comes: a pack and its number.
const RECORD: usize = senml::MAX_PACK + 64;

/// Makes a sensor local.
pub struct SensorSurface {
    /// Its Thing Description (`caplet_protocol::wot::leased_thing`).
    pub thing: Value,
    /// Least milliseconds between records; 0 for the sensor's own rate.
    pub interval_ms: u32,
    /// What its profile says it can measure, thousandths of its unit: a record outside is none, and is
    /// not paid.
    pub range: Option<RangeInclusive<i64>>,
    /// What its readings are held against, if there is anything.
    pub compare: Option<Arc<dyn Compare>>,
}

/// The last record, checked.
#[derive(Clone, Debug)]
struct Reading {
    /// Who measured it.
    by: DeviceId,
    sequence: u64,
    time_ms: u64,
    pack: Value,
}

#[async_trait]
impl Surface for SensorSurface {
    fn service(&self) -> Service {
        Service::SENSOR
    }

    fn tariff(&self) -> Tariff {
        Tariff::Accepted
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let last = watch::Sender::new(None);
        let resource = SensorResource {
            thing: self.thing.clone(),
            last: last.subscribe(),
            health: client.health(),
        };
        place.desk.put(&place.alias, self.service(), client.health(), Arc::new(resource))?;
        let topic = format!("caplet/v1/v/{}", place.alias);
        let reader = Reader {
            client: client.clone(),
            topics: Arc::clone(&place.topics),
            topic: topic.clone(),
            interval_ms: self.interval_ms,
            range: self.range.clone(),
            compare: self.compare.clone(),
            last,
        };
        client.spawn(async move { reader.run().await });
        // outlives the session: the last status says that it is closed, and why
        let (health, topics) = (client.health(), Arc::clone(&place.topics));
        tokio_util::task::TaskTracker::new().spawn(tell_status(health, topics, topic));
        let (address, alias, desk) = (format!("/v1/caps/{}", place.alias), place.alias, place.desk);
        Ok(Attached::new(address, client, move || desk.remove(&alias)))
    }
}

async fn tell_status(mut health: watch::Receiver<Health>, topics: Arc<dyn Topics>, topic: String) {
    loop {
        let now = health.borrow_and_update().clone();
        let (topic, status) = (format!("{topic}/status"), now.json().to_string());
        if let Err(error) = topics.publish(&topic, status.as_bytes(), true).await {
            tracing::warn!(%topic, %error, "a status was not published");
        }
        if matches!(now, Health::Closed(_)) || health.changed().await.is_err() {
            return;
        }
    }
}

struct Reader {
    client: Client,
    topics: Arc<dyn Topics>,
    topic: String,
    interval_ms: u32,
    range: Option<RangeInclusive<i64>>,
    compare: Option<Arc<dyn Compare>>,
    last: watch::Sender<Option<Reading>>,
}

impl Reader {
    /// Subscribes, and subscribes again from the next number on when the connection fails.
    async fn run(&self) {
        loop {
            match self.subscribed().await {
                Err(Stop::Ended(end)) if end.is_final() => return,
                ended => {
                    tracing::debug!(topic = %self.topic, ?ended, "subscription interrupted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn subscribed(&self) -> Result<(), Stop> {
        let (mut op, from_sequence) = self.subscribe().await?;
        let by = op.provider();
        while let Some(frame) = op.reader.read_frame(RECORD).await? {
            let record: SensorRecord = crate::frame::decode(&frame, "sensor record")?;
            let pack = senml::check(&record.senml).map_err(|e| Stop::refused(e.to_string()))?;
            if record.sequence < from_sequence {
                return Err(Stop::refused("the provider sent a record again"));
            }
            if self.range.as_ref().is_some_and(|range| !senml::within(&pack, range)) {
                self.client.observe(Duration::ZERO, false);
                continue;
            }
            // accepted: from here on it is this side's
            op.accept(1).await;
            let late = wall_millis().saturating_sub(record.time_ms);
            self.client.observe(Duration::from_millis(late), true);
            if let (Some(compare), Some(milli)) = (&self.compare, senml::first(&pack))
                && let Some(right) = compare.agrees(milli, record.time_ms)
            {
                self.client.judge(right);
            }
            let topic = format!("{}/data", self.topic);
            if let Err(error) = self.topics.publish(&topic, &record.senml, false).await {
                tracing::warn!(topic = %self.topic, %error, "a record was not published");
            }
            let (sequence, time_ms) = (record.sequence, record.time_ms);
            self.last.send_replace(Some(Reading { by, sequence, time_ms, pack: pack.into() }));
        }
        op.outcome().await.map(|_| ())
    }

    /// A subscription from the number after the last record on. Numbers are a sensor's own: of another one, which
    /// serves the lease now, it is what that measures from now on.
    async fn subscribe(&self) -> Result<(ClientOp, u64), Stop> {
        loop {
            let by = self.client.reached().await?;
            let last = self.last.borrow().clone().filter(|last| last.by == by);
            let from_sequence = last.map_or(0, |last| last.sequence.saturating_add(1));
            let args = Subscribe { from_sequence, interval_ms: self.interval_ms };
            let op = self.client.open_op("subscribe", args.encode_to_vec(), 0).await?;
            if op.provider() == by {
                return Ok((op, from_sequence));
            }
        }
    }
}

struct SensorResource {
    thing: Value,
    last: watch::Receiver<Option<Reading>>,
    health: watch::Receiver<Health>,
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

    fn events(&self) -> Response {
        let records = tokio_stream(self.last.clone()).map(|reading| {
            let data = reading.pack.to_string();
            Ok::<_, Infallible>(Event::default().id(reading.sequence.to_string()).data(data))
        });
        Sse::new(records).keep_alive(KeepAlive::default()).into_response()
    }
}

/// Every reading from now on; a slow reader misses some, and sees it by their numbers.
fn tokio_stream(
    last: watch::Receiver<Option<Reading>>,
) -> impl futures::Stream<Item = Reading> + Send {
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

#[async_trait]
impl Resource for SensorResource {
    async fn answer(&self, rest: &str, _: Request<Body>) -> Response {
        match rest {
            "" => {
                let (health, body) = self.now();
                let up = health == Health::Up;
                let status = if up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                (status, Json(body)).into_response()
            }
            "events" => self.events(),
            "td" => {
                let mut thing = self.thing.clone();
                thing["caplet:health"] = self.health.borrow().json();
                Json(thing).into_response()
            }
            other => {
                let words = format!("{other} is not here: see td and events");
                (StatusCode::NOT_FOUND, Json(json!({ "reason": words }))).into_response()
            }
        }
    }

    fn answers_always(&self, _: &str) -> bool {
        true
    }
}
