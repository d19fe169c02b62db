//! Admission, payment, ends.

use crate::support::{PLAIN, call, offers, plain, until};
use async_trait::async_trait;
use caplet_fabric::adapter::Adapter;
use caplet_fabric::health::Health;
use caplet_fabric::host::Op;
use caplet_fabric::{Stop, Tariff};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::LeaseId;
use caplet_protocol::wire::SessionEnd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn a_call_is_served_counted_and_paid_for() {
    let world = World::new(Options::default());
    let adapter = plain();
    world.offer(adapter.clone());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    let outcome = client.call(call("upper", &[b'a'; 1_000])).await.unwrap();
    assert_eq!(outcome.output, vec![b'A'; 1_000]);
    assert_eq!((outcome.done.units, client.units()), (1_000, 1_000));
    client.detach().await;
    assert_eq!(world.served(LeaseId(1)), 1_000);
    // a thousand units cost a thousand; at most a segment more is paid ahead
    assert!((1_000..=1_200).contains(&world.paid(LeaseId(1))), "{}", world.paid(LeaseId(1)));
}

#[tokio::test]
async fn a_session_is_only_for_endpoints_that_were_granted() {
    let world = World::new(Options::default());
    world.offer(plain());
    let mut lease = world.lease(1, PLAIN);
    let stranger = lease.clone();
    lease.consumer.endpoints = vec![[1; 32]];
    world.chain.put(lease);
    let client = world.client(&stranger, Tariff::Declared);
    let Err(Stop::Ended(end)) = client.call(call("upper", b"a")).await else { panic!("served") };
    assert_eq!(end.reason, SessionEnd::Refused);
    assert!(end.words.contains("has not granted this endpoint"), "{end}");
    assert_eq!(world.served(LeaseId(1)), 0);
}

#[tokio::test]
async fn a_lease_of_another_service_or_that_is_unknown_is_refused() {
    let world = World::new(Options::default());
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let mut other = lease.clone();
    other.service = caplet_fabric::Service::TCP;
    world.chain.put(other);
    let client = world.client(&lease, Tariff::Declared);
    let Err(Stop::Ended(end)) = client.call(call("upper", b"a")).await else { panic!("served") };
    assert!(end.words.contains("is of tcp"), "{end}");
    let mut unknown = lease;
    unknown.lease = LeaseId(99);
    let client = world.client(&unknown, Tariff::Declared);
    let Err(Stop::Ended(end)) = client.call(call("upper", b"a")).await else { panic!("served") };
    assert!(end.words.contains("not known on chain"), "{end}");
}

#[tokio::test]
async fn a_lease_closed_on_chain_ends_the_session_with_its_reason_on_both_sides() {
    let world = World::new(Options::default());
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    client.call(call("upper", b"a")).await.unwrap();
    world.chain.close(LeaseId(1), 5);
    let end = client.until(|_| false).await.unwrap_err();
    assert_eq!((end.reason, end.lease_reason), (SessionEnd::LeaseClosed, 5));
    let Err(Stop::Ended(again)) = client.call(call("upper", b"a")).await else { panic!("served") };
    assert_eq!(again, end);
}

#[tokio::test]
async fn a_stranger_pays_ahead_and_a_provider_that_sees_no_blocks_serves_what_is_paid_only() {
    let world = World::new(Options { segment: 100, risk: 0, ..Options::default() });
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    client.call(call("upper", &[b'a'; 50])).await.unwrap();
    assert!(world.paid(LeaseId(1)) >= 50, "paid ahead");
    client.detach().await;
}

#[tokio::test]
async fn a_consumer_that_can_pay_no_more_is_served_no_more() {
    // the lane pays for 500 units
    let world = World::new(Options { cap: 500, segment: 100, ..Options::default() });
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    let Err(Stop::Refused(words)) = client.call(call("spin", b"")).await else { panic!("endless") };
    assert!(words.contains("used up"), "{words}");
    client.detach().await;
    assert_eq!((world.served(LeaseId(1)), world.paid(LeaseId(1))), (500, 500));
}

#[tokio::test]
async fn a_rest_that_is_too_little_for_what_is_asked_is_nobodys_failure_and_serves_what_is_less() {
    let world = World::new(Options { cap: 20, segment: 8, ..Options::default() });
    world.offer(plain());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    let upper = async |len: usize| client.call(call("upper", &vec![b'a'; len])).await;
    for _ in 0..2 {
        upper(8).await.unwrap();
    }
    for short in 1..=2 {
        let Err(Stop::Exhausted(words)) = upper(8).await else { panic!("nothing pays for it") };
        assert!(words.contains("used up"), "{words}");
        let quality = client.quality();
        assert_eq!((quality.failed, quality.short_in_a_row), (0, short));
    }
    upper(4).await.unwrap();
    assert_eq!((client.quality().failed, client.quality().short_in_a_row), (0, 0));
    client.detach().await;
    assert_eq!((world.served(LeaseId(1)), world.paid(LeaseId(1))), (20, 20));
}

/// Says of all leases that they are used up; `eat` sees to it before.
struct Liar;

#[async_trait]
impl Adapter for Liar {
    offers!(PLAIN, Declared);

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        if op.header.name == "eat" {
            loop {
                op.charge(1).await?;
            }
        }
        Err(Stop::Exhausted("used up: lease more".into()))
    }
}

