//! What goes wrong with links.

use std::net::SocketAddr;

/// Why a link or a stream of it can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The link is over.
    #[error("the link is gone: {0}")]
    Gone(String),
    /// Nobody with the wanted key answered.
    #[error(
        "no gateway with key {key} answers at {addresses:?}: {why}; see that its endpoint record is current"
    )]
    Unreachable {
        /// Hex of the key.
        key: String,
        /// Addresses tried.
        addresses: Vec<SocketAddr>,
        /// What the transport said.
        why: String,
    },
    /// No keying material.
    #[error("the connection exports no keying material: {0}")]
    Exporter(String),
    /// The endpoint can't be set up.
    #[error("no endpoint at {address}: {why}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the transport said.
        why: String,
    },
}

impl LinkError {
    /// A link that ended with this.
    pub fn gone(why: impl std::fmt::Display) -> Self {
        Self::Gone(why.to_string())
    }
}
