//! Windows for long fat links: the defaults of QUIC stacks are slow on them.

use std::time::Duration;

/// What a QUIC endpoint is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Bytes a peer may have under way on one stream. 2 MiB carries 160 Mbit/s at 100 ms; what needs more
    /// takes several streams. Much more is dangerous: the QUIC stacks give a connection up when a stream
    /// has more than 1,024 gaps, as a receiver that was not scheduled for a while gets them. A gap and
    /// the piece after it are 1,200 bytes each at least, so 2 MiB can't have that many.
    pub stream_window: u32,
    /// Bytes a peer may have under way on a connection.
    pub window: u32,
    /// Bytes that the system keeps for a socket while this program is busy, as far as it allows.
    pub socket: usize,
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
            stream_window: 2 << 20,
            window: 24 << 20,
            socket: 4 << 20,
            streams: 256,
            idle: Duration::from_secs(10),
            keep_alive: Duration::from_secs(3),
        }
    }
}
