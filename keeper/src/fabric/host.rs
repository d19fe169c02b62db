//! The host room: leases of local devices, served.

use super::endpoint::Bound;
use super::feed::Poller;
use super::kind::service_of;
use super::ledger::Ledger;
use super::measured;
use super::sight::Sight;
use super::sweep::Sweep;
use super::units::{Offered, Units, period};
use super::wards::{ByChain, ReplicaDoor};
use crate::bridge::Post;
use crate::context::Context;
use crate::exchange::Exchange;
use crate::observe;
use crate::reconcile;
use crate::registrar;
use crate::session::Service as Calls;
use crate::settler::Asked;
use async_trait::async_trait;
use caplet_fabric::Service;
use caplet_fabric::host::{Account, Adapters, Host, Kept, Limits};
use caplet_fabric::kinds::sensor::Feed;
use caplet_fabric::lease::{ChainView, LeaseView, ViewError};
use caplet_fabric::meter::{Payees, SharedPayee};
use caplet_fabric_fs::replica::{REPLICA, Standby, Stores};
use caplet_metering::ChainTime;
use caplet_protocol::topics::Dn;
use caplet_protocol::wire::CapabilityKind;
use caplet_protocol::{Bps, DeviceId, Kind, LeaseId};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Between a session's looks at its lease: what is settled is served on.
const LOOK: Duration = Duration::from_millis(200);

/// What the host room is made of.
pub(super) struct Parts {
    pub(super) context: Context,
    pub(super) sight: Arc<Sight>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) exchange: Exchange,
    pub(super) post: Post,
    pub(super) calls: Arc<dyn Calls>,
    pub(super) units: Arc<dyn Units>,
    /// What devices here store for others.
    pub(super) stores: Arc<Stores>,
    /// Below it every device has a folder.
    pub(super) folder: PathBuf,
    /// Lanes whose links the settler would rather have as vouchers.
    pub(super) wanted: Option<watch::Receiver<Asked>>,
}

/// Serves until the keeper stops.
pub(super) fn start(parts: Parts, bound: &Bound) -> Host {
    let tasks = parts.context.tasks.clone();
    let payees = Lanes {
        ledger: Arc::clone(&parts.ledger),
        wanted: parts.wanted.clone(),
        context: parts.context.clone(),
        sight: Arc::clone(&parts.sight),
        post: parts.post.clone(),
    };
    let adapters = Adapters::default();
    let stop = tasks.stop_token();
    reconcile::start(&parts.context, Sweep::new(&parts), parts.sight.leases.changed());
    let offering = Offering { parts, adapters: adapters.clone(), known: Default::default() };
    let offering = Arc::new(offering);
    let limits = Limits { look: LOOK, ..Limits::default() };
    let standby = Standby::new(Arc::new(ByChain(Arc::clone(&offering))), stop.clone());
    let host = Host::new(offering, Arc::new(payees), adapters, limits, stop);
    host.opens(REPLICA, Arc::new(ReplicaDoor(standby)));
    for endpoint in &bound.taken {
        let (runs, endpoint) = (host.clone(), Arc::clone(endpoint));
        tasks.spawn("host", async move {
            runs.run(Arc::clone(&endpoint)).await;
            endpoint.close().await;
            Ok(())
        });
    }
    host
}

/// Who is paid, and what the settler asks of who pays.
struct Lanes {
    ledger: Arc<Ledger>,
    wanted: Option<watch::Receiver<Asked>>,
    context: Context,
    sight: Arc<Sight>,
    post: Post,
}

impl Payees for Lanes {
    fn payee(&self, lease: &LeaseView) -> Result<SharedPayee, String> {
        self.ledger.payee(lease, &self.context.store)
    }

    fn consolidated(&self, lease: &LeaseView) -> Option<u128> {
        self.wanted.as_ref()?.borrow().get(&(lease.lease, lease.lane)).copied()
    }

    fn measured(&self, view: &LeaseView, account: &Account) {
        let Some(lease) = self.sight.leases.get(view.lease) else { return };
        match measured::keep(&self.context.store, &lease, view.lane, account) {
            Ok(true) => self.say_disputed(view, account.disputed.unwrap_or(Bps::ALL)),
            Ok(false) => {}
            Err(error) => observe::room_failed("host", &error),
        }
    }

    fn kept(&self, view: &LeaseView) -> Kept {
        let kept = measured::kept(&self.context.store, view.lease, view.lane);
        kept.inspect_err(|error| observe::room_failed("host", error)).unwrap_or_default()
    }
}

