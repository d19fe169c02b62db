//! A chart of a leased sensor.

use super::{App, At};
use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::Value;
use std::time::Duration;

/// Between looks for a new record.
const LOOK: Duration = Duration::from_millis(40);

/// Looks for a new record before it is said that none comes.
const LOOKS: u32 = 50;

/// The last point of the chart.
#[derive(Default)]
pub(super) struct Chart {
    sequence: u64,
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
                let value = now["senml"][0]["v"].as_f64().context("a record without value")?;
                anyhow::ensure!((-40.0..=60.0).contains(&value), "{value} is no air temperature");
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        anyhow::bail!("no new record came")
    }
}
