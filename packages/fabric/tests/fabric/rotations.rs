//! Keys that change in the middle of a session: the consuming device's, and that of the provider's gateway.

use crate::support::{Moving, PLAIN, call, plain, until};
use caplet_fabric::Tariff;
use caplet_fabric::health::Health;
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::LeaseId;
use ed25519_dalek::SigningKey;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::task::TaskTracker;

fn another_key() -> SigningKey {
    SigningKey::from_bytes(&[8; 32])
}

#[tokio::test]
async fn a_device_s_new_key_is_waited_for_in_a_session_that_goes_on() {
    let world = World::new(Options { segment: 100, ..Options::default() });
    let adapter = plain();
    world.offer(adapter.clone());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    client.call(call("upper", &[b'a'; 300])).await.unwrap();
    world.rotate(another_key());
    let caller = client.clone();
    let answer =
        TaskTracker::new().spawn(async move { caller.call(call("upper", &[b'b'; 300])).await });
    client.until(|health| matches!(health, Health::Paused(_))).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!answer.is_finished(), "what no known key has signed is not served for");
    assert!(world.paid(LeaseId(1)) < 600, "{}", world.paid(LeaseId(1)));
    world.see_keys();
    assert_eq!(answer.await.unwrap().unwrap().output, vec![b'B'; 300]);
    assert_eq!(adapter.served.load(Ordering::SeqCst), 2, "nothing began anew");
    assert_eq!(client.units(), 600);
    client.detach().await;
    assert_eq!(world.served(LeaseId(1)), 600);
    assert!((600..=700).contains(&world.paid(LeaseId(1))), "{}", world.paid(LeaseId(1)));
}

#[tokio::test]
async fn a_session_that_resumes_with_a_new_key_waits_until_it_is_seen_and_keeps_what_the_old_one_signed()
 {
    let world = World::new(Options { segment: 100, ..Options::default() });
    world.offer(plain());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    client.call(call("upper", &[b'a'; 300])).await.unwrap();
    let paid = world.paid(LeaseId(1));
    world.rotate(another_key());
    world.network.cut();
    let unknown =
        |health: &Health| matches!(health, Health::Paused(w) if w.contains("did not sign"));
    client.until(unknown).await.unwrap();
    assert!(world.paid(LeaseId(1)) >= paid, "what the old key signed stays");
    world.see_keys();
    client.call(call("upper", &[b'b'; 300])).await.unwrap();
    assert_eq!(client.units(), 600);
    client.detach().await;
    assert_eq!(world.served(LeaseId(1)), 600);
    assert!(world.paid(LeaseId(1)) >= 600);
}

#[tokio::test]
async fn a_gateway_that_gets_another_key_and_address_is_found_there_and_nothing_is_lost() {
    let world = World::new(Options { segment: 100, ..Options::default() });
    let adapter = plain();
    world.offer(adapter.clone());
    let lease = world.lease(1, PLAIN);
    let at = Arc::new(Mutex::new(world.provider()));
    let client = world.client_by(&lease, Tariff::Declared, Arc::new(Moving(Arc::clone(&at))));
    client.call(call("upper", &[b'a'; 300])).await.unwrap();
    let caller = client.clone();
    let answer = TaskTracker::new().spawn(async move { caller.call(call("wait", b"")).await });
    adapter.begun.notified().await;
    world.kill_host().await;
    let there = world.move_host(&lease, world.network.endpoint([0xB1; 32]));
    *at.lock().unwrap() = there;
    // the call that was under way is made again, at the new key
    adapter.begun.notified().await;
    adapter.go.notify_one();
    assert_eq!(answer.await.unwrap().unwrap().output, "done");
    client.call(call("upper", &[b'b'; 300])).await.unwrap();
    let counted = client.units();
    client.detach().await;
    until("the session's end", || world.served(LeaseId(1)) >= 600).await;
    let (served, paid) = (world.served(LeaseId(1)), world.paid(LeaseId(1)));
    assert!(
        counted >= 601 && served.abs_diff(counted) <= 100,
        "{counted} counted, {served} served"
    );
    assert!(paid >= 600 && paid <= u128::from(counted) + 100, "{counted} counted, {paid} paid");
}
