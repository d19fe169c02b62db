//! Bytes and small calls through a lease, beside TCP and the bare link. The bare link and the lease send
//! the same bytes from memory to memory, so the difference is metering, framing and payment.

use crate::ends::{By, options, peer, world};
use crate::watch::{line, rate, spread, tenths, turns};
use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::client::{Call, Client};
use caplet_fabric::host::Op;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::link::Link;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_fabric_testkit::{Options, World};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

const BYTES: u64 = 512 << 20;
const PIECE: usize = 64 * 1024;
const CALLS: usize = 3_000;
/// Each is measured so often, in turns, and the best is told: other programs only make it slower.
const ROUNDS: usize = 5;

/// Where counts are kept: whether that is a disk.
const STORES: [(&str, bool); 2] = [("in memory", false), ("on disk", true)];
/// How a lease is paid: links to a segment. A keeper's default is 16.
const PAYS: [(&str, u16); 2] = [("a voucher each 2 MiB", 0), ("16 links to 64 MiB", 16)];

const BULK: Service = Service::named("bulk");
const ECHO: Service = Service::named("echo");

/// Sends bytes, counted and paid by the byte.
struct Source;

#[async_trait]
impl Adapter for Source {
    fn service(&self) -> Service {
        BULK
    }

    fn tariff(&self) -> Tariff {
        Tariff::Bytes
    }

    fn admit(&self, _: &LeaseView, _: Load) -> Result<(), String> {
        Ok(())
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        let piece = vec![7; PIECE];
        for _ in 0..BYTES / (1 << 16) {
            op.body.write(&piece).await?;
        }
        op.body.finish().await
    }
}

/// Answers with what it gets, for a unit.
struct Echo;

#[async_trait]
impl Adapter for Echo {
    fn service(&self) -> Service {
        ECHO
    }

    fn tariff(&self) -> Tariff {
        Tariff::Declared
    }

    fn admit(&self, _: &LeaseView, _: Load) -> Result<(), String> {
        Ok(())
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        let input = op.body.read_all(PIECE).await?;
        op.charge(1).await?;
        op.reply(input.into()).await
    }
}

pub(crate) async fn run() -> anyhow::Result<()> {
    bulk().await?;
    calls().await
}

async fn bulk() -> anyhow::Result<()> {
    let tasks = TaskTracker::new();
    let folder = tempfile::tempdir()?;
    let mut named: Vec<(String, Way)> = vec![("tcp".into(), Way::Tcp(tcp_source(&tasks).await?))];
    for by in By::ALL {
        named.push((by.name().into(), Way::Link(linked(by, BULK, &tasks, source).await?)));
        let ways = STORES.into_iter().flat_map(|store| PAYS.map(|pay| (store, pay)));
        for ((store, disk), (paid, links)) in ways {
            // an eighth of what is moved, as keepers have it, where links pay for its parts
            let segment = if links == 0 { options().segment } else { 16_384 };
            let world = world(by, BULK, Options { segment, links, ..options() }).await?;
            if disk {
                let at = folder.path().join(format!("{}-{links}", by.name()));
                std::fs::create_dir(&at)?;
                world.keep_on_disk(&at);
            }
            world.offer(Arc::new(Source));
            let lease = world.lease(1, BULK);
            let client = world.client(&lease, Tariff::Bytes);
            named.push((
                format!("a lease over {}, its counts {store}, paid by {paid}", by.name()),
                Way::Lease { client, _world: world },
            ));
        }
    }
    let mut best = vec![Duration::MAX; named.len()];
    for _ in 0..ROUNDS {
        for ((_, way), best) in named.iter().zip(&mut best) {
            let started = Instant::now();
            way.pull().await?;
            *best = started.elapsed().min(*best);
        }
    }
    for ((name, _), best) in named.iter().zip(best) {
        line("tunnel", name, &json!({ "mib_a_second": tenths(rate(BYTES, best)) }));
    }
    Ok(())
}

enum Way {
    Tcp(std::net::SocketAddr),
    Link(Arc<dyn Link>),
    /// The world ends with its last handle.
    Lease {
        client: Client,
        _world: Arc<World>,
    },
}

