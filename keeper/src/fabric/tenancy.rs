//! One lease in use: from the connection to the last voucher.

use super::asks::DeviceKey;
use super::canary;
use super::compare::error_of;
use super::consumers::{Parts, Place, Shown};
use super::course::Course;
use super::finder::{ByRecord, peer_of};
use super::judge::{Known, Patience, Verdict, closes, judge, report};
use super::kind::alias_of;
use super::remembered::Remembered;
use super::serving::Served;
use super::surfaces::{Checks, Leased, Wish, surface};
use super::terms::terms;
use crate::leases::Lease;
use crate::observe;
use anyhow::Context as _;
use caplet_fabric::Service;
use caplet_fabric::client::Client;
use caplet_fabric::health::Health;
use caplet_fabric::kinds::sensor::Compare;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::surface::{AttachError, Attached, Place as Where, Surface};
use caplet_fabric_enclave::{ENCLAVE, EnclaveSurface};
use caplet_mechanism::quality::Band;
use caplet_metering::sqlite::LaneJournal;
use caplet_metering::{Payer, PayerState, Terms};
use caplet_protocol::layout::Voucher;
use caplet_protocol::wire::{CapabilityKind, LaneAsk, LastAsk, LeaseNotice, lane_ask::What};
use caplet_protocol::{Bps, DeviceId, LeaseId};
use sha2::{Digest as _, Sha256};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between looks at how a lease goes.
const LOOK: Duration = Duration::from_millis(100);

/// How long a surface may take to be set up: a store reads its manifest first.
const SETTING_UP: Duration = Duration::from_secs(20);

/// How long a provider is waited for to say that the lease is over.
const FAREWELL: Duration = Duration::from_secs(2);

/// When a device is asked for its last voucher: it may be away, and an answer may be lost.
const LAST: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(3)];

type LanePayer = Payer<DeviceKey, LaneJournal<PayerState>>;

/// How the use of a lease ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// For good, for this reason.
    Over(String),
    /// By the operator, or with the keeper.
    Detached,
    /// Another device serves it now.
    Elsewhere,
    /// It never began: a side has not let its gateway use it.
    NotGranted,
}

/// How long the provider is waited for to hear of a rate.
const TELLING: Duration = Duration::from_secs(1);

/// What is paid for quality.
struct Paying {
    course: Course,
    /// Whether the provider has heard of the last switch.
    told: bool,
}

/// A lease to be used.
pub(super) struct Tenancy<'a> {
    pub(super) room: &'a Parts,
    pub(super) lease: Lease,
    pub(super) place: &'a Place,
    pub(super) wish: Option<Wish>,
}

/// A lease in use.
struct Used {
    view: LeaseView,
    served: Served,
    payer: Arc<Mutex<LanePayer>>,
    attached: Attached,
    began: Instant,
    /// What latency was good and bad before it was measured: it is not held against itself.
    band: Option<Band>,
}

