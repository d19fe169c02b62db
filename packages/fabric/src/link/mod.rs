//! A link: one authenticated peer, streams to and from it, and keying material that binds a session
//! to this connection and no other.

mod error;
#[cfg(feature = "iroh")]
pub mod iroh;
pub mod lossy;
pub mod memory;
#[cfg(feature = "quinn")]
pub mod quic;
mod tuning;

pub use error::LinkError;
pub use tuning::Tuning;

use async_trait::async_trait;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// An ed25519 endpoint key.
pub type Key = [u8; 32];

/// The end of a stream that is written. Shutting it down tells the peer that all is said; dropping it
/// unfinished is the same, so an operation's outcome is never read from its stream.
pub trait SendHalf: AsyncWrite + Send + Sync + Unpin {
    /// Abandons the stream: the peer's next read fails.
    fn reset(&mut self);
}

/// The end of a stream that is read.
pub trait RecvHalf: AsyncRead + Send + Sync + Unpin {
    /// Wants no more: the peer's next write fails.
    fn stop(&mut self);
}

/// A stream in both directions.
pub struct Stream {
    /// To the peer.
    pub send: Box<dyn SendHalf>,
    /// From the peer.
    pub recv: Box<dyn RecvHalf>,
}

/// A connection whose other end has proved its key.
#[async_trait]
pub trait Link: Send + Sync + 'static {
    /// The key that the other end has proved.
    fn peer(&self) -> Key;

    /// This end's key.
    fn local(&self) -> Key;

    /// The protocol agreed on: `caplet/<service>/1`.
    fn alpn(&self) -> Vec<u8>;

    /// Keying material of this connection's TLS session (RFC 8446, section 7.5), the same at both ends.
    ///
    /// # Errors
    /// [`LinkError::Exporter`].
    fn export(&self, label: &[u8], context: &[u8]) -> Result<[u8; 32], LinkError>;

    /// Opens a stream. The peer hears of it with the first byte.
    ///
    /// # Errors
    /// If the link is gone.
    async fn open(&self) -> Result<Stream, LinkError>;

    /// The next stream that the peer opens.
    ///
    /// # Errors
    /// If the link is gone.
    async fn accept(&self) -> Result<Stream, LinkError>;

    /// Ends the link; streams under way fail at both ends.
    fn close(&self, reason: &str);

    /// Waits until the link is gone, and says why.
    async fn closed(&self) -> LinkError;

    /// The time to the peer and back, as the transport measures it; none where it measures nothing.
    fn round_trip(&self) -> Duration {
        Duration::ZERO
    }
}

/// Where a peer is dialled, from its signed endpoint record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The key it must prove.
    pub key: Key,
    /// Addresses to try.
    pub addresses: Vec<SocketAddr>,
    /// URL of a relay of our own; none by default.
    pub relay: Option<String>,
}

/// Makes and takes links under one key.
#[async_trait]
pub trait Endpoint: Send + Sync + 'static {
    /// Its key.
    fn key(&self) -> Key;

    /// Addresses it listens on.
    fn addresses(&self) -> Vec<SocketAddr>;

    /// Connects to a peer and checks its key.
    ///
    /// # Errors
    /// [`LinkError::Unreachable`] if nobody with that key answers there.
    async fn dial(&self, peer: &Peer, alpn: &[u8]) -> Result<Arc<dyn Link>, LinkError>;

    /// The next peer that connects, its key proved; `None` once the endpoint is closed.
    async fn accept(&self) -> Option<Arc<dyn Link>>;

    /// Closes every link of it.
    async fn close(&self);
}
