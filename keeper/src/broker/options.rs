//! How the broker is chosen.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Which broker devices connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Options {
    /// One inside the keeper.
    Embedded(EmbeddedOptions),
    /// Any other.
    External(ExternalOptions),
}

/// The broker inside the keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedOptions {
    /// Plain TCP; port 0 takes any that is free. Keep it on loopback and give devices TLS.
    pub listen: SocketAddr,
    /// TLS beside it; `None` for none.
    pub tls: Option<TlsFiles>,
    /// Connections at a time.
    pub max_clients: usize,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 1883)), tls: None, max_clients: 10_000 }
    }
}

/// A TLS listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// PEM file of the certificate chain.
    pub certificate: PathBuf,
    /// PEM file of its private key.
    pub key: PathBuf,
}

/// A broker that somebody else runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalOptions {
    /// `mqtt://host:port` or `mqtts://host:port`.
    pub url: String,
    /// User name; `None` for an anonymous login.
    pub user: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// PEM file of the certificate authority; the public ones when absent.
    pub ca: Option<PathBuf>,
}