impl Tenancy<'_> {
    pub(super) async fn run(&self) -> anyhow::Result<Ended> {
        let (view, served) = self.room.sight.of(&self.lease).await?;
        let own = self.room.endpoint.key();
        let record = self.room.sight.directory.endpoint_of(served.by).await?;
        let reached = peer_of(&record).is_ok_and(|p| view.provider.endpoints.contains(&p.key));
        if !view.consumer.endpoints.contains(&own) || !reached {
            return Ok(Ended::NotGranted);
        }
        let used = tokio::select! {
            () = self.place.stop.cancelled() => return Ok(Ended::Detached),
            used = self.begin(view, served) => used?,
        };
        observe::attached(self.lease.id, used.view.service.name(), &used.attached.address);
        self.place.shown.send_replace(Some(Shown {
            service: used.view.service.name(),
            address: used.attached.address.clone(),
            health: used.attached.health.clone(),
            lacks: used.attached.lacks.clone(),
            beside: used.attached.beside.clone(),
            client: used.attached.client().clone(),
        }));
        let verdict = self.watch(&used).await;
        self.place.counted.store(used.attached.client().units(), Ordering::Relaxed);
        self.place.shown.send_replace(None);
        self.end(used, verdict).await
    }

    async fn begin(&self, view: LeaseView, served: Served) -> anyhow::Result<Used> {
        let agreed = terms(&self.lease, view.lane, view.escrow);
        let terms = Terms { pace: agreed.pace.with_chain(self.room.config.links), ..agreed };
        let key = DeviceKey {
            asks: self.room.asks.clone(),
            device: self.signer(served),
            lease: self.lease.id,
            sight: Arc::clone(&self.room.sight),
            lane: view.lane,
        };
        let journal = self.room.ledger.store.journal(view.lease, view.lane);
        let payer = Payer::open(terms, key, self.chain_secret(), journal, view.money)?;
        let payer = Arc::new(Mutex::new(payer));
        let leased = self.leased(&view).await?;
        let enclave = match view.service {
            ENCLAVE => Some(self.room.enclaves.surface(&self.lease, terms.pace.segment)?),
            _ => None,
        };
        let surface = leased.surface(self, enclave)?;
        let attach = if surface.is_wary() { Client::wary } else { Client::attach };
        let client = attach(caplet_fabric::client::Parts {
            endpoint: Arc::clone(&self.room.endpoint),
            finder: Arc::new(ByRecord(Arc::clone(&self.room.sight))),
            lease: view.clone(),
            tariff: surface.tariff(),
            payer: Arc::clone(&payer) as _,
            view: Arc::clone(&self.room.sight) as _,
            sample: self.sample(),
        });
        let place = Where {
            alias: leased.notice.alias.clone(),
            desk: self.room.desk.clone(),
            topics: Arc::clone(&self.room.topics),
        };
        let attached = surface.attach(client.clone(), place);
        match tokio::time::timeout(SETTING_UP, attached).await {
            Ok(Ok(attached)) => {
                if self.is_canary() {
                    let alias = &leased.notice.alias;
                    canary::start(&client, format!("{}/v1/caps/{alias}", self.room.base));
                }
                let band = self.room.latencies.band(self.lease.terms.market);
                Ok(Used { view, served, payer, attached, began: Instant::now(), band })
            }
            Ok(Err(error)) => {
                client.detach().await;
                let unasked = self.wish.as_ref().is_none_or(|wish| wish.mount.is_none());
                let mount =
                    matches!(&error, AttachError::Local { what, .. } if what == "the mount");
                if unasked && mount {
                    self.room.mountless.store(true, Ordering::Relaxed);
                }
                Err(error.into())
            }
            Err(_) => {
                let health = client.health().borrow().json();
                client.detach().await;
                anyhow::bail!("lease {} was not attached in time: {health}", self.lease.id)
            }
        }
    }

    /// Whether it is leased only to see how it is served.
    fn is_canary(&self) -> bool {
        self.room.config.canaries.contains(&self.lease.consumer.0)
    }

    /// Which share of what comes is checked.
    fn sample(&self) -> Bps {
        if self.is_canary() { Bps(10_000) } else { Bps(self.room.config.check_bps) }
    }

    /// The device that signs on the lane.
    fn signer(&self, served: Served) -> DeviceId {
        let lane = self.lease.lanes.iter().find(|lane| lane.lane == served.on);
        lane.map_or(self.lease.consumer, |lane| lane.signer)
    }

    fn chain_secret(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"caplet chain secret");
        hash.update(self.room.secret);
        hash.update(self.lease.id.0.to_be_bytes());
        hash.finalize().into()
    }

    async fn leased(&self, view: &LeaseView) -> anyhow::Result<LeasedThing> {
        let market = self.room.sight.books.config(self.lease.terms.market);
        let market = market.context("the market is not read yet")?;
        let provider = self.room.sight.directory.device(view.provider.device).await?;
        let mut capability = None;
        if let Some(profile) = &provider.profile {
            let digest = profile.digest.as_slice().try_into()?;
            // without its profile a sensor has no range and no description; it serves all the same
            if let Ok(document) = self.room.exchange.profile(&digest, view.provider.device).await {
                let all = &document.view().capabilities;
                capability = all.iter().find(|one| one.resource == market.resource).cloned();
            }
        }
        let notice = LeaseNotice {
            lease: self.lease.id.0,
            consumer: self.lease.consumer.0,
            provider: view.provider.device.0,
            price: self.lease.price,
            lots: self.lease.lots.0.into(),
            lot: self.lease.terms.lot_units.u64(),
            starts: view.start,
            ends: view.end,
            alias: alias_of(&market.resource, self.lease.id),
            kind: CapabilityKind::from(market.kind).into(),
            resource: market.resource,
            unit: market.unit,
            ..LeaseNotice::default()
        };
        let compare = capability.as_ref().map(|capability| {
            let place = (self.lease.terms.market, provider.cell);
            self.room.comparisons.of(place, provider.owner.address.clone(), error_of(capability))
        });
        Ok(LeasedThing { notice, capability, view: view.clone(), compare })
    }

    /// Waits until something is to be done.
    async fn watch(&self, used: &Used) -> Result<Verdict, Ended> {
        let patience =
            Patience { failures: self.room.config.failures, lost_secs: self.room.config.lost_secs };
        let mut serving = self.room.sight.serving.changed();
        let (mut last_up, mut paying) = (Instant::now(), self.paying(used));
        let mut by = used.served.by;
        loop {
            tokio::select! {
                () = self.place.stop.cancelled() => return Err(Ended::Detached),
                () = tokio::time::sleep(LOOK) => {}
                Ok(()) = serving.changed() => {}
            }
            let Some(lease) = self.room.sight.leases.get(self.lease.id) else {
                return Err(Ended::Over("the lease is known here no more".to_owned()));
            };
            // while that can't be known, whoever served it last is asked on
            if let Ok(now) = self.room.sight.serving.serves(&lease).await {
                if now.on != used.served.on {
                    return Err(Ended::Elsewhere);
                }
                if now.by != by {
                    observe::session_moved(lease.id, by, now.by);
                    by = now.by;
                    used.attached.client().moved(by);
                    last_up = Instant::now();
                }
            }
            if let Some(paying) = &mut paying {
                self.reprice(used, paying).await;
            }
            let known = self.known(&lease, used, &mut last_up);
            match judge(&known, patience) {
                Verdict::GoesOn => {}
                verdict => return Ok(verdict),
            }
        }
    }

    /// What is followed of quality; `None` if the market is not read any more.
    fn paying(&self, used: &Used) -> Option<Paying> {
        let market = self.room.sight.books.config(self.lease.terms.market)?;
        let payer = used.payer.lock().unwrap_or_else(PoisonError::into_inner);
        let state = payer.state();
        let course = Course::new(self.lease.terms.market, market.quality, state.counted);
        // after a restart the provider may not have heard it
        Some(Paying { course, told: state.rates.is_full() })
    }

    /// Signs for the next segment by what was measured of the last one, and says so until the provider has heard.
    async fn reprice(&self, used: &Used, paying: &mut Paying) {
        let client = used.attached.client();
        let quality = client.quality();
        let switched = {
            let mut payer = used.payer.lock().unwrap_or_else(PoisonError::into_inner);
            let (state, segment) = (*payer.state(), payer.terms().pace.segment);
            let (last, counted) = (state.rates.next, state.counted);
            let at = (counted, segment);
            let next = paying.course.next(at, last, &quality, &self.room.latencies);
            match next.filter(|next| *next != last).map(|next| (next, payer.rate(counted, next))) {
                Some((next, Ok(true))) => {
                    observe::repriced(self.lease.id, counted, next);
                    paying.told = false;
                }
                Some((_, Err(error))) => observe::room_failed("consumers", &error.into()),
                _ => {}
            }
            payer.state().rates
        };
        if paying.told {
            return;
        }
        let tell = client.tell_rate(switched.switch, switched.next);
        match tokio::time::timeout(TELLING, tell).await {
            Ok(Ok(true)) => paying.told = true,
            // what is withheld stays owed: the provider pauses, and both sides see it
            Ok(Ok(false)) => {
                observe::not_agreed(self.lease.id, switched.next);
                paying.told = true;
            }
            Ok(Err(_)) | Err(_) => {} // said again at the next look
        }
    }

    fn known(&self, lease: &Lease, used: &Used, last_up: &mut Instant) -> Known {
        let health = used.attached.health.borrow().clone();
        if health == Health::Up {
            *last_up = Instant::now();
        }
        let quality = used.attached.client().quality();
        let lane = lease.lanes.iter().find(|lane| lane.lane == used.view.lane);
        let money = caplet_metering::View {
            at: caplet_metering::ChainTime(self.room.sight.clock.head_ms()),
            redeemed: lane.map_or(0, |lane| lane.redeemed.u64()),
            cap: lane.map_or(0, |lane| lane.cap.u64()),
        };
        let mut payer = used.payer.lock().unwrap_or_else(PoisonError::into_inner);
        payer.on_view(money);
        Known {
            now: self.room.sight.clock.now(),
            ends: used.view.end,
            live: lease.is_live(),
            units: payer.state().counted,
            total: lease.terms.lot_units.u64().saturating_mul(lease.lots.0.into()),
            paid: payer.state().worth() >= u128::from(money.cap),
            health,
            lost_secs: last_up.elapsed().as_secs(),
            failed_in_a_row: quality.failed_in_a_row,
            short_in_a_row: quality.short_in_a_row,
            wrong: quality.wrong,
        }
    }

    /// Detaches, and has the device sign what is due at the end.
    async fn end(&self, used: Used, verdict: Result<Verdict, Ended>) -> anyhow::Result<Ended> {
        let quality = used.attached.client().quality();
        if verdict == Ok(Verdict::Over) {
            // the provider says why, and every surface shows it, before it goes
            let closed = used.attached.client().until(|health| matches!(health, Health::Closed(_)));
            let _ = tokio::time::timeout(FAREWELL, closed).await;
        }
        used.attached.detach().await;
        observe::detached(self.lease.id, &format!("{verdict:?}"));
        let used_up = verdict == Ok(Verdict::UsedUp);
        let (given_up, words) = match verdict {
            Err(ended) => return Ok(ended),
            Ok(Verdict::Over | Verdict::GoesOn) => {
                return Ok(Ended::Over("the lease is over".to_owned()));
            }
            Ok(Verdict::Done) => (false, "it is used up, or at its end".to_owned()),
            Ok(Verdict::UsedUp) => {
                (false, "it is used up: what is left pays for nothing that is asked".to_owned())
            }
            Ok(Verdict::GivenUp(words)) => (true, words),
        };
        let (counted, worth, owed) = {
            let payer = used.payer.lock().unwrap_or_else(PoisonError::into_inner);
            let state = payer.state();
            let owed = payer.terms().owed_at(&state.rates, state.counted);
            (state.counted, state.worth(), owed.min(self.lease.cap().into()))
        };
        let total = self.lease.terms.lot_units.u64().saturating_mul(self.lease.lots.0.into());
        let secs = used.began.elapsed().as_secs();
        let band = used.band.or_else(|| self.room.latencies.band(self.lease.terms.market));
        let report = report(self.lease.id, (counted, total), &quality, band, secs, given_up);
        let voucher = Voucher {
            lease: self.lease.id,
            lane: used.view.lane,
            amount: worth.max(owed),
            units: counted,
            evidence: report.evidence(),
            ..Voucher::default()
        };
        let last = LastAsk {
            voucher: Some((&voucher).into()),
            report: Some((&report).into()),
            close: closes(
                given_up || used_up,
                (counted, total),
                (voucher.amount, self.lease.cap().into()),
            ),
            words: words.clone(),
        };
        self.ask_last(self.signer(used.served), last).await;
        Ok(Ended::Over(words))
    }

    /// Asks for the last voucher until the lease has closed, a few times.
    async fn ask_last(&self, device: DeviceId, last: LastAsk) {
        let stop = self.room.context.tasks.stop_token();
        for wait in LAST {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            if !self.is_live(self.lease.id) {
                return;
            }
            let ask = LaneAsk { lease: self.lease.id.0, what: Some(What::Last(last.clone())) };
            self.room.asks.tell(device, ask).await;
        }
    }

    fn is_live(&self, lease: LeaseId) -> bool {
        self.room.sight.leases.get(lease).is_some_and(|lease| lease.is_live())
    }
}

