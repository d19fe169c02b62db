//! Leases as sessions see them: from the table of leases, the markets and the registry.

use super::grants::Grants;
use super::kind::{service_of, unit_bytes};
use super::serving::{Served, Serving};
use super::signers::{Lanes, Signers};
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
use caplet_metering::{Allowed, ChainTime, Ed25519Key, View};
use caplet_protocol::{DeviceId, Domain, Lane, LeaseId};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a lease is waited for that the other gateway has heard of first.
const HEARSAY: Duration = Duration::from_secs(3);

/// How old a device's key may be that is in doubt: nobody has a gateway ask more often.
const DOUBTED: Duration = Duration::from_millis(500);

/// What the rooms see of the chain.
pub(crate) struct Sight {
    pub(super) leases: Leases,
    pub(super) clock: Clock,
    pub(super) books: Books,
    pub(super) directory: Directory,
    pub(super) serving: Arc<dyn Serving>,
    pub(super) escrow: Domain,
    grants: Grants,
    /// Keys that sign for a lane.
    keys: Mutex<Lanes>,
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
        if let Some(key) = ed25519(&key_of(&signer)?) {
            let place = (lease.id, served.on);
            // before this gateway's start, or between two of its looks, others may have signed
            let old = if signer.key_epoch > 0 && !self.is_latest(place, &key) {
                self.directory.old_keys(lane.signer).await?
            } else {
                Vec::new()
            };
            // what it signs late in the window might be redeemed too late
            let window = Duration::from_secs((lease.terms.settle_secs / 2).into());
            self.learn(place, key, old.iter().filter_map(ed25519), window);
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

    /// Keys that sign for a lane or did, as the registry had them: what a device signed before a rotation stays its word.
    pub(super) fn keys(&self, lane: (LeaseId, Lane)) -> Vec<Key> {
        self.locked().get(&lane).map(Signers::all).unwrap_or_default()
    }

    /// Those of them that are taken now: the latest, and the one that was seen before it for half a settle window.
    pub(super) fn taken(&self, lane: (LeaseId, Lane)) -> Vec<Ed25519Key> {
        let now = Instant::now();
        self.locked().get(&lane).map(|signers| signers.taken(now)).unwrap_or_default()
    }

    /// Has the device's key read anew at the next look: it may have another one.
    pub(super) fn doubt(&self, lane: (LeaseId, Lane)) {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).insert(lane);
    }

    /// Whether that was asked for; once each time.
    fn is_doubted(&self, lane: (LeaseId, Lane)) -> bool {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).remove(&lane)
    }

    fn is_latest(&self, lane: (LeaseId, Lane), key: &Key) -> bool {
        self.locked().get(&lane).is_some_and(|signers| signers.is_latest(key))
    }

    fn learn(
        &self,
        lane: (LeaseId, Lane),
        key: Key,
        old: impl Iterator<Item = Key>,
        window: Duration,
    ) {
        let mut known = self.locked();
        let signers = known.of(lane, |(lease, _), _| {
            self.leases.get(*lease).is_some_and(|lease| lease.state != LeaseState::Closed)
        });
        signers.learn(key, window, Instant::now());
        signers.recall(old);
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Lanes> {
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
