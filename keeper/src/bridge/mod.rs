//! MQTT in and out: envelopes are opened, checked, stored, acknowledged, handed on.

mod heard;
mod host;
mod post;
mod refuse;
mod replay;
mod table;
mod verify;

pub(crate) use host::{now, random};
pub use post::Post;
pub use refuse::Refuse;
pub use table::TABLES;
pub(crate) use verify::{ChainRule, ed25519, is_signed};

use crate::book::Books;
use crate::broker::{self, Broker};
use crate::context::Context;
use crate::exchange::{self, Exchange, Status};
use crate::leases::Leases;
use crate::session;
use std::sync::Arc;

/// How the rooms that face devices and other gateways are set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where devices connect.
    pub broker: broker::Options,
    /// Where other gateways connect.
    pub exchange: exchange::Options,
    /// What the provider side risks.
    pub risk: session::Risk,
}

/// Broker, bridge, registrar, placer, exchange and session of one gateway, running.
pub struct Bridge {
    broker: Arc<dyn Broker>,
    exchange: Exchange,
}

impl Bridge {
    /// Starts them all in `context.tasks`; returns when devices and gateways can connect.
    ///
    /// # Errors
    /// If an address is taken, the broker cannot be reached, or the chain cannot be asked.
    pub async fn start(
        context: &Context,
        options: Options,
        leases: Leases,
        books: Books,
        status: Status,
    ) -> anyhow::Result<Self> {
        let _ = (context, options, leases, books, status);
        anyhow::bail!("being built")
    }

    /// The broker.
    #[must_use]
    pub fn broker(&self) -> &dyn Broker {
        &*self.broker
    }

    /// The exchange.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.exchange
    }
}
