//! Windows for long fat links: the defaults of QUIC stacks are slow on them.

use std::time::Duration;

/// What a QUIC endpoint is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Bytes a peer may have under way on one stream. 8 MiB carries 640 Mbit/s at 100 ms.
    pub stream_window: u32,
    /// Bytes a peer may have under way on a connection.
    pub window: u32,
    /// Streams a peer may have open at a time.
    pub streams: u32,
    /// Silence after which a link is given up.
    pub idle: Duration,
    /// Between probes of a silent link.
    pub keep_alive: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            stream_window: 8 << 20,
            window: 24 << 20,
            streams: 256,
            idle: Duration::from_secs(10),
            keep_alive: Duration::from_secs(3),
        }
    }
}
