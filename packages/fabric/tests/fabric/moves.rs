//! A lease passes from one device to another in the middle of it, as a pool's does.

use crate::support::{PLAIN, call, echo, http, plain, until};
use caplet_fabric::kinds::sensor::{Feed, SensorAdapter, SensorSurface};
use caplet_fabric::kinds::tcp::{TcpAdapter, TcpSurface};
use caplet_fabric::{Service, Tariff};
use caplet_fabric_testkit::{Options, PROVIDER, World};
use caplet_protocol::DeviceId;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The device that takes over.
const OTHER: DeviceId = DeviceId(9);

fn pack(value: u64) -> Vec<u8> {
    json!([{ "n": "t", "u": "Cel", "v": value }]).to_string().into_bytes()
}

#[tokio::test]
async fn a_subscription_goes_on_at_the_other_device_whatever_its_numbers_are() {
    let world = World::new(Options::default());
    // the first has counted far, the other has just begun
    let (feed, other) = (Feed::from(1_000_000), Feed::default());
    let adapter = |feed: &Feed| Arc::new(SensorAdapter::new(feed.clone(), Duration::ZERO, 8));
    world.offer(adapter(&feed));
    world.adapters.register(OTHER, adapter(&other));
    let lease = world.lease(1, Service::SENSOR);
    let surface = SensorSurface {
        thing: json!({}),
        interval_ms: 0,
        window: Duration::MAX,
        range: None,
        compare: None,
    };
    let attached = world.attach(&lease, &surface, "attic").await;
    let data = || world.heard.of("caplet/v1/v/attic/data");
    let base = format!("{}/v1/caps/attic", world.http().await);
    let mut events = http().get(format!("{base}/events")).send().await.unwrap();
    let seen = Arc::new(Mutex::new(String::new()));
    let sees = Arc::clone(&seen);
    tokio_util::task::TaskTracker::new().spawn(async move {
        while let Ok(Some(bytes)) = events.chunk().await {
            sees.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes));
        }
    });
    for value in 0..5 {
        feed.publish(pack(value)).unwrap();
        until("a record of the first", || data().len() as u64 == value + 1).await;
    }
    world.pass_on(lease.lease, OTHER);
    attached.client().moved(OTHER);
    until("the other to be reached", || attached.client().provider() == OTHER).await;
    for value in 10..15 {
        other.publish(pack(value)).unwrap();
        until("a record of the other", || data().len() as u64 == value - 4).await;
    }
    assert_eq!((data()[4].clone(), data()[9].clone()), (pack(4), pack(14)));
    assert_eq!(attached.client().units(), 10);
    // the topic's status, the resource, and the very request for events that was made before
    let status = || world.heard.of("caplet/v1/v/attic/status").pop().unwrap_or_default();
    until("the status", || status().starts_with(b"{\"health\":\"up\"")).await;
    let now: serde_json::Value = http().get(&base).send().await.unwrap().json().await.unwrap();
    assert_eq!((&now["senml"][0]["v"], &now["stale"]), (&json!(14), &json!(false)), "{now}");
    until("the last event", || seen.lock().unwrap().contains("\"v\":14")).await;
    for value in (1..5).chain(10..15) {
        assert!(seen.lock().unwrap().contains(&format!("\"v\":{value}")), "{value}");
    }
    attached.detach().await;
    // the other knows of all that was counted and paid, and served on from there
    assert_eq!(world.served(lease.lease), 10);
    assert!(world.paid(lease.lease) >= 10);
}

#[tokio::test]
async fn a_call_that_was_under_way_begins_anew_at_the_other_device_and_both_count_the_same() {
    let world = World::new(Options::default());
    let (first, other) = (plain(), plain());
    world.offer(first.clone());
    world.adapters.register(OTHER, other.clone());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    client.call(call("upper", b"twelve bytes")).await.unwrap();
    let caller = client.clone();
    let answer = tokio_util::task::TaskTracker::new()
        .spawn(async move { caller.call(call("wait", b"")).await });
    first.begun.notified().await;
    until("the unit of the call under way", || client.units() == 13).await;
    world.pass_on(lease.lease, OTHER);
    client.moved(OTHER);
    other.begun.notified().await;
    other.go.notify_one();
    assert_eq!(answer.await.unwrap().unwrap().output, "done");
    client.call(call("upper", b"four")).await.unwrap();
    // what the first did of the call was done, and is paid; the other did all of it
    assert_eq!(client.units(), 12 + 1 + 1 + 4);
    client.detach().await;
    assert_eq!(world.served(lease.lease), 18);
}

#[tokio::test]
async fn a_local_port_stays_and_leads_to_the_other_device() {
    let world = World::new(Options { unit_bytes: 1_000, ..Options::default() });
    world.offer(Arc::new(TcpAdapter::new(echo().await.to_string())));
    world.adapters.register(OTHER, Arc::new(TcpAdapter::new(echo().await.to_string())));
    let lease = world.lease(1, Service::TCP);
    let surface = TcpSurface::new("127.0.0.1:0".parse().unwrap());
    let attached = world.attach(&lease, &surface, "echo").await;
    let there_and_back = async || {
        let mut stream = TcpStream::connect(&attached.address).await.unwrap();
        stream.write_all(&[7; 10_000]).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).await.unwrap();
        got.len()
    };
    assert_eq!(there_and_back().await, 10_000);
    until("the count", || attached.client().units() == 20).await;
    world.pass_on(lease.lease, OTHER);
    // nobody says so: the first device's gateway ends the session when it sees it
    until("the other to be reached", || attached.client().provider() == OTHER).await;
    assert_eq!(there_and_back().await, 10_000);
    until("the count", || attached.client().units() == 40).await;
    attached.detach().await;
    assert_eq!(world.served(lease.lease), 40);
}

#[tokio::test]
async fn a_device_that_gets_a_lease_back_serves_on_though_more_was_redeemed_than_it_knows() {
    let world = World::new(Options::default());
    world.offer(plain());
    world.adapters.register(OTHER, plain());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    client.call(call("upper", &[b'a'; 100])).await.unwrap();
    let first = world.pass_on(lease.lease, OTHER);
    client.moved(OTHER);
    client.call(call("upper", &[b'b'; 500])).await.unwrap();
    // what the other was paid is redeemed, and the first, which knows nothing of it, serves again
    let paid = u64::try_from(world.paid(lease.lease)).unwrap();
    world.take_back(lease.lease, PROVIDER, first);
    world.chain.redeem(lease.lease, paid);
    client.moved(PROVIDER);
    client.call(call("upper", &[b'c'; 100])).await.unwrap();
    assert_eq!(client.units(), 700);
    client.detach().await;
    assert_eq!(world.served(lease.lease), 700);
}
