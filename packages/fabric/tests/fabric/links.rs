//! The transports: keys proved, sessions bound to them, bad weather.

use crate::support::{PLAIN, call, echo, plain};
use caplet_fabric::kinds::tcp::TcpAdapter;
use caplet_fabric::link::iroh::{self, Iroh};
use caplet_fabric::link::lossy::{Lossy, Weather};
use caplet_fabric::link::memory::Network;
use caplet_fabric::link::quic::Quic;
use caplet_fabric::link::{Endpoint, LinkError, Peer, Tuning};
use caplet_fabric::{Service, Tariff};
use caplet_fabric_testkit::{Options, World};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn by_iroh(seed: u8) -> Arc<dyn Endpoint> {
    iroh_for(seed, PLAIN).await
}

async fn iroh_for(seed: u8, service: Service) -> Arc<dyn Endpoint> {
    let options = iroh::Options {
        secret: [seed; 32],
        bind: "127.0.0.1:0".parse().unwrap(),
        alpns: vec![service.alpn()],
        relay: None,
        tuning: Tuning::default(),
    };
    Iroh::bind(options).await.unwrap()
}

fn by_quic(seed: u8) -> Arc<dyn Endpoint> {
    quic_for(seed, PLAIN)
}

fn quic_for(seed: u8, service: Service) -> Arc<dyn Endpoint> {
    let bind = "127.0.0.1:0".parse().unwrap();
    Quic::bind(&[seed; 32], bind, vec![service.alpn()], &Tuning::default()).unwrap()
}

fn peer(of: &Arc<dyn Endpoint>) -> Peer {
    Peer { key: of.key(), addresses: of.addresses(), relay: None }
}

/// What every transport must do.
async fn carries(near: Arc<dyn Endpoint>, far: Arc<dyn Endpoint>) {
    let at = peer(&far);
    let (link, other) =
        tokio::join!(async { near.dial(&at, &PLAIN.alpn()).await.unwrap() }, far.accept());
    let other = other.unwrap();
    assert_eq!((link.peer(), other.peer()), (far.key(), near.key()), "both keys are proved");
    assert_eq!(other.alpn(), PLAIN.alpn());
    let exported = link.export(b"EXPORTER-test", b"context").unwrap();
    assert_eq!(exported, other.export(b"EXPORTER-test", b"context").unwrap());
    assert_ne!(exported, link.export(b"EXPORTER-test", b"other").unwrap());
    let mut mine = link.open().await.unwrap();
    mine.send.write_all(b"ping").await.unwrap();
    mine.send.shutdown().await.unwrap();
    let mut theirs = other.accept().await.unwrap();
    let mut got = Vec::new();
    theirs.recv.read_to_end(&mut got).await.unwrap();
    theirs.send.write_all(&got).await.unwrap();
    theirs.send.shutdown().await.unwrap();
    let mut back = Vec::new();
    mine.recv.read_to_end(&mut back).await.unwrap();
    assert_eq!(back, b"ping");
    // an abandoned stream fails and is not taken for a finished one
    let mut mine = link.open().await.unwrap();
    mine.send.write_all(b"half").await.unwrap();
    let mut theirs = other.accept().await.unwrap();
    let mut four = [0; 4];
    theirs.recv.read_exact(&mut four).await.unwrap();
    mine.send.reset();
    theirs.recv.read_to_end(&mut Vec::new()).await.unwrap_err();
    link.close("enough");
    other.closed().await;
    assert!(other.open().await.is_err());
    near.close().await;
    far.close().await;
}

#[tokio::test]
async fn links_over_iroh_prove_keys_and_carry_streams() {
    carries(by_iroh(1).await, by_iroh(2).await).await;
}

#[tokio::test]
async fn links_over_quic_prove_keys_and_carry_streams() {
    carries(by_quic(1), by_quic(2)).await;
}

#[tokio::test]
async fn links_in_memory_prove_keys_and_carry_streams() {
    let network = Network::default();
    carries(network.endpoint([1; 32]), network.endpoint([2; 32])).await;
}

#[tokio::test]
async fn nobody_answers_under_another_gateways_key() {
    for (near, far, seed) in [
        (by_iroh(3).await, by_iroh(4).await, by_iroh(5).await),
        (by_quic(3), by_quic(4), by_quic(5)),
    ] {
        // the address of one, the key of another
        let wrong = Peer { key: seed.key(), ..peer(&far) };
        let alpn = PLAIN.alpn();
        let dial = near.dial(&wrong, &alpn);
        let dialled = tokio::time::timeout(Duration::from_secs(4), dial).await;
        match dialled {
            Ok(Err(LinkError::Unreachable { key, .. })) => assert_eq!(key, hex(&seed.key())),
            Ok(Err(other)) => panic!("{other}"),
            Ok(Ok(_)) => panic!("another gateway was taken for it"),
            Err(_) => {}
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_lease_is_served_and_paid_over_iroh_and_over_quic() {
    for (near, far) in [(by_iroh(6).await, by_iroh(7).await), (by_quic(6), by_quic(7))] {
        let world = World::over(Options::default(), Network::default(), [near, far]);
        world.offer(plain());
        let lease = world.lease(1, PLAIN);
        let client = world.client(&lease, Tariff::Declared);
        let outcome = client.call(call("upper", &[b'x'; 5_000])).await.unwrap();
        assert_eq!(outcome.output.len(), 5_000);
        client.detach().await;
        assert!(world.paid(lease.lease) >= 5_000);
    }
}

#[tokio::test]
async fn a_connection_that_both_ends_have_finished_ends_well_on_every_transport() {
    let service = Service::TCP;
    let memory = Network::default();
    for [near, far] in [
        [iroh_for(10, service).await, iroh_for(11, service).await],
        [quic_for(10, service), quic_for(11, service)],
        [memory.endpoint([1; 32]), memory.endpoint([2; 32])],
    ] {
        let world = World::over(Options::default(), memory.clone(), [near, far]);
        world.offer(Arc::new(TcpAdapter::new(echo().await.to_string())));
        let client = world.client(&world.lease(1, service), Tariff::Bytes);
        let mut op = client.open_op("connect", Vec::new(), 0).await.unwrap();
        assert_eq!(op.reader.read_exactly(1).await.unwrap(), [0], "connected");
        op.writer.write(b"there and back").await.unwrap();
        op.writer.finish().await.unwrap();
        assert_eq!(op.reader.read_exactly(14).await.unwrap(), b"there and back");
        assert_eq!(op.reader.read().await.unwrap(), None);
        op.outcome().await.unwrap();
        client.detach().await;
    }
}

#[tokio::test]
async fn a_lossy_slow_and_disordered_network_delays_and_loses_nothing() {
    let weather = Weather { loss: 50, delay: Duration::from_millis(10), late: 100, seed: 7 };
    for (near, far) in [(by_iroh(8).await, by_iroh(9).await), (by_quic(8), by_quic(9))] {
        let between = Lossy::to(far.addresses()[0], weather).await.unwrap();
        let at = Peer { addresses: vec![between.address()], ..peer(&far) };
        let world = World::over(Options::default(), Network::default(), [near, far]);
        world.offer(plain());
        let lease = world.lease(1, PLAIN);
        let client = world.client_by(&lease, Tariff::Declared, Arc::new(at));
        for _ in 0..3 {
            let input = [b'y'; 20_000];
            let outcome = client.call(call("upper", &input)).await.unwrap();
            assert_eq!(outcome.output, input.to_ascii_uppercase());
        }
        assert_eq!(client.units(), 60_000);
        client.detach().await;
    }
}
