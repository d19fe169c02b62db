//! A small web server on loopback: the network that a leased uplink reaches.

use anyhow::Context as _;
use axum::{Router, extract::Path, http::StatusCode, routing::get};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Longest answer, bytes.
const MOST: usize = 1 << 20;

/// What marks everything that applications send and get, so that it can be searched for where it must
/// not be readable.
pub const MARK: &str = "CAPLET-MARK-8e31c5a90d47";

/// The server; it ends when it is dropped.
pub struct Origin {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Origin {
    /// Starts on a free port.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no free port on loopback")?;
        let address = listener.local_addr()?;
        let app = Router::new()
            .route("/pattern/{seed}/{len}", get(pattern))
            .route("/marked/{seed}/{len}", get(marked));
        let serve = async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::warn!(%error, "origin ended");
            }
        };
        #[allow(clippy::disallowed_methods)] // it lives in its owner's drop, not in a keeper's tree
        let task = tokio::spawn(serve);
        Ok(Self { address, task })
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn marked(path: Path<(u64, usize)>) -> Result<Vec<u8>, StatusCode> {
    Ok([MARK.as_bytes(), &pattern(path).await?].concat())
}

async fn pattern(Path((seed, len)): Path<(u64, usize)>) -> Result<Vec<u8>, StatusCode> {
    if len > MOST {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    Ok(crate::capability::pattern(seed, len))
}
