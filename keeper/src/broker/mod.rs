//! Where devices connect: the embedded broker or an external one, behind one trait.

mod options;

pub use options::{EmbeddedOptions, ExternalOptions, Options, TlsFiles};

use async_trait::async_trait;

/// Where devices connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Host and port, as devices dial it.
    pub host: String,
    /// Whether it speaks TLS.
    pub tls: bool,
}

/// A broker that devices connect to.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Where devices connect; the port is the one really bound.
    fn address(&self) -> Address;
}