impl Way {
    async fn pull(&self) -> anyhow::Result<()> {
        let mut got = 0u64;
        let mut buffer = vec![0; PIECE];
        match self {
            Self::Tcp(address) => {
                let mut stream = TcpStream::connect(address).await?;
                while let some @ 1.. = stream.read(&mut buffer).await? {
                    got = got.saturating_add(u64::try_from(some)?);
                }
            }
            Self::Link(link) => {
                let mut stream = link.open().await?;
                stream.send.write_all(&[1]).await?;
                stream.send.shutdown().await?;
                while let some @ 1.. = stream.recv.read(&mut buffer).await? {
                    got = got.saturating_add(u64::try_from(some)?);
                }
            }
            Self::Lease { client, .. } => {
                let mut op = client.open_op("pull", Vec::new(), 0).await?;
                op.writer.finish().await?;
                let came = async {
                    while let Some(bytes) = op.reader.read().await? {
                        got = got.saturating_add(bytes.len() as u64);
                    }
                    Ok::<_, Stop>(())
                };
                let came = came.await;
                // the outcome says more than a stream that broke
                op.outcome().await?;
                came?;
            }
        }
        anyhow::ensure!(got == BYTES, "{got} of {BYTES} bytes came");
        Ok(())
    }
}

async fn tcp_source(tasks: &TaskTracker) -> anyhow::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tasks.spawn(async move {
        let piece = vec![7; PIECE];
        while let Ok((mut stream, _)) = listener.accept().await {
            for _ in 0..BYTES / (1 << 16) {
                if stream.write_all(&piece).await.is_err() {
                    break;
                }
            }
        }
    });
    Ok(address)
}

/// A bare link, the far end answering each stream.
async fn linked<F, T>(
    by: By,
    service: Service,
    tasks: &TaskTracker,
    answer: F,
) -> anyhow::Result<Arc<dyn Link>>
where
    F: Fn(caplet_fabric::link::Stream) -> T + Send + 'static,
    T: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let [near, far] = by.pair(service).await?;
    let at = peer(&far);
    let answering = tasks.clone();
    tasks.spawn(async move {
        let Some(link) = far.accept().await else { return };
        while let Ok(stream) = link.accept().await {
            answering.spawn(answer(stream));
        }
    });
    let link = near.dial(&at, &service.alpn()).await?;
    // an endpoint that is dropped closes its links
    tasks.spawn(async move { near.accept().await.is_some() });
    Ok(link)
}

async fn source(mut stream: caplet_fabric::link::Stream) -> anyhow::Result<()> {
    stream.recv.read_to_end(&mut Vec::new()).await?;
    let piece = vec![7; PIECE];
    for _ in 0..BYTES / (1 << 16) {
        stream.send.write_all(&piece).await?;
    }
    stream.send.shutdown().await?;
    Ok(())
}

async fn echo(mut stream: caplet_fabric::link::Stream) -> anyhow::Result<()> {
    let mut all = Vec::new();
    stream.recv.read_to_end(&mut all).await?;
    stream.send.write_all(&all).await?;
    stream.send.shutdown().await?;
    Ok(())
}

/// Sixty-four bytes there and back, a stream of its own each.
async fn calls() -> anyhow::Result<()> {
    let tasks = TaskTracker::new();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let mut buffer = [0; 64];
            while stream.read_exact(&mut buffer).await.is_ok() {
                if stream.write_all(&buffer).await.is_err() {
                    break;
                }
            }
        }
    });
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let stream = tokio::sync::Mutex::new(stream);
    let times = turns(CALLS, async || {
        let mut stream = stream.lock().await;
        stream.write_all(&[7; 64]).await?;
        stream.read_exact(&mut [0; 64]).await.context("the echo is gone")?;
        Ok(())
    });
    told("tcp, one connection", times.await?);
    for by in By::ALL {
        let link = linked(by, ECHO, &tasks, echo).await?;
        let times = turns(CALLS, async || {
            let mut stream = link.open().await?;
            stream.send.write_all(&[7; 64]).await?;
            stream.send.shutdown().await?;
            let mut back = Vec::new();
            stream.recv.read_to_end(&mut back).await?;
            anyhow::ensure!(back == [7; 64]);
            Ok(())
        });
        told(&format!("{}, a stream each", by.name()), times.await?);
        let folder = tempfile::tempdir()?;
        let world = world(by, ECHO, options()).await?;
        world.keep_on_disk(folder.path());
        world.offer(Arc::new(Echo));
        let lease = world.lease(1, ECHO);
        let client = world.client(&lease, Tariff::Declared);
        let times = turns(CALLS, async || {
            let outcome = client.call(call()).await?;
            anyhow::ensure!(*outcome.output == [7; 64]);
            Ok(())
        });
        told(&format!("a lease over {}, an operation each", by.name()), times.await?);
        client.detach().await;
    }
    Ok(())
}

fn call() -> Call {
    Call {
        name: "echo",
        args: Vec::new(),
        input: Bytes::from_static(&[7; 64]),
        max_units: 1,
        most: 64,
        patience: Duration::from_secs(20),
    }
}

fn told(name: &str, times: Vec<Duration>) {
    let (median, p99) = spread(times);
    line("call", name, &json!({ "median_us": median, "p99_us": p99 }));
}
