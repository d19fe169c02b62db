//! The consumer's side of a sensor: what comes is checked, counted, published on a local topic and kept for HTTP.

use super::heard::{Heard, Reading};
use super::resource::SensorResource;
use super::rhythm::Rhythm;
use super::silence::follow;
use super::window::Window;
use super::{Compare, senml};
use crate::client::{Client, ClientOp};
use crate::end::Stop;
use crate::health::{Health, wall_millis};
use crate::service::{Service, Tariff};
use crate::surface::{AttachError, Attached, Place, Surface, Topics};
use async_trait::async_trait;
use caplet_protocol::DeviceId;
use caplet_protocol::wire::{SensorRecord, Subscribe};
use prost::Message as _;
use serde_json::Value;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// Bytes of a record as it comes: a pack and its number.
const RECORD: usize = senml::MAX_PACK + 64;

/// Makes a sensor local.
pub struct SensorSurface {
    /// Its Thing Description (`caplet_protocol::wot::leased_thing`).
    pub thing: Value,
    /// Least milliseconds between records; 0 for the sensor's own rate.
    pub interval_ms: u32,
    /// How long readings are kept beside the last one, up to that one.
    pub window: Duration,
    /// What its profile says it can measure, thousandths of its unit: a record outside is none, and is
    /// not paid.
    pub range: Option<RangeInclusive<i64>>,
    /// What its readings are held against, if there is anything.
    pub compare: Option<Arc<dyn Compare>>,
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
        let (last, session) = (watch::Sender::new(None), client.health());
        let shown = watch::Sender::new(session.borrow().clone());
        let health = shown.subscribe();
        let window = Arc::new(Window::new(self.window));
        let resource = SensorResource {
            thing: self.thing.clone(),
            last: last.subscribe(),
            window: Arc::clone(&window),
            health: health.clone(),
        };
        let Place { alias, desk, topics } = place;
        desk.put(&alias, self.service(), health.clone(), Arc::new(resource))?;
        let topic = format!("caplet/v1/v/{alias}");
        let silence = follow(session, last.subscribe(), shown);
        let mut reader = Reader {
            client: client.clone(),
            topics: Arc::clone(&topics),
            topic: topic.clone(),
            interval_ms: self.interval_ms,
            range: self.range.clone(),
            compare: self.compare.clone(),
            rhythm: Rhythm::default(),
            last,
            window,
        };
        client.spawn(async move { reader.run().await });
        // outlive the session: the last status says that it is closed, and why
        let tasks = TaskTracker::new();
        tasks.spawn(silence);
        tasks.spawn(tell_status(health, topics, topic));
        let address = format!("/v1/caps/{alias}");
        Ok(Attached::new(address, client, move || desk.remove(&alias)))
    }
}

pub(super) async fn tell_status(
    mut health: watch::Receiver<Health>,
    topics: Arc<dyn Topics>,
    topic: String,
) {
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
    rhythm: Rhythm,
    last: watch::Sender<Option<Reading>>,
    window: Arc<Window>,
}

impl Reader {
    /// Subscribes, and subscribes again from the next number on when the connection fails.
    async fn run(&mut self) {
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

    async fn subscribed(&mut self) -> Result<(), Stop> {
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
            self.window.note(record.time_ms, &pack);
            let now_ms = wall_millis();
            let late = now_ms.saturating_sub(record.time_ms);
            self.client.observe(Duration::from_millis(late), true);
            if let (Some(compare), Some(milli)) = (&self.compare, senml::first(&pack))
                && let Some(right) = compare.agrees(milli, record.time_ms, now_ms)
            {
                self.client.judge(right);
            }
            let topic = format!("{}/data", self.topic);
            if let Err(error) = self.topics.publish(&topic, &record.senml, false).await {
                tracing::warn!(topic = %self.topic, %error, "a record was not published");
            }
            let (sequence, time_ms) = (record.sequence, record.time_ms);
            let heard = self.heard(by, time_ms);
            let reading = Reading { by, sequence, time_ms, pack: pack.into(), heard };
            self.last.send_replace(Some(reading));
        }
        op.outcome().await.map(|_| ())
    }

    /// A reading that comes now, of a device that measured it at `time_ms`: until when it is the last one.
    fn heard(&mut self, by: DeviceId, time_ms: u64) -> Heard {
        // two devices measure apart, each by a clock of its own
        let before = self.last.borrow().as_ref().map(|last| (last.by, last.time_ms));
        if let Some((device, before)) = before
            && device == by
        {
            self.rhythm.note(Duration::from_millis(time_ms.saturating_sub(before)));
        }
        Heard::now(self.rhythm.patience(Duration::from_millis(self.interval_ms.into())))
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
