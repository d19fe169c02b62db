//! A leased uplink: what it carries, what it refuses, how that looks in SOCKS and HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod tun;

use async_trait::async_trait;
use caplet_fabric::health::Health;
use caplet_fabric::{Service, surface::Attached};
use caplet_fabric_net::{Allow, ProxySurface, Resolve, UplinkAdapter};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::DeviceId;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::task::TaskTracker;

/// Names of a world of its own: nothing of this machine's resolver.
struct Names;

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        match host {
            "site.example" | "rebound.example" => Ok(vec!["127.0.0.1".parse().unwrap()]),
            _ => Err("no such name".into()),
        }
    }
}

/// A server that answers every request head with a page of this length.
async fn site(page: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    TaskTracker::new().spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => return,
                }
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {page}\r\n\r\n");
            let _ = stream.write_all(&[head.into_bytes(), vec![b'p'; page]].concat()).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

/// A port that nobody listens on, and nobody else is given while it is held: one that was given back may be another
/// test's at once.
fn silent_port() -> (TcpSocket, SocketAddr) {
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = held.local_addr().unwrap();
    (held, address)
}

async fn attached(world: &World, allow: Allow) -> (Attached, SocketAddr) {
    world.offer(Arc::new(UplinkAdapter::new(allow, Arc::new(Names), 4)));
    let lease = world.lease(1, Service::PROXY);
    let surface = ProxySurface::new("127.0.0.1:0".parse().unwrap());
    let attached = world.attach(&lease, &surface, "uplink").await;
    let address = attached.address.strip_prefix("socks5h://").unwrap().parse().unwrap();
    (attached, address)
}

fn rules(rules: &[&str]) -> Allow {
    Allow::new(rules.iter().map(|rule| rule.parse().unwrap()).collect())
}

async fn socks(proxy: SocketAddr, host: &str, port: u16) -> (TcpStream, u8) {
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    stream.write_all(&[5, 1, 0]).await.unwrap();
    let mut method = [0; 2];
    stream.read_exact(&mut method).await.unwrap();
    assert_eq!(method, [5, 0]);
    let name = [&[u8::try_from(host.len()).unwrap()], host.as_bytes()].concat();
    let request = [&[5, 1, 0, 3][..], &name, &port.to_be_bytes()].concat();
    stream.write_all(&request).await.unwrap();
    let mut reply = [0; 10];
    stream.read_exact(&mut reply).await.unwrap();
    (stream, reply[1])
}

async fn page(stream: &mut TcpStream) -> usize {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: site.example\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let at = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    all.len() - at - 4
}

#[tokio::test]
async fn a_download_goes_through_socks_and_http_and_its_bytes_are_counted_on_both_sides() {
    let world = World::new(Options { unit_bytes: 1_024, ..Options::default() });
    let at = site(300 * 1024).await;
    let allow = rules(&["site.example:*"]).with_private();
    let (attached, proxy) = attached(&world, allow).await;
    let (mut stream, code) = socks(proxy, "site.example", at.port()).await;
    assert_eq!((code, page(&mut stream).await), (0, 300 * 1024));
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let connect = format!("CONNECT site.example:{} HTTP/1.1\r\n\r\n", at.port());
    stream.write_all(connect.as_bytes()).await.unwrap();
    let mut head = [0; 39];
    stream.read_exact(&mut head).await.unwrap();
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&head));
    assert_eq!(page(&mut stream).await, 300 * 1024);
    let counted = attached.client().units();
    assert_eq!(counted, 600, "600 KiB and a few heads, which are less than one");
    // as programs ask a proxy for what is not encrypted; more heads, and no more than a unit of them
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let whole = format!("GET http://site.example:{}/ HTTP/1.1\r\nHost: x\r\n\r\n", at.port());
    stream.write_all(whole.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK") && answer.len() > 300 * 1024);
    let counted = attached.client().units();
    assert!((900..=901).contains(&counted), "{counted}");
    attached.detach().await;
    let lease = 1.into();
    assert!(world.served(lease).abs_diff(counted) <= 1);
    assert!(world.paid(lease) >= u128::from(counted));
}

