//! The consumer's side of a forwarded service: a local port.

use crate::client::Client;
use crate::desk::Resource;
use crate::kinds::relay;
use crate::service::{Service, Tariff};
use crate::surface::{AttachError, Attached, Place, Surface};
use async_trait::async_trait;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};

/// Listens on a local port; each connection is one at the provider.
pub struct TcpSurface {
    bind: SocketAddr,
}

impl TcpSurface {
    /// At this local address; port 0 takes a free one.
    #[must_use]
    pub fn new(bind: SocketAddr) -> Self {
        Self { bind }
    }
}

#[async_trait]
impl Surface for TcpSurface {
    fn service(&self) -> Service {
        Service::TCP
    }

    fn tariff(&self) -> Tariff {
        Tariff::Bytes
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let local = |e: std::io::Error| AttachError::Local {
            what: format!("port {}", self.bind),
            why: e.to_string(),
        };
        let listener = TcpListener::bind(self.bind).await.map_err(local)?;
        let address = listener.local_addr().map_err(local)?;
        let about = Arc::new(Address(address));
        place.desk.put(&place.alias, self.service(), client.health(), about)?;
        let forward = client.clone();
        client.spawn(async move {
            let tasks = tokio_util::task::TaskTracker::new();
            // dropped with this task: a detached service leaves no connection behind
            let stop = tokio_util::sync::CancellationToken::new();
            let _guard = stop.clone().drop_guard();
            while let Ok((stream, _)) = listener.accept().await {
                let (client, stop) = (forward.clone(), stop.clone());
                tasks.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = pass(&client, stream) => {}
                    }
                });
            }
        });
        let Place { alias, desk, .. } = place;
        Ok(Attached::new(address.to_string(), client, move || desk.remove(&alias)))
    }
}

async fn pass(client: &Client, stream: TcpStream) {
    let passed = async {
        let mut op = client.open_op("connect", Vec::new(), 0).await?;
        relay::connected(&mut op).await?;
        relay::consume(op, stream).await
    };
    // a TCP client sees its connection end; there is nothing else to tell it
    if let Err(stop) = passed.await {
        tracing::debug!(%stop, "a forwarded connection ended");
    }
}

/// What the desk says of a local port.
pub struct Address(pub SocketAddr);

#[async_trait]
impl Resource for Address {
    async fn answer(&self, _: &str, _: Request<Body>) -> Response {
        Json(json!({ "health": "up", "address": self.0.to_string() })).into_response()
    }
}
