//! What one side can't do to the other.

use crate::support::{Moving, PATIENCE, PLAIN, call, offers, plain, until};
use async_trait::async_trait;
use caplet_fabric::adapter::Adapter;
use caplet_fabric::client::Call;
use caplet_fabric::host::{Limits, Op, Session};
use caplet_fabric::link::memory::Network;
use caplet_fabric::link::{Endpoint, Peer};
use caplet_fabric::{End, Stop, Tariff};
use caplet_fabric_testkit::{Options, World};
use proptest::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn limits() -> Limits {
    Limits {
        ops: 8,
        patience: Duration::from_millis(300),
        stall: Duration::from_millis(300),
        look: Duration::from_millis(20),
        ..Limits::default()
    }
}

#[tokio::test]
async fn endless_output_ends_where_the_consumer_said() {
    let world = World::new(Options::default());
    world.offer(plain());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    let Err(Stop::Refused(words)) = client.call(call("flood", b"")).await else {
        panic!("endless")
    };
    assert!(words.contains("came back"), "{words}");
    assert_eq!(client.call(call("upper", b"on")).await.unwrap().output, "ON");
    client.detach().await;
}

#[tokio::test]
async fn a_reader_that_reads_nothing_holds_a_slot_for_a_while_only() {
    let world = World::new(Options { limits: limits(), ..Options::default() });
    world.offer(plain());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    let mut slow = Vec::new();
    for _ in 0..8 {
        slow.push(client.open_op("flood", Vec::new(), 0).await.unwrap());
    }
    // every slot is taken; each is given back when nothing was read for too long
    assert_eq!(client.call(call("upper", b"on")).await.unwrap().output, "ON");
    for op in &slow {
        let Err(Stop::Refused(words)) = op.outcome().await else { panic!("served") };
        assert!(words.contains("nothing was read"), "{words}");
    }
    client.detach().await;
}

#[tokio::test]
async fn thousands_of_streams_that_say_nothing_take_no_more_than_the_slots() {
    let world = World::new(Options { limits: limits(), ..Options::default() });
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    client.call(call("upper", b"a")).await.unwrap();
    let mut open = Vec::new();
    for n in 0..3_000u32 {
        // more than the link holds: the next is not even opened
        let opened = tokio::time::timeout(Duration::from_millis(20), client.open_silent()).await;
        match opened {
            Ok(Ok(stream)) => open.push(stream),
            _ => break,
        }
        assert!(n < 1_000, "the link takes streams without end");
    }
    drop(open);
    assert_eq!(client.call(call("upper", b"on")).await.unwrap().output, "ON");
    client.detach().await;
}

#[tokio::test]
async fn a_huge_header_or_name_is_refused_and_the_session_goes_on() {
    let world = World::new(Options::default());
    world.offer(plain());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    let op = client.open_op("upper", vec![0; 17 * 1024], 0).await.unwrap();
    assert!(matches!(op.outcome().await, Err(Stop::Refused(words)) if words.contains("16 KiB")));
    let name = "x".repeat(65);
    let op = client.open_op(&name, Vec::new(), 0).await.unwrap();
    assert!(matches!(op.outcome().await, Err(Stop::Refused(words)) if words.contains("64 bytes")));
    assert_eq!(client.call(call("upper", b"on")).await.unwrap().output, "ON");
    client.detach().await;
}

async fn strange(world: &World, network: &Network, bytes: &[u8]) {
    // the consumer's own key, and anything but a session
    let end = network.endpoint([0xC0; 32]);
    let link = end.dial(&Peer { addresses: Vec::new(), ..world.provider() }, &PLAIN.alpn()).await;
    let link = link.unwrap();
    let mut control = link.open().await.unwrap();
    let _ = control.send.write_all(bytes).await;
    let _ = control.send.shutdown().await;
    // whatever it says to that, it says its last
    let mut last = Vec::new();
    let answer = control.recv.read_to_end(&mut last);
    let _ = tokio::time::timeout(PATIENCE, answer).await.unwrap();
    link.close("enough");
}

