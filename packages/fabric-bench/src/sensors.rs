//! One sensor, many consumers: records a second that all of them have, counted and paid each.

use crate::ends::{By, options, world};
use crate::watch::{each_second, line, tenths};
use caplet_fabric::Service;
use caplet_fabric::kinds::sensor::{Feed, SensorAdapter, SensorSurface};
use caplet_fabric_testkit::Options;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const RECORDS: u64 = 2_000;
/// Records under way: the feed keeps 1,024.
const AHEAD: u64 = 500;

pub(crate) async fn run() -> anyhow::Result<()> {
    for consumers in [1u64, 8, 64] {
        let folder = tempfile::tempdir()?;
        let options = Options { segment: 100, ..options() };
        let world = world(By::Iroh, Service::SENSOR, options).await?;
        world.keep_on_disk(folder.path());
        let feed = Feed::default();
        world.offer(Arc::new(SensorAdapter::new(feed.clone(), Duration::ZERO, 64)));
        let mut all = Vec::new();
        for consumer in 1..=consumers {
            let surface = SensorSurface {
                thing: json!({ "title": "sensor" }),
                interval_ms: 0,
                window: Duration::from_secs(60),
                range: None,
                compare: None,
            };
            let lease = world.lease(consumer, Service::SENSOR);
            all.push(world.attach(&lease, &surface, &format!("sensor-{consumer}")).await);
        }
        let least = || all.iter().map(|one| one.client().units()).min().unwrap_or(0);
        feed.publish(pack(0))?;
        while least() < 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let started = Instant::now();
        let mut said = 1u64;
        while least() <= RECORDS {
            while said <= RECORDS && said < least().saturating_add(AHEAD) {
                feed.publish(pack(said))?;
                said = said.saturating_add(1);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let time = started.elapsed();
        let figures = json!({
            "consumers": consumers,
            "records_a_second": tenths(each_second(RECORDS, time)),
            "deliveries_a_second": tenths(each_second(RECORDS.saturating_mul(consumers), time)),
        });
        line("sensor", "leased over iroh", &figures);
        for one in all {
            one.detach().await;
        }
    }
    Ok(())
}

fn pack(value: u64) -> Vec<u8> {
    json!([{ "n": "urn:dev:mac:0024befffe804ff1", "u": "Cel", "v": value }])
        .to_string()
        .into_bytes()
}
