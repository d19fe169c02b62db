//! Gateway to gateway: documents by digest, lease frames, vouchers.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;

/// What `GET /status` answers; asked anew each time.
pub type Status = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// Where other gateways connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// `host:port` in the endpoint record; the bound address when absent.
    pub advertise: Option<String>,
    /// `host:port` of gateways to ask for endpoint records that this keeper missed.
    pub peers: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7480)),
            advertise: None,
            peers: Vec::new(),
        }
    }
}

/// The HTTP server of this gateway and its client to others.
pub struct Exchange {
    address: SocketAddr,
}

impl Exchange {
    /// The address really bound.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}