#[test]
fn no_bytes_on_a_control_stream_do_harm() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(async {
        let world = World::new(Options { limits: limits(), ..Options::default() });
        world.offer(plain());
        world.lease(1, PLAIN);
        world
    });
    let config = ProptestConfig { cases: 40, ..ProptestConfig::default() };
    proptest!(config, |(bytes in proptest::collection::vec(any::<u8>(), 0..200), framed: bool)| {
        let prefix = if framed { (bytes.len() as u32).to_be_bytes().to_vec() } else { Vec::new() };
        let all = [prefix, bytes].concat();
        runtime.block_on(strange(&world, &world.network, &all));
    });
    runtime.block_on(async {
        let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
        assert_eq!(client.call(call("upper", b"still")).await.unwrap().output, "STILL");
        client.detach().await;
    });
}

/// What was given to a provider that begins a frame of 4 GiB instead of a session, again and again: how often it was
/// dialled, and the most that was taken of what it said.
#[derive(Default)]
struct Met {
    dialled: AtomicUsize,
    taken: AtomicUsize,
}

async fn boast(end: Arc<dyn Endpoint>, met: Arc<Met>) {
    while let Some(link) = end.accept().await {
        let Ok(mut control) = link.accept().await else { continue };
        met.dialled.fetch_add(1, Ordering::SeqCst);
        let mut taken = 0;
        let mut next = u32::MAX.to_be_bytes().to_vec();
        while control.send.write_all(&next).await.is_ok() {
            taken += next.len();
            next = vec![0; 4_096];
        }
        met.taken.fetch_max(taken, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_provider_that_begins_with_a_huge_frame_is_left_and_another_one_serves() {
    let world = World::new(Options::default());
    world.offer(plain());
    let boaster = world.network.endpoint([0xEE; 32]);
    let mut lease = world.lease(1, PLAIN);
    lease.provider.endpoints.push(boaster.key());
    world.chain.put(lease.clone());
    let (right, met) = (world.provider(), Arc::new(Met::default()));
    let wrong = Peer { key: boaster.key(), ..right.clone() };
    let boasting = tokio_util::task::TaskTracker::new();
    boasting.spawn(boast(Arc::clone(&boaster), Arc::clone(&met)));
    let at = Arc::new(Mutex::new(wrong));
    let client = world.client_by(&lease, Tariff::Declared, Arc::new(Moving(Arc::clone(&at))));
    until("a second try", || met.dialled.load(Ordering::SeqCst) >= 2).await;
    *at.lock().unwrap() = right;
    assert_eq!(client.call(call("upper", b"on")).await.unwrap().output, "ON");
    // no more than what is under way on a link fits in between
    let taken = met.taken.load(Ordering::SeqCst);
    assert!(taken <= 512 * 1024, "{taken} bytes of a frame that is too long");
    assert_eq!(client.units(), 2);
    client.detach().await;
    boaster.close().await;
}

/// Begins every answer and ends none, whatever the consumer says of its patience.
struct Mute;

#[async_trait]
impl Adapter for Mute {
    offers!(PLAIN, Declared);

    async fn operate(&self, _: &mut Op) -> Result<(), Stop> {
        std::future::pending().await
    }

    async fn serve(self: Arc<Self>, session: Session) -> End {
        let mut held = Vec::new();
        while let Some(mut op) = session.next_op().await {
            // more than is gathered before it is sent
            let _ = op.body.write(&[7; 100_000]).await;
            held.push(op);
        }
        session.ended().await
    }
}

#[tokio::test]
async fn a_provider_that_never_ends_an_answer_is_waited_for_as_long_as_was_said() {
    let world = World::new(Options::default());
    world.offer(Arc::new(Mute));
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    for _ in 0..3 {
        let patience = Duration::from_millis(200);
        let waiting = client.call(Call { patience, ..call("upper", b"on") });
        let waited = tokio::time::timeout(PATIENCE, waiting).await.unwrap();
        assert!(matches!(waited, Err(Stop::Deadline(200))), "{waited:?}");
    }
    assert_eq!(client.units(), 0, "what never came is not paid");
    tokio::time::timeout(PATIENCE, client.detach()).await.unwrap();
}
