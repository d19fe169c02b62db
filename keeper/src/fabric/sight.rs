//! Leases as sessions see them: from the table of leases, the markets and the registry.

use super::grants::Grants;
use super::kind::{service_of, unit_bytes};
use super::serving::{Served, Serving};
use crate::book::Books;
use crate::bridge::{Clock, ed25519};
use crate::context::{Context, domain_of};
use crate::exchange::{Directory, key_of};
use crate::leases::{Lease, Leases};
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_api::escrow::LeaseState;
use caplet_fabric::lease::{ChainView, LeaseView, Party, Stage, ViewError};
use caplet_fabric::link::Key;
use caplet_metering::{Allowed, ChainTime, View};
use caplet_protocol::{DeviceId, Domain, Lane, LeaseId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a lease is waited for that the other gateway has heard of first.
const HEARSAY: Duration = Duration::from_secs(3);

/// How old a device's key may be that is in doubt: nobody has a gateway ask more often.
const DOUBTED: Duration = Duration::from_millis(500);

/// Leases whose lane keys are kept.
const KEPT: usize = 4_096;

/// A key that signs for a lane, or did.
#[derive(Clone, Copy)]
struct Signing {
    key: Key,
    /// Until when it is taken, once another one has its place.
    until: Option<Instant>,
}

/// What the rooms see of the chain.
pub(crate) struct Sight {
    pub(super) leases: Leases,
    pub(super) clock: Clock,
    pub(super) books: Books,
    pub(super) directory: Directory,
    pub(super) serving: Arc<dyn Serving>,
    pub(super) escrow: Domain,
    grants: Grants,
    /// Keys that sign for a lane, the latest first.
    keys: Mutex<BTreeMap<(LeaseId, Lane), Vec<Signing>>>,
    /// Lanes on which something came that none of them has signed.
    doubted: Mutex<BTreeSet<(LeaseId, Lane)>>,
}

impl Sight {
    /// # Errors
    /// If the escrow's domain is none.
    pub(super) fn new(
        context: &Context,
        leases: Leases,
        clock: Clock,
        books: Books,
        directory: Directory,
        serving: Arc<dyn Serving>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            leases,
            clock,
            books,
            directory,
            serving,
            escrow: domain_of(&context.domains.escrow)?,
            grants: Grants::new(context.clone()),
            keys: Mutex::default(),
            doubted: Mutex::default(),
        })
    }

    /// A lease with who serves it now.
    ///
    /// # Errors
    /// If the chain cannot be asked, or a market is not read yet.
    pub(super) async fn of(&self, lease: &Lease) -> anyhow::Result<(LeaseView, Served)> {
        let served = self.serving.serves(lease).await?;
        let lane = lease.lanes.iter().find(|lane| lane.lane == served.on);
        let lane = lane.with_context(|| format!("lease {} has no lane {}", lease.id, served.on))?;
        let market = self.books.config(lease.terms.market).with_context(|| {
            format!("market {} of lease {} is not read yet", lease.terms.market, lease.id)
        })?;
        let signer = if self.is_doubted((lease.id, served.on)) {
            self.directory.device_within(lane.signer, DOUBTED).await?
        } else {
            self.directory.device(lane.signer).await?
        };
        let signer = key_of(&signer)?;
        if let Some(key) = ed25519(&signer) {
            // what it signs late in the window might be redeemed too late
            let window = Duration::from_secs((lease.terms.settle_secs / 2).into());
            self.learn((lease.id, served.on), key, window);
        }
        let view = LeaseView {
            lease: lease.id,
            lane: served.on,
            escrow: self.escrow,
            service: service_of(market.kind, &market.resource),
            consumer: Party {
                device: lease.consumer,
                endpoints: self.grants.of(lease.consumer).await?,
            },
            provider: Party { device: served.by, endpoints: self.grants.of(served.by).await? },
            stage: stage(lease),
            start: lease.terms.start.u64(),
            end: lease.terms.end.u64(),
            money: View {
                at: ChainTime(self.clock.head_ms()),
                redeemed: lane.redeemed.u64(),
                cap: lane.cap.u64(),
            },
            unit_bytes: unit_bytes(&market.unit),
            allowed: Some(Allowed { floor: market.quality.floor, step: market.quality.step }),
        };
        Ok((view, served))
    }

    /// Endpoint keys that a device lets dial and accept for it.
    ///
    /// # Errors
    /// If the chain cannot be asked.
    pub(super) async fn granted(&self, device: DeviceId) -> anyhow::Result<Vec<Key>> {
        self.grants.of(device).await
    }

    /// Keys that sign for a lane, as far as they were seen: after a rotation the one before it too.
    pub(super) fn keys(&self, lane: (LeaseId, Lane)) -> Vec<Key> {
        let known = self.locked().get(&lane).cloned().unwrap_or_default();
        known.iter().map(|signing| signing.key).collect()
    }

    /// Those of them that are taken now: the latest, and the one before it for half a settle window.
    pub(super) fn taken(&self, lane: (LeaseId, Lane)) -> Vec<Key> {
        let known = self.locked().get(&lane).cloned().unwrap_or_default();
        let now = Instant::now();
        let taken = known.iter().filter(|signing| signing.until.is_none_or(|until| now < until));
        taken.map(|signing| signing.key).collect()
    }

    /// Has the device's key read anew at the next look: it may have another one.
    pub(super) fn doubt(&self, lane: (LeaseId, Lane)) {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).insert(lane);
    }

    /// Whether that was asked for; once each time.
    fn is_doubted(&self, lane: (LeaseId, Lane)) -> bool {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).remove(&lane)
    }

    fn learn(&self, lane: (LeaseId, Lane), key: Key, window: Duration) {
        let mut known = self.locked();
        if known.len() >= KEPT && !known.contains_key(&lane) {
            known.pop_first();
        }
        let keys = known.entry(lane).or_default();
        if keys.first().is_none_or(|latest| latest.key != key) {
            let now = Instant::now();
            if let Some(before) = keys.first_mut() {
                before.until = Some(now.checked_add(window).unwrap_or(now));
            }
            keys.insert(0, Signing { key, until: None });
            keys.truncate(2);
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<(LeaseId, Lane), Vec<Signing>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lease of a local device, waiting a moment for it to be heard of.
    async fn known(&self, id: LeaseId) -> Option<Lease> {
        let mut changed = self.leases.changed();
        let wait = async {
            loop {
                changed.borrow_and_update();
                if let Some(lease) = self.leases.get(id) {
                    return Some(lease);
                }
                if changed.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(HEARSAY, wait).await.ok().flatten()
    }
}

const fn stage(lease: &Lease) -> Stage {
    match lease.state {
        LeaseState::Open => Stage::Open,
        LeaseState::Notice => Stage::Notice,
        LeaseState::Closing | LeaseState::Closed => Stage::Over(match lease.reason {
            Some(reason) => reason as u8,
            None => 0,
        }),
    }
}

#[async_trait]
impl ChainView for Sight {
    async fn lease(&self, id: LeaseId) -> Result<LeaseView, ViewError> {
        let lease = self.known(id).await.ok_or(ViewError::Unknown(id))?;
        let seen = self.of(&lease).await;
        seen.map(|(view, _)| view).map_err(|error| ViewError::Unreachable(format!("{error:#}")))
    }

    fn now(&self) -> ChainTime {
        ChainTime(self.clock.now_ms())
    }

    fn age(&self) -> Duration {
        self.clock.age()
    }
}
