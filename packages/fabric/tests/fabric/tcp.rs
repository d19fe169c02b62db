//! A forwarded service.

use crate::support::{echo, silent_port, until};
use caplet_fabric::Service;
use caplet_fabric::kinds::tcp::{TcpAdapter, TcpSurface};
use caplet_fabric_testkit::{Options, World};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn surface() -> TcpSurface {
    TcpSurface::new("127.0.0.1:0".parse().unwrap())
}

#[tokio::test]
async fn a_leased_service_is_a_local_port_and_each_byte_is_counted_once_a_way() {
    let world = World::new(Options { unit_bytes: 1_000, segment: 200, ..Options::default() });
    world.offer(Arc::new(TcpAdapter::new(echo().await.to_string())));
    let lease = world.lease(1, Service::TCP);
    let attached = world.attach(&lease, &surface(), "echo").await;
    let mut stream = TcpStream::connect(&attached.address).await.unwrap();
    let sent: Vec<u8> = (0..500_000u32).map(|i| (i % 251) as u8).collect();
    let (mut read, mut write) = stream.split();
    let mut got = Vec::new();
    let (wrote, ()) = tokio::join!(
        async {
            write.write_all(&sent).await.unwrap();
            write.shutdown().await
        },
        async {
            read.read_to_end(&mut got).await.unwrap();
        }
    );
    wrote.unwrap();
    assert!(got == sent, "{} bytes came back of {}", got.len(), sent.len());
    until("the last of the counts", || attached.client().units() == 1_000).await;
    attached.detach().await;
    assert_eq!(world.served(lease.lease), 1_000);
    assert!(world.paid(lease.lease) >= 1_000);
}

#[tokio::test]
async fn many_connections_share_a_lease() {
    let world = World::new(Options::default());
    world.offer(Arc::new(TcpAdapter::new(echo().await.to_string())));
    let lease = world.lease(1, Service::TCP);
    let attached = world.attach(&lease, &surface(), "echo").await;
    let all = (0..20u8).map(|n| {
        let address = attached.address.clone();
        async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(&[n; 100]).await.unwrap();
            let mut back = [0; 100];
            stream.read_exact(&mut back).await.unwrap();
            assert_eq!(back, [n; 100]);
        }
    });
    futures::future::join_all(all).await;
    attached.detach().await;
}

#[tokio::test]
async fn a_service_that_is_down_ends_the_connection_and_not_the_lease() {
    let world = World::new(Options::default());
    let (_held, silent) = silent_port();
    world.offer(Arc::new(TcpAdapter::new(silent.to_string())));
    let lease = world.lease(1, Service::TCP);
    let attached = world.attach(&lease, &surface(), "down").await;
    for _ in 0..2 {
        let mut stream = TcpStream::connect(&attached.address).await.unwrap();
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0);
    }
    assert_eq!(attached.client().units(), 0);
    attached.detach().await;
}
