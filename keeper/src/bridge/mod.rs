//! MQTT in and out: envelopes are opened, checked, stored, acknowledged, handed on.
//!
//! `intake` keeps each device's messages in order and passes back-pressure to the broker, `desk` opens
//! and judges, `handle` has a handler a kind of body, `post` answers. Every message ends in an
//! acknowledgement, which means that it is on disk, or in a refusal that says what was wrong and what
//! to do; neither is said to whoever could not have sent it.

mod alone;
pub(crate) mod batch;
mod clock;
mod desk;
pub(crate) mod events;
mod handle;
mod heard;
mod host;
mod intake;
mod post;
mod refuse;
mod replay;
mod seal;
mod table;
mod verify;

pub(crate) use alone::send_alone;
pub(crate) use clock::Clock;
pub(crate) use host::{now, random};
pub use post::Post;
pub(crate) use post::ack_of;
pub use refuse::Refuse;
pub use table::TABLES;
pub(crate) use verify::{ChainRule, ed25519, is_signed};

use crate::book::Books;
use crate::broker::{self, Broker, Embedded, External, Gate};
use crate::context::{Context, domain_of};
use crate::exchange::{self, Exchange, Status};
use crate::fabric::{self, Asks, Fabric};
use crate::latencies::Latencies;
use crate::leases::Leases;
use crate::placer::{self, Placer};
use crate::proximity;
use crate::registrar::Registrar;
use crate::session::{self, Session};
use crate::settler;
use desk::Desk;
use seal::Seal;
use std::sync::Arc;
use tokio::sync::watch;

/// How the rooms that face devices and other gateways are set up.
#[derive(Clone)]
pub struct Options {
    /// Where devices connect.
    pub broker: broker::Options,
    /// Where other gateways connect.
    pub exchange: exchange::Options,
    /// What the provider side risks.
    pub risk: session::Risk,
    /// The virtualization layer; off when absent.
    pub fabric: Option<fabric::Options>,
    /// Orders of devices.
    pub placer: placer::Options,
}

/// Broker, bridge, registrar, placer, exchange and session of one gateway, running.
pub struct Bridge {
    broker: Arc<dyn Broker>,
    exchange: Exchange,
    post: Post,
    fabric: Option<Fabric>,
    silence: session::Silence,
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
        wanted: Option<watch::Receiver<settler::Asked>>,
    ) -> anyhow::Result<Self> {
        let clock = Clock::start(&*context.chain, &context.tasks);
        let bound = match &options.fabric {
            Some(options) => Some(fabric::bind(&options.config, &context.key).await?),
            None => None,
        };
        let links = bound.as_ref().map_or_else(exchange::Links::default, |bound| exchange::Links {
            addresses: bound.addresses.clone(),
            relay: bound.relay.clone(),
        });
        let (exchange, listener) =
            Exchange::open(context, &options.exchange, links, clock.clone()).await?;
        let broker = open_broker(context, options.broker).await?;
        let seal = Arc::new(Seal::new(context)?);
        let (link, incoming) = broker.connect(Some(seal.last_will()?)).await?;
        let post = Post::new(seal, link);
        let registrar = Registrar::start(context, post.clone(), clock.clone())?;
        let placer = Placer::start(
            context,
            post.clone(),
            clock.clone(),
            books.clone(),
            leases.clone(),
            options.placer,
            &registrar,
        )?;
        let parts = session::Parts {
            post: post.clone(),
            clock: clock.clone(),
            books: books.clone(),
            leases: leases.clone(),
            placer: placer.clone(),
            exchange: exchange.clone(),
            risk: options.risk,
            latencies: Latencies::default(),
            wanted: wanted.clone(),
        };
        let session = Session::start(context, parts)?;
        let silence = session.silence();
        let frames = Arc::new(session.clone());
        proximity::start(context, exchange.clone(), options.exchange.measure_secs);
        let known = leases.clone();
        exchange::serve(listener, exchange.clone(), frames, status, known, &context.tasks);
        let asks = Asks::start(post.clone(), &context.tasks);
        let rooms = fabric::Rooms {
            post: post.clone(),
            clock,
            books,
            leases,
            exchange: exchange.clone(),
            calls: session.service(),
            asks: asks.clone(),
            placer: placer.clone(),
            wanted,
        };
        let fabric = match options.fabric.zip(bound) {
            Some((options, bound)) => Some(Fabric::start(context, options, rooms, bound).await?),
            None => None,
        };
        let desk = Arc::new(Desk::new(context, post.clone(), registrar, placer, session, asks)?);
        intake::start(&desk, incoming, &context.tasks);
        post.health(true).await;
        Ok(Self { broker, exchange, post, fabric, silence })
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

    /// The virtualization layer; `None` if it is off.
    #[must_use]
    pub const fn fabric(&self) -> Option<&Fabric> {
        self.fabric.as_ref()
    }

    /// Which devices of this gateway answer nothing.
    #[must_use]
    pub const fn silence(&self) -> &session::Silence {
        &self.silence
    }

    /// Whether the broker is connected now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.post.is_connected()
    }

    /// Says good-bye to the broker; call it before the tasks are drained.
    pub async fn close(&self) {
        self.post.health(false).await;
        self.post.close().await;
    }
}

async fn open_broker(
    context: &Context,
    options: broker::Options,
) -> anyhow::Result<Arc<dyn Broker>> {
    match options {
        broker::Options::Embedded(options) => {
            let key = context.key.verifying_key().to_bytes();
            let domain = domain_of(&context.domains.registry)?;
            let gate = Gate::new(key, domain, Arc::new(context.store.clone()))?;
            Ok(Arc::new(Embedded::start(&options, gate, &context.tasks).await?))
        }
        broker::Options::External(options) => {
            let client_id = format!("caplet-gw-{}", context.account);
            Ok(Arc::new(External::new(options, client_id)?))
        }
    }
}