#[tokio::test]
async fn a_provider_that_says_that_a_lease_is_used_up_has_failed_if_it_is_not_or_was_by_that() {
    let world = World::new(Options { cap: 20, segment: 8, ..Options::default() });
    world.offer(Arc::new(Liar));
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    let counted = || (client.units(), client.quality().failed, client.quality().short_in_a_row);
    let lie = client.call(call("lie", b"")).await;
    assert!(matches!(lie, Err(Stop::Refused(_))), "all of it is left: {lie:?}");
    assert_eq!(counted(), (0, 1, 0));
    let eaten = client.call(call("eat", b"")).await;
    assert!(matches!(eaten, Err(Stop::Refused(_))), "it was paid for nothing: {eaten:?}");
    assert_eq!(counted(), (20, 2, 1));
    let true_now = client.call(call("lie", b"")).await;
    assert!(matches!(true_now, Err(Stop::Exhausted(_))), "{true_now:?}");
    assert_eq!(counted(), (20, 2, 2));
    client.detach().await;
}

#[tokio::test]
async fn an_operation_costs_at_most_what_was_allowed_for_it() {
    let world = World::new(Options::default());
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    let spin = caplet_fabric::client::Call { max_units: 7, ..call("spin", b"") };
    let Err(Stop::Refused(words)) = client.call(spin).await else { panic!("endless") };
    assert!(words.contains("8 units are wanted, 7 are allowed"), "{words}");
    assert_eq!(client.units(), 7);
    client.detach().await;
}

/// Lengths of what [`Parts`] writes, one after another, and of a frame after them.
const LENGTHS: [usize; 6] = [60 << 10, 64 << 10, 1, 200 << 10, 0, 5];
const FRAME: usize = 130 << 10;

/// Answers in parts.
struct Parts;

#[async_trait]
impl Adapter for Parts {
    offers!(PLAIN, Declared);

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        for (at, len) in LENGTHS.into_iter().enumerate() {
            op.body.write(&vec![at as u8; len]).await?;
        }
        op.body.write_frame(&vec![9; FRAME]).await
    }
}

#[tokio::test]
async fn an_answer_that_is_written_in_parts_of_any_size_comes_whole() {
    let world = World::new(Options::default());
    world.offer(Arc::new(Parts));
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    let parts = LENGTHS.into_iter().enumerate().map(|(at, len)| vec![at as u8; len]);
    let mut whole: Vec<u8> = parts.flatten().collect();
    whole.extend((FRAME as u32).to_be_bytes());
    whole.extend(vec![9; FRAME]);
    let came = client.call(call("any", b"")).await.unwrap().output;
    assert!(came == whole, "{} bytes of {}", came.len(), whole.len());
    client.detach().await;
}

#[tokio::test]
async fn a_deadline_ends_an_operation_and_the_session_goes_on() {
    let world = World::new(Options::default());
    let adapter = plain();
    world.offer(adapter.clone());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    let wait =
        caplet_fabric::client::Call { patience: Duration::from_millis(300), ..call("wait", b"") };
    client.call(wait).await.unwrap_err();
    assert_eq!(client.call(call("upper", b"on")).await.unwrap().output, "ON");
    client.detach().await;
}

#[tokio::test]
async fn the_session_with_the_larger_epoch_takes_over() {
    let world = World::new(Options::default());
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let first = world.client(&lease, Tariff::Declared);
    first.call(call("upper", b"a")).await.unwrap();
    // another program of the same consumer, on the same stores
    let second = world.client(&lease, Tariff::Declared);
    second.call(call("upper", b"b")).await.unwrap();
    let end = first.until(|_| false).await.unwrap_err();
    assert_eq!(end.reason, SessionEnd::Superseded);
    second.call(call("upper", b"c")).await.unwrap();
    second.detach().await;
}

#[tokio::test]
async fn a_provider_that_is_full_says_so_and_serves_when_there_is_room() {
    let world = World::new(Options::default());
    world.offer(plain());
    let mut clients = Vec::new();
    for id in 1..=4 {
        let lease = world.lease(id, PLAIN);
        let client = world.client(&lease, Tariff::Declared);
        client.call(call("upper", b"a")).await.unwrap();
        clients.push(client);
    }
    let fifth = world.client(&world.lease(5, PLAIN), Tariff::Declared);
    let paused = |health: &Health| matches!(health, Health::Paused(w) if w.contains("four"));
    fifth.until(paused).await.unwrap();
    clients.pop().unwrap().detach().await;
    fifth.until(|health| *health == Health::Up).await.unwrap();
    fifth.detach().await;
    for client in clients {
        client.detach().await;
    }
}

#[tokio::test]
async fn detaching_leaves_the_lease_and_the_exact_count() {
    let world = World::new(Options::default());
    let adapter = plain();
    world.offer(adapter.clone());
    let lease = world.lease(1, PLAIN);
    for round in 1..=3u64 {
        let client = world.client(&lease, Tariff::Declared);
        client.call(call("upper", b"12345")).await.unwrap();
        assert_eq!(client.units(), 5 * round);
        client.detach().await;
        until("the session's end", || world.served(LeaseId(1)) == 5 * round).await;
    }
    assert_eq!(adapter.served.load(Ordering::SeqCst), 3);
}
