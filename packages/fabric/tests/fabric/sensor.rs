//! A leased sensor.

use crate::support::{PATIENCE, http, until};
use caplet_fabric::Service;
use caplet_fabric::health::Health;
use caplet_fabric::kinds::sensor::{Compare, Feed, SensorAdapter, SensorSurface};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::LeaseId;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn pack(value: u64) -> Vec<u8> {
    json!([{ "n": "urn:dev:mac:0024befffe804ff1", "u": "Cel", "v": value }])
        .to_string()
        .into_bytes()
}

fn surface() -> SensorSurface {
    SensorSurface {
        thing: json!({ "title": "thermometer" }),
        interval_ms: 0,
        window: Duration::MAX,
        range: None,
        compare: None,
    }
}

async fn get(url: String) -> (u16, Value) {
    let answer = http().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_leased_sensor_is_a_local_topic_a_resource_and_a_thing() {
    let world = World::new(Options::default());
    let feed = Feed::default();
    world.offer(Arc::new(SensorAdapter::new(feed.clone(), Duration::ZERO, 8)));
    let lease = world.lease(1, Service::SENSOR);
    let attached = world.attach(&lease, &surface(), "attic").await;
    let base = world.http().await;
    feed.publish(pack(20)).unwrap();
    until("the first record", || world.heard.of("caplet/v1/v/attic/data").len() == 1).await;
    for value in 21..30 {
        feed.publish(pack(value)).unwrap();
    }
    until("the last record", || world.heard.of("caplet/v1/v/attic/data").len() == 10).await;
    assert_eq!(world.heard.of("caplet/v1/v/attic/data")[9], pack(29));
    let (status, body) = get(format!("{base}/v1/caps/attic")).await;
    assert_eq!((status, &body["senml"][0]["v"], &body["stale"]), (200, &json!(29), &json!(false)));
    let (_, thing) = get(format!("{base}/v1/caps/attic/td")).await;
    assert_eq!(
        (&thing["title"], &thing["caplet:health"]["health"]),
        (&json!("thermometer"), &json!("up"))
    );
    let mut events = http().get(format!("{base}/v1/caps/attic/events")).send().await.unwrap();
    let first = String::from_utf8(events.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.contains("data: ") && first.contains("\"v\":29"), "{first}");
    assert_eq!(attached.client().units(), 10);
    attached.detach().await;
    assert_eq!(world.served(LeaseId(1)), 10);
    let (status, _) = get(format!("{base}/v1/caps/attic")).await;
    assert_eq!(status, 404, "nothing is left of a detached sensor");
}

#[tokio::test]
async fn staleness_shows_everywhere_and_nothing_is_missed_after_it() {
    let world = World::new(Options::default());
    let feed = Feed::default();
    world.offer(Arc::new(SensorAdapter::new(feed.clone(), Duration::ZERO, 8)));
    let attached = world.attach(&world.lease(1, Service::SENSOR), &surface(), "attic").await;
    let base = world.http().await;
    feed.publish(pack(1)).unwrap();
    until("the first record", || world.heard.of("caplet/v1/v/attic/data").len() == 1).await;
    world.kill_host().await;
    attached.client().until(|health| matches!(health, Health::Stale(_))).await.unwrap();
    let (status, body) = get(format!("{base}/v1/caps/attic")).await;
    assert_eq!((status, &body["stale"], &body["health"]), (503, &json!(true), &json!("stale")));
    assert_eq!(body["senml"][0]["v"], 1, "the last record is still to be seen");
    feed.publish(pack(2)).unwrap();
    feed.publish(pack(3)).unwrap();
    world.start_host();
    until("the records meanwhile", || world.heard.of("caplet/v1/v/attic/data").len() == 3).await;
    until("the status", || {
        let all = world.heard.of("caplet/v1/v/attic/status");
        all.last().is_some_and(|last| last.starts_with(b"{\"health\":\"up\""))
    })
    .await;
    world.chain.close(LeaseId(1), 5);
    until("the closed status", || {
        let all = world.heard.of("caplet/v1/v/attic/status");
        all.last().is_some_and(|last| String::from_utf8_lossy(last).contains("closed on chain"))
    })
    .await;
    attached.detach().await;
}

#[tokio::test]
async fn many_consumers_read_one_sensor_and_each_pays_its_own() {
    let world = World::new(Options { segment: 5, ..Options::default() });
    let feed = Feed::default();
    world.offer(Arc::new(SensorAdapter::new(feed.clone(), Duration::ZERO, 8)));
    let mut all = Vec::new();
    for id in 1..=5 {
        let lease = world.lease(id, Service::SENSOR);
        all.push(world.attach(&lease, &surface(), &format!("s{id}")).await);
    }
    for attached in &all {
        attached.client().until(|health| *health == Health::Up).await.unwrap();
    }
    feed.publish(pack(0)).unwrap();
    let heard = |id: u64| world.heard.of(&format!("caplet/v1/v/s{id}/data")).len();
    until("the first", || (1..=5).all(|id| heard(id) == 1)).await;
    for value in 1..50 {
        feed.publish(pack(value)).unwrap();
    }
    until("fifty each", || (1..=5).all(|id| heard(id) == 50)).await;
    for attached in all {
        attached.detach().await;
    }
    for id in 1..=5 {
        assert_eq!(world.served(LeaseId(id)), 50);
        assert!((50..=55).contains(&world.paid(LeaseId(id))));
    }
}

#[tokio::test]
async fn the_readings_of_the_window_are_one_pack_and_seen_when_the_sensor_is_stale_too() {
    let world = World::new(Options::default());
    let feed = Feed::default();
    world.offer(Arc::new(SensorAdapter::new(feed.clone(), Duration::ZERO, 8)));
    let attached = world.attach(&world.lease(1, Service::SENSOR), &surface(), "attic").await;
    let base = world.http().await;
    let window = || async {
        let answer = http().get(format!("{base}/v1/caps/attic/window")).send().await.unwrap();
        let head = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(head("content-type"), "application/senml+json");
        let said = (answer.status().as_u16(), head("caplet-readings"), head("caplet-health"));
        (said, answer.json::<Vec<Value>>().await.unwrap())
    };
    for value in 20..23 {
        feed.publish(pack(value)).unwrap();
        let heard = usize::try_from(value - 19).unwrap();
        until("the record", || world.heard.of("caplet/v1/v/attic/data").len() == heard).await;
    }
    let (said, records) = window().await;
    assert_eq!(said, (200, "3".to_owned(), "up".to_owned()));
    let values: Vec<_> = records.iter().map(|record| record["v"].clone()).collect();
    assert_eq!(values, [json!(20), json!(21), json!(22)]);
    let dated = |record: &Value| record["t"].as_f64().is_some_and(|time| time > 1.7e9);
    assert!(records.iter().all(dated), "each says when: {records:?}");
    let (_, thing) = get(format!("{base}/v1/caps/attic/td")).await;
    assert_eq!(thing["caplet:window"]["seconds"], Duration::MAX.as_secs());
    world.kill_host().await;
    attached.client().until(|health| matches!(health, Health::Stale(_))).await.unwrap();
    // the sensor's own status follows its session's
    let stale = async {
        loop {
            let (said, records) = window().await;
            if said.0 == 503 {
                return (said, records);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let (said, again) = tokio::time::timeout(PATIENCE, stale).await.unwrap();
    assert_eq!((said.1.as_str(), said.2.as_str()), ("3", "stale"));
    assert_eq!(again, records);
    attached.detach().await;
}

#[tokio::test]
async fn a_window_is_as_long_as_it_was_asked_for() {
    let world = World::new(Options::default());
    let feed = Feed::default();
    world.offer(Arc::new(SensorAdapter::new(feed.clone(), Duration::ZERO, 8)));
    let short = SensorSurface { window: Duration::from_millis(1), ..surface() };
    let attached = world.attach(&world.lease(1, Service::SENSOR), &short, "attic").await;
    let base = world.http().await;
    let heard = || world.heard.of("caplet/v1/v/attic/data").len();
    for records in 1..=3 {
        feed.publish(pack(20)).unwrap();
        until("the record", || heard() == records).await;
        // older than the window when the next is measured
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let url = format!("{base}/v1/caps/attic/window");
    let shown = http().get(url).send().await.unwrap().json::<Vec<Value>>().await.unwrap();
    assert_eq!(shown.len(), 1, "only the last one: {shown:?}");
    attached.detach().await;
}

#[tokio::test]
async fn what_is_measured_more_often_than_was_leased_is_passed_over_and_not_paid() {
    const RATE: Duration = Duration::from_millis(300);
    // by what the provider lets, and by what the consumer asks for
    for (lets, asks) in [(RATE, 0), (Duration::ZERO, 300)] {
        let world = World::new(Options::default());
        let feed = Feed::default();
        world.offer(Arc::new(SensorAdapter::new(feed.clone(), lets, 8)));
        let surface = SensorSurface { interval_ms: asks, ..surface() };
        let lease = world.lease(1, Service::SENSOR);
        let attached = world.attach(&lease, &surface, "attic").await;
        let heard = || world.heard.of("caplet/v1/v/attic/data");
        feed.publish(pack(0)).unwrap();
        until("the first", || heard().len() == 1).await;
        let began = Instant::now();
        for value in 1..=200 {
            feed.publish(pack(value)).unwrap();
        }
        until("the last", || heard().last() == Some(&pack(200))).await;
        let (came, periods) = (heard().len(), began.elapsed().as_millis() / RATE.as_millis());
        assert!(came as u128 <= periods + 2, "{came} records in {periods} periods");
        attached.detach().await;
        assert_eq!(world.served(lease.lease), came as u64);
    }
}

/// Holds readings against one that is trusted.
struct Twenty;

impl Compare for Twenty {
    fn agrees(&self, milli: i64, _: u64, _: u64) -> Option<bool> {
        (milli >= 0).then_some((19_000..=21_000).contains(&milli))
    }
}

#[tokio::test]
async fn readings_are_held_against_what_else_is_known() {
    let world = World::new(Options::default());
    let feed = Feed::default();
    world.offer(Arc::new(SensorAdapter::new(feed.clone(), Duration::ZERO, 8)));
    let surface = SensorSurface { compare: Some(Arc::new(Twenty)), ..surface() };
    let attached = world.attach(&world.lease(1, Service::SENSOR), &surface, "attic").await;
    let heard = |records| world.heard.of("caplet/v1/v/attic/data").len() == records;
    for (at, value) in [20, 21, 22].into_iter().enumerate() {
        feed.publish(pack(value)).unwrap();
        until("the record", || heard(at + 1)).await;
    }
    let quality = attached.client().quality();
    assert_eq!((quality.checked, quality.wrong), (3, 1));
    attached.detach().await;
}
