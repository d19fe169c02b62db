//! The provider's side: links are welcomed, hellos checked against the chain, sessions served.

mod binding;
mod body;
mod door;
mod gauge;
mod gauges;
mod known;
mod measure;
mod op;
mod rate;
mod replay;
mod session;
mod table;
mod welcome;

pub(crate) use body::CHUNK;
pub use body::{Body, BodyReader, BodyWriter, Charger};
pub use caplet_mechanism::quality::Word;
pub use door::Door;
pub use gauge::{Account, Before, Ended, Gauge, Kept};
pub use known::Adapters;
pub use op::Op;
pub(crate) use rate::RATE;
pub(crate) use session::ServeOp;
pub use session::Session;
pub(crate) use welcome::VERSION;

use crate::lease::ChainView;
use crate::link::Endpoint;
use crate::meter::Payees;
use crate::service::Service;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections that may be in their handshake or live at a time.
const LINKS: usize = 1_024;

/// Serves leases of the devices behind this gateway. Clones are the same host.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    view: Arc<dyn ChainView>,
    payees: Arc<dyn Payees>,
    adapters: Adapters,
    doors: door::Doors,
    table: table::Table,
    replay: Arc<replay::Replay>,
    gauges: Arc<gauges::Gauges>,
    tasks: TaskTracker,
    stop: CancellationToken,
    links: Arc<tokio::sync::Semaphore>,
    limits: Limits,
}

/// What a session may take up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Operations of a session at a time; more wait at the link.
    pub ops: usize,
    /// How long a hello or a header may take.
    pub patience: Duration,
    /// How long a consumer may take nothing of what is sent to it.
    pub stall: Duration,
    /// Between looks at the chain.
    pub look: Duration,
    /// How long service may wait over a rate that is not agreed to before the lane is given up.
    pub dispute: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ops: 64,
            patience: Duration::from_secs(10),
            stall: Duration::from_secs(60),
            look: Duration::from_secs(1),
            dispute: Duration::from_secs(60),
        }
    }
}

impl Host {
    /// A host of these adapters. It stops when `stop` does.
    #[must_use]
    pub fn new(
        view: Arc<dyn ChainView>,
        payees: Arc<dyn Payees>,
        adapters: Adapters,
        limits: Limits,
        stop: CancellationToken,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                view,
                payees,
                adapters,
                doors: door::Doors::default(),
                table: table::Table::default(),
                replay: Arc::default(),
                gauges: Arc::default(),
                tasks: TaskTracker::new(),
                stop,
                links: Arc::new(tokio::sync::Semaphore::new(LINKS)),
                limits,
            }),
        }
    }

    /// Has links of a service that is no lease's taken by `door`; the host's limit of links holds for them too.
    pub fn opens(&self, service: Service, door: Arc<dyn Door>) {
        self.inner.doors.open(service, door);
    }

    /// Takes connections until the endpoint closes or the host stops, then waits for what is served.
    pub async fn run(&self, endpoint: Arc<dyn Endpoint>) {
        loop {
            let link = tokio::select! {
                () = self.inner.stop.cancelled() => break,
                link = endpoint.accept() => link,
            };
            let Some(link) = link else { break };
            match Arc::clone(&self.inner.links).try_acquire_owned() {
                Ok(permit) => {
                    let host = self.clone();
                    self.inner.tasks.spawn(async move {
                        match host.inner.doors.of(&*link) {
                            Some(door) => door.enter(link).await,
                            None => host.welcome(link).await,
                        }
                        drop(permit);
                    });
                }
                Err(_) => link.close("too many connections: come back later"),
            }
        }
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Live sessions.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.inner.table.len()
    }
}
