//! The virtualization layer in the keeper: leases of local devices are served over links (`host`), and
//! leases that local devices use are made local (`consumers`).
//!
//! The gateway's end of links has the gateway's own key, which its signed endpoint record names and its
//! devices grant. Payloads are read by the two gateways that were granted, and by nobody in between.
//! Whoever grants nothing uses leases over MQTT (`session`), sealed to the other device's key.

mod asks;
mod canary;
mod compare;
mod consumers;
mod course;
mod desk;
mod enclaves;
mod endpoint;
mod feed;
mod fellows;
mod finder;
mod grants;
mod host;
mod judge;
mod kind;
mod ledger;
pub(crate) mod measured;
mod remembered;
mod serving;
mod sight;
mod signers;
mod spreads;
mod surfaces;
mod sweep;
mod tenancy;
mod terms;
mod topics;
mod units;
mod wards;

pub(crate) use asks::Asks;
pub use consumers::{Consumers, Local};
pub(crate) use endpoint::{Bound, bind};
pub use kind::{alias_of, service_of, unit_bytes};
pub use remembered::TABLES;
pub use serving::{ByProvider, Served, Serving};
pub use spreads::{SpreadShown, SpreadWish};
pub use surfaces::Wish;
pub use units::{LocalUnits, Offered, Units};

use crate::book::Books;
use crate::bridge::{Clock, Post};
use crate::config::FabricConfig;
use crate::context::Context;
use crate::exchange::Exchange;
use crate::latencies::Latencies;
use crate::leases::Leases;
use crate::placer::Placer;
use crate::session::Service;
use crate::settler::Asked;
use anyhow::Context as _;
use caplet_fabric::host::Host;
use caplet_fabric_fs::replica::Stores;
use ledger::Ledger;
use sha2::{Digest as _, Sha256};
use sight::Sight;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;

/// What others may put in place of the usual.
#[derive(Clone, Default)]
pub struct Seams {
    /// What stands behind local capabilities; what the configuration says when absent.
    pub units: Option<Arc<dyn Units>>,
    /// Who serves a lease; the lease's provider when absent.
    pub serving: Option<Arc<dyn Serving>>,
}

/// How the layer is set up.
#[derive(Clone)]
pub struct Options {
    /// What an operator may set.
    pub config: FabricConfig,
    /// Folder of the keeper.
    pub data: PathBuf,
    /// Share of a lease that is served on credit at most, basis points.
    pub cap_bps: u16,
    /// What takes the place of the usual.
    pub seams: Seams,
}

/// The rooms of the bridge that the layer stands on.
pub(crate) struct Rooms {
    pub(crate) post: Post,
    pub(crate) clock: Clock,
    pub(crate) books: Books,
    pub(crate) leases: Leases,
    pub(crate) exchange: Exchange,
    pub(crate) calls: Arc<dyn Service>,
    pub(crate) asks: Asks,
    pub(crate) placer: Placer,
    /// Lanes whose links the settler would rather have as vouchers.
    pub(crate) wanted: Option<watch::Receiver<Asked>>,
}

/// The layer, running.
pub struct Fabric {
    host: Host,
    consumers: Consumers,
    desk: SocketAddr,
    links: Vec<SocketAddr>,
}