/// A lease as its surface is made of it.
struct LeasedThing {
    notice: LeaseNotice,
    capability: Option<caplet_protocol::wire::Capability>,
    view: LeaseView,
    compare: Option<Arc<dyn Compare>>,
}

impl LeasedThing {
    fn surface(
        &self,
        tenancy: &Tenancy<'_>,
        enclave: Option<EnclaveSurface>,
    ) -> anyhow::Result<Box<dyn Surface>> {
        if let Some(share) = tenancy.room.spreads.share(self.view.lease) {
            return Ok(Box::new(share));
        }
        let leased = Leased {
            service: self.view.service,
            notice: &self.notice,
            capability: self.capability.as_ref(),
            base: &tenancy.room.base,
            secret: tenancy.room.secret,
            memory: Arc::new(Remembered(tenancy.room.context.store.clone())),
            enclave,
            checks: if tenancy.sample() > Bps(0) {
                let machine = tenancy.room.machine(self.view.service);
                Checks { machine, compare: self.compare.clone(), on: true }
            } else {
                Checks::default()
            },
        };
        let mut wish = tenancy.wish.clone().unwrap_or_default();
        let mounts = &tenancy.room.config.mounts;
        if let Some(mounts) = mounts
            && wish.mount.is_none()
            && !tenancy.room.mountless.load(Ordering::Relaxed)
            && self.view.service == Service::STORE
        {
            wish.mount = Some(mounts.join(&self.notice.alias));
        }
        if let Some(folder) = &wish.mount {
            caplet_fabric_fs::make_point(folder)?;
        }
        surface(&leased, &wish)
    }
}
