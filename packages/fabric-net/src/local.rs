//! The consumer's side of an uplink: one local port that speaks SOCKS5 and HTTP, and a network interface if
//! one is asked for.

use crate::ask;
use crate::tun::{self, TunPlan, TunShown};
use async_trait::async_trait;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use caplet_fabric::client::{Client, ClientOp};
use caplet_fabric::desk::Resource;
use caplet_fabric::kinds::relay;
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::wire::Connect;
use prost::Message as _;
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a destination may take to be reached.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes an uplink a local proxy, and an interface.
pub struct ProxySurface {
    bind: SocketAddr,
    tun: Option<TunPlan>,
}

impl ProxySurface {
    /// At this local address; port 0 takes a free one.
    #[must_use]
    pub fn new(bind: SocketAddr) -> Self {
        Self { bind, tun: None }
    }

    /// With an interface beside the proxy. Where it can't be had the lease is attached without, and says what it
    /// lacks ([`Attached::lacks`]).
    #[must_use]
    pub fn with_tun(mut self, plan: Option<TunPlan>) -> Self {
        self.tun = plan;
        self
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
        let tun = match &self.tun {
            Some(plan) => Some(tun::start(plan, &client).await),
            None => None,
        };
        let (shown, lacks) = match tun.transpose() {
            Ok(shown) => (shown, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let beside = shown.as_ref().map(|tun| json!({ "tun": tun }));
        let resource = Arc::new(Uplink { proxy: address, tun: shown, lacks: lacks.clone() });
        place.desk.put(&place.alias, self.service(), client.health(), resource)?;
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
        let attached =
            Attached::new(format!("socks5h://{address}"), client, move || desk.remove(&alias));
        Ok(attached.lacking(lacks).beside(beside))
    }
}

/// Where an uplink is.
struct Uplink {
    proxy: SocketAddr,
    tun: Option<TunShown>,
    lacks: Option<String>,
}

#[async_trait]
impl Resource for Uplink {
    async fn answer(&self, _: &str, _: Request<Body>) -> Response {
        let mut shown = json!({ "health": "up", "address": self.proxy.to_string() });
        if let Some(tun) = &self.tun {
            shown["tun"] = json!(tun);
        }
        if let Some(lacks) = &self.lacks {
            shown["lacks"] = lacks.as_str().into();
        }
        Json(shown).into_response()
    }
}

async fn pass(client: &Client, mut stream: TcpStream) -> Result<(), Stop> {
    let Some(asked) = ask::asked(&mut stream).await? else { return Ok(()) };
    match open(client, asked.host.clone(), asked.port).await {
        Ok(mut op) => {
            asked.granted(&mut stream).await?;
            op.writer.write(asked.first()).await?;
            relay::consume(op, stream).await
        }
        Err(stop) => {
            asked.refused(&mut stream, &stop).await?;
            Err(stop)
        }
    }
}

/// Has the provider connect to a name or an address.
pub(crate) async fn open(client: &Client, host: String, port: u16) -> Result<ClientOp, Stop> {
    let began = std::time::Instant::now();
    let args = Connect { host, port: port.into() }.encode_to_vec();
    let opening = async {
        let mut op = client.open_op("connect", args, 0).await?;
        relay::connected(&mut op).await?;
        Ok(op)
    };
    let opened = tokio::time::timeout(PATIENCE, opening).await;
    let opened = opened.unwrap_or(Err(Stop::Deadline(20_000)));
    // what the list does not lead to is the consumer's own affair, as a lease that is used up is
    if !matches!(&opened, Err(Stop::Refused(_) | Stop::Exhausted(_))) {
        client.observe(began.elapsed(), opened.is_ok());
    }
    opened
}