impl Lanes {
    /// Lets the providing device hear that service pauses over a rate: to finish the lease is its to say.
    fn say_disputed(&self, view: &LeaseView, rate: Bps) {
        let (lease, device) = (view.lease, view.provider.device);
        observe::rate_disputed(lease, rate);
        let pause = measured::pause_over(lease, rate);
        let post = self.post.clone();
        self.context.tasks.spawn("disputes", async move {
            post.tell(device, Dn::Pause(lease), &pause).await;
            Ok(())
        });
    }
}

/// Which profile an adapter was made of.
type Known = BTreeMap<(DeviceId, Service), Vec<u8>>;

/// The chain as hosts see it; what is looked at has its adapter, if anything serves it.
pub(super) struct Offering {
    pub(super) parts: Parts,
    adapters: Adapters,
    known: tokio::sync::Mutex<Known>,
}

impl Offering {
    /// Makes the adapter of the device that a lease names as its provider, if it is here and there is none yet.
    pub(super) async fn offer(&self, view: &LeaseView) -> anyhow::Result<()> {
        let device = view.provider.device;
        if registrar::device(&self.parts.context.store, device)?.is_none() {
            return Ok(());
        }
        let known = self.parts.sight.directory.device(device).await?;
        let Some(profile) = &known.profile else { return Ok(()) };
        let mut made = self.known.lock().await;
        let place = (device, view.service);
        if made.get(&place).is_some_and(|digest| digest == profile.digest.as_slice()) {
            return Ok(());
        }
        let digest = profile.digest.as_slice().try_into()?;
        let document = self.parts.exchange.profile(&digest, device).await?;
        let fits = |capability: &&caplet_protocol::wire::Capability| {
            let kind = kind_of(capability.kind());
            kind.is_some_and(|kind| service_of(kind, &capability.resource) == view.service)
        };
        let Some(capability) = document.view().capabilities.iter().find(fits) else {
            return Ok(());
        };
        let feed = Feed::from(self.parts.sight.clock.now_ms());
        let folder = self.parts.folder.join(device.to_string());
        let offered = Offered {
            device,
            service: view.service,
            capability,
            feed: feed.clone(),
            stores: &self.parts.stores,
            folder: &folder,
        };
        let Some(adapter) = self.parts.units.adapter(&offered).await? else { return Ok(()) };
        if view.service == Service::SENSOR {
            self.poll(device, Duration::from_millis(period(capability).into()), feed);
        }
        self.adapters.register(device, adapter);
        observe::offered(device, view.service.name());
        made.insert(place, digest.to_vec());
        Ok(())
    }

    /// Passes unless another gateway's device serves a pool's lease that is known here for a member's sake.
    fn is_here(&self, view: &LeaseView) -> Result<(), ViewError> {
        let by = view.provider.device;
        let lease = self.parts.sight.leases.get(view.lease);
        if lease.is_none_or(|lease| lease.provider == by || lease.serves_here) {
            return Ok(());
        }
        Err(ViewError::Elsewhere { lease: view.lease, by })
    }

    fn poll(&self, device: DeviceId, period: Duration, feed: Feed) {
        let parts = &self.parts;
        let poller = Poller {
            device,
            period,
            feed,
            sight: Arc::clone(&parts.sight),
            post: parts.post.clone(),
            service: Arc::clone(&parts.calls),
        };
        poller.start(&parts.context.tasks);
    }
}

const fn kind_of(kind: CapabilityKind) -> Option<Kind> {
    Some(match kind {
        CapabilityKind::Compute => Kind::Compute,
        CapabilityKind::Sensor => Kind::Sensor,
        CapabilityKind::Bandwidth => Kind::Bandwidth,
        CapabilityKind::Storage => Kind::Storage,
        CapabilityKind::Hardware => Kind::Hardware,
        CapabilityKind::Unspecified => return None,
    })
}

#[async_trait]
impl ChainView for Offering {
    async fn lease(&self, id: LeaseId) -> Result<LeaseView, ViewError> {
        let view = self.parts.sight.lease(id).await?;
        self.is_here(&view)?;
        if let Err(error) = self.offer(&view).await {
            observe::room_failed("host", &error);
        }
        Ok(view)
    }

    fn now(&self) -> ChainTime {
        self.parts.sight.now()
    }

    fn age(&self) -> Duration {
        self.parts.sight.age()
    }
}