impl Fabric {
    /// Starts host and consumer room in `context.tasks`.
    ///
    /// # Errors
    /// If an address is taken or the file of lanes cannot be opened.
    pub(crate) async fn start(
        context: &Context,
        options: Options,
        rooms: Rooms,
        bound: Bound,
    ) -> anyhow::Result<Self> {
        let Options { config, data, cap_bps, seams } = options;
        std::fs::create_dir_all(&data)
            .with_context(|| format!("cannot make {}", data.display()))?;
        let serving = seams.serving.unwrap_or_else(|| Arc::new(ByProvider::default()));
        let sight = Arc::new(Sight::new(
            context,
            rooms.leases,
            rooms.clock,
            rooms.books,
            rooms.exchange.directory.clone(),
            serving,
        )?);
        let ledger = Ledger::open(&data.join(LANES_FILE), Arc::clone(&sight), cap_bps)?;
        ledger.start(context)?;
        let units =
            seams.units.unwrap_or_else(|| Arc::new(LocalUnits::new(config.clone(), data.clone())));
        let fellows =
            fellows::Fellows::new(context.clone(), Arc::clone(&sight), Arc::clone(&bound.dialled));
        let stores = Stores::new(Arc::new(fellows), context.tasks.stop_token());
        let parts = host::Parts {
            context: context.clone(),
            stores: Arc::new(stores),
            sight: Arc::clone(&sight),
            ledger: Arc::clone(&ledger),
            exchange: rooms.exchange.clone(),
            post: rooms.post.clone(),
            calls: rooms.calls,
            units,
            folder: data.join("devices"),
            wanted: rooms.wanted,
        };
        let host = host::start(parts, &bound);
        let links = bound.dialled.addresses();
        let (listener, address) = desk::bind(config.desk).await?;
        std::fs::write(data.join(DESK_FILE), address.to_string())?;
        let registered = Arc::new(enclaves::Registered::new(context, Arc::clone(&sight)));
        let desk = caplet_fabric::desk::Desk::default();
        let topics: Arc<dyn caplet_fabric::surface::Topics> = Arc::new(topics::Local(rooms.post));
        let config = mounted_below(config, &data);
        if let Some(mounts) = config.mounts.clone() {
            // what was mounted when a keeper was killed answers nobody, and its lease may be over by now
            tokio::task::spawn_blocking(move || caplet_fabric_fs::sweep(&mounts)).await?;
        }
        let spreads = spreads::Spreads::start(spreads::Parts {
            store: context.store.clone(),
            tasks: context.tasks.clone(),
            desk: desk.clone(),
            topics: Arc::clone(&topics),
            secret: secret(context),
            challenge: (config.check_bps > 0).then_some(surfaces::CHALLENGE),
            mounts: config.mounts.clone(),
        })?;
        let consumers = Consumers::start(consumers::Parts {
            context: context.clone(),
            latencies: Latencies::default(),
            comparisons: compare::Comparisons::default(),
            machine: OnceLock::new(),
            enclaves: enclaves::Enclaves::new(registered, rooms.placer, Arc::clone(&sight)),
            sight,
            ledger,
            exchange: rooms.exchange,
            endpoint: bound.dialled,
            asks: rooms.asks,
            desk,
            topics,
            config,
            spreads,
            base: format!("http://{address}"),
            secret: secret(context),
            mountless: AtomicBool::new(false),
        });
        desk::serve(listener, consumers.clone(), &context.tasks);
        Ok(Self { host, consumers, desk: address, links })
    }

    /// What is used here.
    #[must_use]
    pub const fn consumers(&self) -> &Consumers {
        &self.consumers
    }

    /// Sessions that are served now.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.host.sessions()
    }

    /// Where leased capabilities are served over HTTP.
    #[must_use]
    pub const fn desk(&self) -> SocketAddr {
        self.desk
    }

    /// Where links are taken.
    #[must_use]
    pub fn links(&self) -> &[SocketAddr] {
        &self.links
    }
}

/// The file in a keeper's folder that says where its desk answers.
pub const DESK_FILE: &str = "desk.addr";

/// The file in a keeper's folder with both sides' metering states.
pub(crate) const LANES_FILE: &str = "lanes.db";

fn mounted_below(mut config: FabricConfig, data: &std::path::Path) -> FabricConfig {
    config.mounts = config.mounts.map(|mounts| data.join(mounts));
    config
}

/// What the gateway's other secrets are made of.
fn secret(context: &Context) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"caplet fabric secret");
    hash.update(context.key.to_bytes());
    hash.finalize().into()
}
