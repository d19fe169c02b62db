//! The provider's side of a sensor.

use super::Feed;
use crate::adapter::{Adapter, Load};
use crate::end::Stop;
use crate::host::Op;
use crate::lease::LeaseView;
use crate::service::{Service, Tariff};
use async_trait::async_trait;
use caplet_protocol::wire::Subscribe;
use prost::Message as _;
use std::time::Duration;

/// Offers the records of a feed, one unit each.
pub struct SensorAdapter {
    feed: Feed,
    interval: Duration,
    sessions: usize,
}

impl SensorAdapter {
    /// At most a record every `interval`, to at most `sessions` consumers at a time.
    #[must_use]
    pub fn new(feed: Feed, interval: Duration, sessions: usize) -> Self {
        Self { feed, interval, sessions }
    }
}

#[async_trait]
impl Adapter for SensorAdapter {
    fn service(&self) -> Service {
        Service::SENSOR
    }

    fn tariff(&self) -> Tariff {
        Tariff::Accepted
    }

    fn admit(&self, _: &LeaseView, load: Load) -> Result<(), String> {
        if load.sessions < self.sessions {
            return Ok(());
        }
        Err(format!(
            "{} consumers read this sensor, that is all it serves: come back later",
            load.sessions
        ))
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        if op.header.name != "subscribe" {
            return Err(Stop::refused(format!(
                "{:?} is no operation here: subscribe",
                op.header.name
            )));
        }
        let asked: Subscribe = op.args()?;
        let interval = self.interval.max(Duration::from_millis(asked.interval_ms.into()));
        let mut from = match asked.from_sequence {
            0 => self.feed.last().max(1),
            sequence => sequence,
        };
        loop {
            let record = self.feed.next(from).await;
            op.charge(1).await?;
            op.body.write_frame(&record.encode_to_vec()).await?;
            from = record.sequence.saturating_add(1);
            // what is measured meanwhile is passed over: the rate is what was leased
            if !interval.is_zero() {
                tokio::time::sleep(interval).await;
                from = from.max(self.feed.last());
            }
        }
    }
}
