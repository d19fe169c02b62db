//! A download through a leased uplink, beside the same download without it.

use crate::ends::{By, options, world};
use crate::watch::{line, rate, tenths};
use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use caplet_fabric::Service;
use caplet_fabric_net::{Allow, ProxySurface, Resolve, UplinkAdapter};
use serde_json::json;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

const BYTES: u64 = 256 << 20;
const ROUNDS: usize = 5;

/// Names of this bench alone.
struct Names;

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, String> {
        Ok(vec![IpAddr::from([127, 0, 0, 1])])
    }
}

pub(crate) async fn run() -> anyhow::Result<()> {
    let site = site().await?;
    let folder = tempfile::tempdir()?;
    let world = world(By::Iroh, Service::PROXY, options()).await?;
    world.keep_on_disk(folder.path());
    let rules = vec!["site.example:*".parse()?];
    world.offer(Arc::new(UplinkAdapter::new(Allow::new(rules).with_private(), Arc::new(Names), 4)));
    let lease = world.lease(1, Service::PROXY);
    let attached = world.attach(&lease, &ProxySurface::new("127.0.0.1:0".parse()?), "uplink").await;
    let proxy = attached.address.strip_prefix("socks5h://").context("no SOCKS address")?;
    let proxy: SocketAddr = proxy.parse()?;
    let (mut direct, mut leased) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        page(TcpStream::connect(site).await?).await?;
        direct = direct.min(started.elapsed());
        let started = Instant::now();
        page(socks(proxy, site).await?).await?;
        leased = leased.min(started.elapsed());
    }
    attached.detach().await;
    for (name, time) in [("direct", direct), ("leased uplink, SOCKS5 over iroh", leased)] {
        line("download", name, &json!({ "mib_a_second": tenths(rate(BYTES, time)) }));
    }
    Ok(())
}

async fn site() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    TaskTracker::new().spawn(async move {
        let piece = vec![b'p'; 64 * 1024];
        while let Ok((mut stream, _)) = listener.accept().await {
            if stream.read(&mut [0; 1_024]).await.is_err() {
                continue;
            }
            for _ in 0..BYTES / (1 << 16) {
                if stream.write_all(&piece).await.is_err() {
                    break;
                }
            }
        }
    });
    Ok(address)
}

async fn page(mut stream: TcpStream) -> anyhow::Result<()> {
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
    let (mut got, mut buffer) = (0u64, vec![0; 64 * 1024]);
    while let some @ 1.. = stream.read(&mut buffer).await? {
        got = got.saturating_add(u64::try_from(some)?);
    }
    ensure!(got == BYTES, "{got} of {BYTES} bytes came");
    Ok(())
}

async fn socks(proxy: SocketAddr, site: SocketAddr) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(proxy).await?;
    stream.write_all(&[5, 1, 0]).await?;
    stream.read_exact(&mut [0; 2]).await?;
    let name = b"site.example";
    let head = [5, 1, 0, 3, u8::try_from(name.len())?];
    stream.write_all(&[&head[..], name, &site.port().to_be_bytes()].concat()).await?;
    let mut reply = [0; 10];
    stream.read_exact(&mut reply).await?;
    ensure!(reply[1] == 0, "the proxy says {}", reply[1]);
    Ok(stream)
}
