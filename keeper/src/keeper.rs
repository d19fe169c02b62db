//! One keeper, wired: what `caplet run` and the demo start.

use crate::book::Books;
use crate::config::Config;
use crate::context::Context;
use crate::deploy::Deployment;
use crate::leases::Leases;
use crate::store::{Store, Tables};
use crate::tasks::Drained;
use caplet_chain::{Chain, Signer};
use ed25519_dalek::SigningKey;
use std::sync::Arc;
use std::time::Duration;

/// Tables of every room, for [`Store::open`].
pub const ROOMS: &[Tables] =
    &[crate::outbox::TABLES, crate::settler::vouchers::TABLES, crate::settler::closings::TABLES];

/// What a keeper is made of.
pub struct Parts {
    /// Policies and roles; nothing is read from its paths here.
    pub config: Config,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Where the contracts are.
    pub deployment: Deployment,
    /// The chain account.
    pub signer: Signer,
    /// The gateway's key.
    pub key: SigningKey,
    /// Opened with [`ROOMS`].
    pub store: Store,
}

/// A running keeper.
pub struct Keeper {
    context: Context,
    books: Books,
    leases: Leases,
    broker: Option<std::net::SocketAddr>,
}

impl Keeper {
    /// Starts every role that the configuration turns on, and opens the keeper's account in the
    /// registry if it has none.
    ///
    /// # Errors
    /// If the chain cannot be asked, a contract is not there, or an address cannot be listened on.
    pub async fn start(parts: Parts) -> anyhow::Result<Self> {
        let _ = parts;
        anyhow::bail!("under construction")
    }

    /// What its roles hold.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Where devices connect, with the port really bound.
    ///
    /// # Errors
    /// If the bridge role is off, or the broker is a remote one without a socket address.
    pub fn broker(&self) -> anyhow::Result<std::net::SocketAddr> {
        self.broker.ok_or_else(|| anyhow::anyhow!("this keeper runs no broker: turn on roles.bridge"))
    }

    /// Its books.
    #[must_use]
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Its leases.
    #[must_use]
    pub fn leases(&self) -> &Leases {
        &self.leases
    }

    /// Resolves when a role died; a keeper that lost one of its parts must not look alive.
    pub async fn died(&self) {
        self.context.tasks.stop_token().cancelled().await;
    }

    /// Stops accepting, lets every role end, finishes what the outbox holds; at most `deadline`.
    pub async fn stop(self, deadline: Duration) -> Drained {
        self.context.tasks.drain(deadline).await
    }
}
