//! The consumer's side of an uplink: one local port that speaks SOCKS5 and HTTP CONNECT.

use crate::{http, socks};
use async_trait::async_trait;
use caplet_fabric::client::{Client, ClientOp};
use caplet_fabric::kinds::relay;
use caplet_fabric::kinds::tcp::Address;
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::wire::Connect;
use prost::Message as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes an uplink a local proxy.
pub struct ProxySurface {
    bind: SocketAddr,
}

impl ProxySurface {
    /// At this local address; port 0 takes a free one.
    #[must_use]
    pub fn new(bind: SocketAddr) -> Self {
        Self { bind }
    }
}

#[async_trait]
impl Surface for ProxySurface {
    fn service(&self) -> Service {
        Service::PROXY
    }

    fn tariff(&self) -> Tariff {
        Tariff::Bytes
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let local = |e: io::Error| AttachError::Local {
            what: format!("port {}", self.bind),
            why: e.to_string(),
        };
        let listener = TcpListener::bind(self.bind).await.map_err(local)?;
        let address = listener.local_addr().map_err(local)?;
        place.desk.put(
            &place.alias,
            self.service(),
            client.health(),
            Arc::new(Address(address)),
        )?;
        let proxy = client.clone();
        client.spawn(async move {
            let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
            let _guard = stop.clone().drop_guard();
            while let Ok((stream, _)) = listener.accept().await {
                let (client, stop) = (proxy.clone(), stop.clone());
                tasks.spawn(async move {
                    let passed = tokio::select! {
                        () = stop.cancelled() => return,
                        passed = pass(&client, stream) => passed,
                    };
                    if let Err(stop) = passed {
                        tracing::debug!(%stop, "a proxied connection ended");
                    }
                });
            }
        });
        let (alias, desk) = (place.alias, place.desk);
        Ok(Attached::new(format!("socks5h://{address}"), client, move || desk.remove(&alias)))
    }
}

async fn pass(client: &Client, mut stream: TcpStream) -> Result<(), Stop> {
    let mut first = [0];
    let peeked = tokio::time::timeout(PATIENCE, stream.peek(&mut first)).await;
    let socks = matches!((peeked, first), (Ok(Ok(1)), [5]));
    let wanted = async {
        if socks {
            match socks::request(&mut stream).await? {
                Ok(target) => Ok(Some(target)),
                Err(code) => socks::reply(&mut stream, code).await.map(|()| None),
            }
        } else {
            http::request(&mut stream).await
        }
    };
    let wanted = tokio::time::timeout(PATIENCE, wanted).await;
    let Some((host, port)) = wanted.map_err(|_| Stop::refused("no request came in time"))?? else {
        return Ok(());
    };
    let began = std::time::Instant::now();
    let opened = open(client, host, port).await;
    // what the list does not lead to is the consumer's own affair
    if !matches!(&opened, Err(Stop::Refused(_))) {
        client.observe(began.elapsed(), opened.is_ok());
    }
    match opened {
        Ok(op) => {
            if socks {
                socks::reply(&mut stream, socks::SUCCEEDED).await?;
            } else {
                http::reply(&mut stream, 200, "").await?;
            }
            relay::consume(op, stream).await
        }
        Err(stop) => {
            let (code, status) = said(&stop);
            if socks {
                socks::reply(&mut stream, code).await?;
            } else {
                http::reply(&mut stream, status, &stop.to_string()).await?;
            }
            Err(stop)
        }
    }
}

async fn open(client: &Client, host: String, port: u16) -> Result<ClientOp, Stop> {
    let args = Connect { host, port: port.into() }.encode_to_vec();
    let opening = async {
        let mut op = client.open_op("connect", args, 0).await?;
        relay::connected(&mut op).await?;
        Ok(op)
    };
    let opened = tokio::time::timeout(PATIENCE.saturating_mul(2), opening).await;
    opened.unwrap_or(Err(Stop::Deadline(20_000)))
}

/// What a failure is in SOCKS and in HTTP.
fn said(stop: &Stop) -> (u8, u16) {
    match stop {
        Stop::Ended(_) => (socks::NETWORK_UNREACHABLE, 503),
        Stop::Deadline(_) => (socks::HOST_UNREACHABLE, 504),
        Stop::Refused(words) if words.starts_with("not allowed") => (socks::NOT_ALLOWED, 403),
        Stop::Refused(words) if words.starts_with("unknown host") => (socks::HOST_UNREACHABLE, 502),
        Stop::Refused(words) if words.starts_with("unreachable") => (socks::HOST_UNREACHABLE, 504),
        Stop::Refused(words) if words.starts_with("refused") => (socks::REFUSED, 502),
        _ => (socks::FAILED, 502),
    }
}