#[tokio::test]
async fn what_is_not_on_the_list_is_refused_and_says_so_in_socks_and_http() {
    let world = World::new(Options::default());
    let at = site(10).await;
    let allow = rules(&["site.example:*", "gone.example:*", "127.0.0.1:*", "rebound.example:*"]);
    let (attached, proxy) = attached(&world, allow).await;
    // not on the list; a name on it that leads into the provider's network; its own machine; no name
    for (host, code) in
        [("other.example", 2), ("rebound.example", 2), ("127.0.0.1", 2), ("gone.example", 4)]
    {
        assert_eq!(socks(proxy, host, at.port()).await.1, code, "{host}");
    }
    for (request, status) in [
        ("CONNECT other.example:80 HTTP/1.1\r\n\r\n", "403"),
        ("CONNECT nowhere HTTP/1.1\r\n\r\n", "400"),
        ("GET http://other.example/ HTTP/1.1\r\n\r\n", "403"),
        ("GET http://rebound.example/ HTTP/1.1\r\n\r\n", "403"),
        ("GET / HTTP/1.1\r\n\r\n", "405"),
    ] {
        let mut stream = TcpStream::connect(proxy).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request:?}: {answer}");
    }
    assert_eq!(attached.client().units(), 0);
    attached.detach().await;
}

#[tokio::test]
async fn a_closed_port_and_a_closed_lease_have_codes_of_their_own() {
    let world = World::new(Options::default());
    let allow = rules(&["site.example:*"]).with_private();
    let (attached, proxy) = attached(&world, allow).await;
    let (_held, silent) = silent_port();
    assert_eq!(socks(proxy, "site.example", silent.port()).await.1, 5, "connection refused");
    // bind, not connect
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    stream.write_all(&[5, 1, 0]).await.unwrap();
    stream.write_all(&[5, 2, 0, 1, 127, 0, 0, 1, 0, 80]).await.unwrap();
    let mut replies = [0; 12];
    stream.read_exact(&mut replies).await.unwrap();
    assert_eq!(replies[3], 7, "no such command");
    attached.detach().await;
    assert!(TcpStream::connect(proxy).await.is_err(), "nothing is left of a detached uplink");
}

#[tokio::test]
async fn a_proxy_stays_when_another_device_serves_and_new_connections_go_out_there() {
    let world = World::new(Options { unit_bytes: 1_024, ..Options::default() });
    let other = DeviceId(9);
    let (here, there) = (site(64 * 1024).await, site(32 * 1024).await);
    // each lets its own site be reached, so that it shows who carried what
    let only = |at: SocketAddr| rules(&[&format!("site.example:{}", at.port())]).with_private();
    let (attached, proxy) = attached(&world, only(here)).await;
    let carrier = UplinkAdapter::new(only(there), Arc::new(Names), 4);
    world.adapters.register(other, Arc::new(carrier));
    let (mut first, code) = socks(proxy, "site.example", here.port()).await;
    assert_eq!((code, page(&mut first).await), (0, 64 * 1024));
    // one that is open and asks for nothing
    let (mut open, code) = socks(proxy, "site.example", here.port()).await;
    assert_eq!(code, 0);
    world.pass_on(1.into(), other);
    attached.client().moved(other);
    let mut rest = Vec::new();
    let ended = open.read_to_end(&mut rest).await;
    assert!(ended.is_err() || rest.is_empty(), "a connection under way ends");
    let (mut next, code) = socks(proxy, "site.example", there.port()).await;
    assert_eq!((code, page(&mut next).await), (0, 32 * 1024));
    assert_eq!(socks(proxy, "site.example", here.port()).await.1, 2, "by the other's rules");
    assert_eq!(attached.client().provider(), other);
    let counted = attached.client().units();
    assert!((96..=98).contains(&counted), "each page once: {counted}");
    attached.detach().await;
    assert!(world.served(1.into()).abs_diff(counted) <= 1);
}

#[tokio::test]
async fn a_device_serves_as_many_as_it_says_whatever_others_of_its_gateway_serve() {
    let world = World::new(Options::default());
    let one = || Arc::new(UplinkAdapter::new(Allow::default(), Arc::new(Names), 1));
    world.offer(one());
    world.adapters.register(DeviceId(9), one());
    let client = |id: u64| {
        let lease = world.lease(id, Service::PROXY);
        if id == 2 {
            world.chain.serve_by(lease.lease, DeviceId(9));
        }
        world.client(&lease, caplet_fabric::Tariff::Bytes)
    };
    let mut clients = vec![client(1), client(2)];
    for client in &clients {
        client.until(|health| *health == Health::Up).await.unwrap();
    }
    clients.push(client(3));
    // the third is a second of the first device
    let paused =
        |health: &Health| matches!(health, Health::Paused(words) if words.contains("1 consumers"));
    clients[2].until(paused).await.unwrap();
    for client in clients {
        client.detach().await;
    }
}
