//! Where devices connect: the embedded broker or an external one, behind one trait.

mod access;
mod embedded;
mod external;
mod gate;
mod link;
mod login;
mod options;
mod who;

pub use embedded::Embedded;
pub use external::External;
#[doc(hidden)]
pub use gate::keeps_out;
pub use gate::{Gate, Keys};
pub use link::{Incoming, Link, Will};
pub use login::LOGIN_SECS;
pub use options::{EmbeddedOptions, ExternalOptions, Options, TlsFiles};
pub use who::KEEPER;

use async_trait::async_trait;
use tokio::sync::mpsc;

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

    /// The keeper's own connection, and everything that devices say from now on. Call it once: a
    /// second connection takes the place of the first. `will` is published if it ends without good-bye.
    ///
    /// # Errors
    /// If the broker cannot be reached or refuses.
    async fn connect(&self, will: Option<Will>)
    -> anyhow::Result<(Link, mpsc::Receiver<Incoming>)>;
}
