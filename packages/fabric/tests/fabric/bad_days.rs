//! What each side sees and pays when something breaks.

use crate::support::{Moving, PLAIN, call, offers, plain, until};
use async_trait::async_trait;
use caplet_fabric::adapter::Adapter;
use caplet_fabric::health::Health;
use caplet_fabric::host::Op;
use caplet_fabric::link::memory::Network;
use caplet_fabric::link::{Endpoint, Key, Link, LinkError, Peer};
use caplet_fabric::{Stop, Tariff};
use caplet_fabric_testkit::{CONSUMER_END, Options, PROVIDER_END, World};
use caplet_protocol::LeaseId;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

#[tokio::test]
async fn a_link_cut_in_mid_call_is_made_again_and_the_call_is_answered() {
    let world = World::new(Options::default());
    let adapter = plain();
    world.offer(adapter.clone());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    let calling = tokio_util::task::TaskTracker::new();
    let caller = client.clone();
    let answer = calling.spawn(async move { caller.call(call("wait", b"")).await });
    adapter.begun.notified().await;
    world.network.cut();
    // the same operation begins again on the next connection
    adapter.begun.notified().await;
    adapter.go.notify_one();
    assert_eq!(answer.await.unwrap().unwrap().output, "done");
    client.detach().await;
}

#[tokio::test]
async fn an_answer_that_was_lost_with_its_link_is_sent_again_and_costs_nothing_more() {
    let world = World::new(Options::default());
    let adapter = plain();
    world.offer(adapter.clone());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    let id = client.next_id();
    client.call_as(id, call("upper", b"first")).await.unwrap();
    let (units, served) = (client.units(), adapter.served.load(Ordering::SeqCst));
    // asked again under the same id on a new connection
    world.network.cut();
    let again = client.call_as(id, call("upper", b"first")).await.unwrap();
    assert_eq!(again.output, "FIRST");
    assert_eq!(adapter.served.load(Ordering::SeqCst), served, "not served twice");
    client.detach().await;
    assert_eq!(world.served(LeaseId(1)), units, "not charged twice");
}

#[tokio::test]
async fn a_provider_killed_in_mid_job_serves_on_when_it_is_back_and_nobody_loses_a_segment() {
    let options = Options { segment: 100, ..Options::default() };
    let world = World::new(options);
    let adapter = plain();
    world.offer(adapter.clone());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    client.call(call("upper", &[b'a'; 300])).await.unwrap();
    let caller = client.clone();
    let answer = tokio_util::task::TaskTracker::new()
        .spawn(async move { caller.call(call("wait", b"")).await });
    adapter.begun.notified().await;
    world.kill_host().await;
    client.until(|health| matches!(health, Health::Stale(_))).await.unwrap();
    world.start_host();
    adapter.begun.notified().await;
    adapter.go.notify_one();
    answer.await.unwrap().unwrap();
    client.call(call("upper", &[b'b'; 300])).await.unwrap();
    let counted = client.units();
    client.detach().await;
    let (served, paid) = (world.served(LeaseId(1)), world.paid(LeaseId(1)));
    assert!(counted >= 600 && paid >= 600, "counted {counted}, paid {paid}");
    // either side's loss is within a segment
    assert!(served.abs_diff(counted) <= 100, "served {served}, counted {counted}");
    assert!(paid <= u128::from(counted) + 100, "counted {counted}, paid {paid}");
}

#[tokio::test]
async fn a_consumer_killed_in_mid_job_leaves_the_provider_paid_for_what_it_served_but_a_segment() {
    let world = World::new(Options { segment: 100, ..Options::default() });
    let adapter = plain();
    world.offer(adapter.clone());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    client.call(call("upper", &[b'a'; 250])).await.unwrap();
    // killed: its links break, nothing is stored, nobody says goodbye
    std::mem::forget(client.clone());
    client.stop_token().cancel();
    world.network.cut();
    until("the session's end", || world.served(LeaseId(1)) >= 250).await;
    let (served, paid) = (u128::from(world.served(LeaseId(1))), world.paid(LeaseId(1)));
    assert!(served <= paid + 100, "served {served}, paid {paid}");
    // its next run resumes from what both know
    let again = world.client(&lease, Tariff::Declared);
    again.call(call("upper", b"abc")).await.unwrap();
    assert!(again.units() + 100 >= 253);
    again.detach().await;
}

/// Takes bytes, and loses every link before what is said of them can leave.
struct Sink {
    network: Network,
    taken: Notify,
}

#[async_trait]
impl Adapter for Sink {
    offers!(PLAIN, Bytes);

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        op.body.read_all(1 << 20).await?;
        self.network.cut();
        self.taken.notify_one();
        std::future::pending().await
    }
}

