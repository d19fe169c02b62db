//! Gateway to gateway: documents by digest, lease frames, vouchers.

use std::net::SocketAddr;
use std::sync::Arc;

/// What `GET /status` answers; asked anew each time.
pub type Status = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// Where other gateways connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// `host:port`s for the endpoint record; the bound address when empty.
    pub advertise: Vec<String>,
    /// Seconds that an endpoint record is valid; it is renewed at half of that.
    pub record_secs: u64,
    /// `host:port` of gateways to ask for endpoint records that this keeper missed.
    pub peers: Vec<String>,
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
