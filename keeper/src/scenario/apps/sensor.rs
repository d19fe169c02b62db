//! A chart of a leased sensor.

use super::{App, At, Start};
use crate::scenario::happening::{Happening, Reading, Teller};
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_protocol::{DeviceId, LeaseId};
use serde_json::Value;
use std::time::Duration;

/// Between looks for a new record.
const LOOK: Duration = Duration::from_millis(40);

/// Looks for a new record before it is said that none comes.
const LOOKS: u32 = 50;

/// Reads it, and tells whoever draws the chart.
pub(super) struct Chart {
    /// Of the last point.
    sequence: u64,
    lease: LeaseId,
    consumer: String,
    provider: DeviceId,
    teller: Teller,
}

impl Chart {
    /// The chart of a lease.
    pub(super) fn new(start: &Start) -> Self {
        Self {
            sequence: 0,
            lease: LeaseId(start.notice.lease),
            consumer: start.name.clone(),
            provider: DeviceId(start.notice.provider),
            teller: start.teller.clone(),
        }
    }

    /// A point of it.
    fn point(&self, record: &Value) -> anyhow::Result<Reading> {
        let value = record["v"].as_f64().context("a record without value")?;
        anyhow::ensure!((-40.0..=60.0).contains(&value), "{value} is no air temperature");
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        Ok(Reading {
            lease: self.lease,
            consumer: self.consumer.clone(),
            provider: self.provider,
            name: text("n"),
            unit: text("u"),
            value,
        })
    }
}

#[async_trait]
impl App for Chart {
    async fn once(&mut self, _: u64, at: &At) -> anyhow::Result<()> {
        for _ in 0..LOOKS {
            let answer = at.http.get(&at.url).send().await?;
            let now: Value = answer.json().await.context("no JSON")?;
            let sequence = now["sequence"].as_u64().unwrap_or(0);
            if sequence > self.sequence {
                self.sequence = sequence;
                let point = self.point(&now["senml"][0])?;
                (self.teller)(Happening::Reading(point));
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        anyhow::bail!("no new record came")
    }
}