#[tokio::test]
async fn bytes_that_came_on_links_that_are_gone_are_counted_alike_on_both_sides() {
    let world = World::new(Options { segment: 100, ..Options::default() });
    let sink = Arc::new(Sink { network: world.network.clone(), taken: Notify::new() });
    world.offer(sink.clone());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Bytes);
    let each = 40;
    for cuts in 1..=40 {
        let mut op = loop {
            match client.open_op("take", Vec::new(), 0).await {
                Ok(op) => break op,
                // the link that was cut is the one that is live until that is noticed
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let bytes = vec![7; usize::try_from(each * lease.unit_bytes).unwrap()];
        op.writer.write(&bytes).await.unwrap();
        op.writer.finish().await.unwrap();
        sink.taken.notified().await;
        until("both counts", || {
            client.units() >= cuts * each && world.served(LeaseId(1)) >= cuts * each
        })
        .await;
    }
    assert_eq!((client.units(), world.served(LeaseId(1))), (40 * each, 40 * each));
    client.detach().await;
}

/// Takes bytes, and loses so many links before it answers.
struct Fragile {
    network: Network,
    left: AtomicU64,
}

#[async_trait]
impl Adapter for Fragile {
    offers!(PLAIN, Bytes);

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        op.body.read_all(1 << 20).await?;
        if self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_err() {
            return Ok(());
        }
        self.network.cut();
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_call_whose_input_is_sent_again_is_counted_alike_on_both_sides() {
    let world = World::new(Options { segment: 100, ..Options::default() });
    let (each, cuts) = (40, 12);
    world.offer(Arc::new(Fragile { network: world.network.clone(), left: AtomicU64::new(cuts) }));
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Bytes);
    let input = vec![7; usize::try_from(each * lease.unit_bytes).unwrap()];
    client.call(call("take", &input)).await.unwrap();
    let all = (cuts + 1) * each;
    until("the consumer's count", || client.units() >= all).await;
    client.detach().await;
    assert_eq!((client.units(), world.served(LeaseId(1))), (all, all));
}

#[tokio::test]
async fn input_of_calls_whose_outcome_overtakes_their_count_is_counted_alike_on_both_sides() {
    let world = World::new(Options { segment: 1_000, ..Options::default() });
    let (each, rounds, abreast) = (40, 8, 16);
    world.offer(Arc::new(Fragile { network: world.network.clone(), left: AtomicU64::new(0) }));
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Bytes);
    let input = vec![7; usize::try_from(each * lease.unit_bytes).unwrap()];
    for _ in 0..rounds {
        let calls = (0..abreast).map(|_| client.call(call("take", &input)));
        futures::future::try_join_all(calls).await.unwrap();
    }
    let all = rounds * abreast * each;
    until("the consumer's count", || client.units() >= all).await;
    client.detach().await;
    assert_eq!((client.units(), world.served(LeaseId(1))), (all, all));
}

#[tokio::test]
async fn a_provider_that_moves_is_found_at_its_new_address() {
    let world = World::new(Options::default());
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let right = world.provider();
    let wrong = Peer { key: [0xEE; 32], ..right.clone() };
    let at = Arc::new(Mutex::new(wrong));
    let client = world.client_by(&lease, Tariff::Declared, Arc::new(Moving(Arc::clone(&at))));
    let caller = client.clone();
    let answer = tokio_util::task::TaskTracker::new()
        .spawn(async move { caller.call(call("upper", b"moved")).await });
    client.until(|health| matches!(health, Health::Stale(_))).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!answer.is_finished(), "nobody is at the wrong address");
    *at.lock().unwrap() = right;
    assert_eq!(answer.await.unwrap().unwrap().output, "MOVED");
    client.detach().await;
}

/// An endpoint behind which one address answers nothing at all, neither yes nor no.
struct Deaf(Arc<dyn Endpoint>);

const SILENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

#[async_trait]
impl Endpoint for Deaf {
    fn key(&self) -> Key {
        self.0.key()
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.0.addresses()
    }

    async fn dial(&self, peer: &Peer, alpn: &[u8]) -> Result<Arc<dyn Link>, LinkError> {
        if peer.addresses == [SILENT] {
            std::future::pending::<()>().await;
        }
        self.0.dial(peer, alpn).await
    }

    async fn accept(&self) -> Option<Arc<dyn Link>> {
        self.0.accept().await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

#[tokio::test]
async fn an_address_that_answers_nothing_is_left_as_soon_as_the_provider_has_another() {
    let network = Network::default();
    let near = Arc::new(Deaf(network.endpoint(CONSUMER_END)));
    let ends: [Arc<dyn Endpoint>; 2] = [near, network.endpoint(PROVIDER_END)];
    let world = World::over(Options::default(), network, ends);
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let right = world.provider();
    let wrong = Peer { addresses: vec![SILENT], ..right.clone() };
    let at = Arc::new(Mutex::new(wrong));
    let client = world.client_by(&lease, Tariff::Declared, Arc::new(Moving(Arc::clone(&at))));
    let caller = client.clone();
    let answer = tokio_util::task::TaskTracker::new()
        .spawn(async move { caller.call(call("upper", b"moved")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    *at.lock().unwrap() = right;
    assert_eq!(answer.await.unwrap().unwrap().output, "MOVED");
    client.detach().await;
}

#[tokio::test]
async fn a_chain_that_cannot_be_read_is_not_a_lease_that_is_closed() {
    let world = World::new(Options { segment: 1_000, ..Options::default() });
    world.offer(plain());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    client.call(call("upper", b"a")).await.unwrap();
    world.chain.set_down(true);
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.call(call("upper", b"b")).await.unwrap();
    client.detach().await;
}

#[tokio::test]
async fn a_provider_that_declares_more_than_was_allowed_is_not_paid_for_it() {
    let world = World::new(Options::default());
    world.offer(plain());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    // the provider's own count would be 1,000
    let greedy = caplet_fabric::client::Call { max_units: 10, ..call("upper", &[b'a'; 1_000]) };
    let Err(Stop::Refused(_)) = client.call(greedy).await else { panic!("served") };
    assert!(client.units() <= 10);
    client.detach().await;
}
