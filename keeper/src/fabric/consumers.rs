//! The consumer room: leases of local devices that have let this gateway use them are made local.

use super::asks::Asks;
use super::compare::Comparisons;
use super::enclaves::Enclaves;
use super::kind::{alias_of, service_of};
use super::ledger::Ledger;
use super::sight::Sight;
use super::spreads::{Kept, SpreadShown, SpreadWish, Spreads};
use super::surfaces::Wish;
use super::tenancy::{Ended, Tenancy};
use crate::config::FabricConfig;
use crate::context::Context;
use crate::exchange::Exchange;
use crate::latencies::Latencies;
use crate::leases::Lease;
use crate::observe;
use caplet_fabric::Service;
use caplet_fabric::desk::Desk;
use caplet_fabric::health::Health;
use caplet_fabric::link::Endpoint;
use caplet_fabric::surface::Topics;
use caplet_fabric_wasi::Machine;
use caplet_protocol::LeaseId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Between looks at what could not be attached.
const LOOK: Duration = Duration::from_millis(250);

/// Leases that are over and whose end is remembered.
const KEPT: usize = 1_024;

/// Between two tries of one lease.
const AGAIN: Duration = Duration::from_secs(1);

/// What the consumer room is made of.
pub(super) struct Parts {
    pub(super) context: Context,
    pub(super) sight: Arc<Sight>,
    pub(super) enclaves: Enclaves,
    /// What was measured of leases here, for what is good and bad of the next.
    pub(super) latencies: Latencies,
    /// What sensors are held against.
    pub(super) comparisons: Comparisons,
    /// Runs programs again whose results are checked, once there are any; none on a system that can't.
    pub(super) machine: OnceLock<Option<Machine>>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) exchange: Exchange,
    pub(super) endpoint: Arc<dyn Endpoint>,
    pub(super) asks: Asks,
    pub(super) desk: Desk,
    pub(super) topics: Arc<dyn Topics>,
    pub(super) config: FabricConfig,
    /// Where the desk answers, as a URL.
    pub(super) base: String,
    /// Of which the keys of stores and chains are made.
    pub(super) secret: [u8; 32],
    /// Stores over several leases.
    pub(super) spreads: Spreads,
    /// Whether this system has refused to mount: stores are served over HTTP from then on.
    pub(super) mountless: AtomicBool,
}

impl Parts {
    /// What runs programs of this service again.
    pub(super) fn machine(&self, service: Service) -> Option<Machine> {
        if service != Service::WASM {
            return None;
        }
        self.machine.get_or_init(|| Machine::new().ok()).clone()
    }
}

/// A lease that is local.
#[derive(Clone, Debug, Serialize)]
pub struct Local {
    /// The lease.
    pub lease: LeaseId,
    /// Its local name.
    pub alias: String,
    /// As what it is served.
    pub service: &'static str,
    /// Where it is: a path of the desk, a socket address, a folder.
    pub address: String,
    /// How it is.
    pub health: serde_json::Value,
    /// Units counted.
    pub units: u64,
    /// What was asked for beside it and could not be had, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// What was set up beside it: of an uplink, `{"tun": {"name": .., "resolver": ..}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<serde_json::Value>,
}

/// What is known of a lease that is being used.
pub(super) struct Place {
    pub(super) stop: CancellationToken,
    pub(super) shown: watch::Sender<Option<Shown>>,
    /// Units that were counted when it was shown last.
    pub(super) counted: AtomicU64,
}

/// What is shown of it.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) service: &'static str,
    pub(super) address: String,
    pub(super) health: watch::Receiver<Health>,
    pub(super) lacks: Option<String>,
    pub(super) beside: Option<serde_json::Value>,
    pub(super) client: caplet_fabric::client::Client,
}

#[derive(Default)]
struct State {
    used: BTreeMap<LeaseId, Arc<Place>>,
    /// Used up, given up or over on chain: not attached again. Why, for people.
    over: BTreeMap<LeaseId, String>,
    /// Units counted of what is used no more.
    counted: BTreeMap<LeaseId, u64>,
    wishes: BTreeMap<LeaseId, Wish>,
    /// Detached by the operator: not attached by itself.
    detached: BTreeSet<LeaseId>,
}

impl State {
    /// A lease is used no more, or not for now.
    fn leave(&mut self, lease: LeaseId, counted: u64) {
        self.used.remove(&lease);
        if counted == 0 {
            return;
        }
        let most = self.counted.entry(lease).or_default();
        *most = counted.max(*most);
        while self.counted.len() > KEPT {
            self.counted.pop_first(); // the lowest number is the oldest lease
        }
    }
}

/// The consumer room. Clones share it.
#[derive(Clone)]
pub struct Consumers {
    pub(super) parts: Arc<Parts>,
    state: Arc<Mutex<State>>,
    wake: Arc<Notify>,
}

impl Consumers {
    /// Attaches what is due, in a task.
    pub(super) fn start(parts: Parts) -> Self {
        let room = Self { parts: Arc::new(parts), state: Arc::default(), wake: Arc::default() };
        let (runs, tasks) = (room.clone(), room.parts.context.tasks.clone());
        let stop = tasks.stop_token();
        tasks.spawn("consumers", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = runs.run() => {}
            }
            Ok(())
        });
        room
    }

    async fn run(&self) {
        let mut leases = self.parts.sight.leases.changed();
        loop {
            leases.borrow_and_update();
            self.pass();
            tokio::select! {
                () = self.wake.notified() => {}
                _ = leases.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    fn pass(&self) {
        let now = self.parts.sight.clock.now();
        for lease in self.parts.sight.leases.all() {
            let due =
                lease.terms.start.u64() <= now && now.saturating_add(1) < lease.terms.end.u64();
            // a pool's lease is used once a member is assigned
            let served = lease.consumes_here && lease.server.is_some();
            if served && lease.is_live() && due && self.is_wanted(lease.id) {
                self.take_up(lease);
            }
        }
    }

    fn is_wanted(&self, lease: LeaseId) -> bool {
        let state = self.locked();
        let asked =
            state.wishes.contains_key(&lease) || self.parts.spreads.name_of(lease).is_some();
        let auto = self.parts.config.auto && !state.detached.contains(&lease);
        (auto || asked) && !state.over.contains_key(&lease) && !state.used.contains_key(&lease)
    }

    /// Uses a lease in a task of its own.
    fn take_up(&self, lease: Lease) {
        let place = Arc::new(Place {
            stop: self.parts.context.tasks.stop_token().child_token(),
            shown: watch::Sender::new(None),
            counted: AtomicU64::new(0),
        });
        let wish = {
            let mut state = self.locked();
            state.used.insert(lease.id, Arc::clone(&place));
            state.wishes.get(&lease.id).cloned()
        };
        let room = self.clone();
        self.parts.context.tasks.spawn("tenancy", async move {
            let tenancy = Tenancy { room: &room.parts, lease: lease.clone(), place: &place, wish };
            let ended = tenancy.run().await;
            let again = match ended {
                Ok(Ended::Over(why)) => {
                    room.remember(lease.id, why);
                    false
                }
                Ok(Ended::Detached) => false,
                Ok(Ended::Elsewhere) => true,
                // a device that lets nobody use it uses its lease itself, over MQTT
                Ok(Ended::NotGranted) => {
                    tokio::time::sleep(AGAIN).await;
                    true
                }
                Err(error) => {
                    observe::room_failed("consumers", &error);
                    tokio::time::sleep(AGAIN).await;
                    true
                }
            };
            room.locked().leave(lease.id, place.counted.load(Ordering::Relaxed));
            if again {
                room.wake.notify_one();
            }
            Ok(())
        });
    }

    fn remember(&self, lease: LeaseId, why: String) {
        let mut state = self.locked();
        while state.over.len() >= KEPT {
            state.over.pop_first(); // the lowest number is the oldest lease
        }
        state.over.insert(lease, why);
    }

    /// Why a lease is local no more, once it is over.
    #[must_use]
    pub fn ended(&self, name: &str) -> Option<(LeaseId, String)> {
        let lease = self.find(name).ok()?;
        let why = self.locked().over.get(&lease.id).cloned()?;
        // the chain has the last word
        let now = self.parts.sight.leases.get(lease.id).and_then(|lease| lease.reason);
        Some((lease.id, now.map_or(why, |reason| format!("the lease is over: {reason:?}"))))
    }

    /// Makes a lease local in the way that is wished, again if it is already.
    ///
    /// # Errors
    /// If no lease that a local device uses has that number or name.
    pub fn attach(&self, name: &str, wish: Wish) -> anyhow::Result<LeaseId> {
        let lease = self.find(name)?;
        if let Some(spread) = self.parts.spreads.name_of(lease.id) {
            anyhow::bail!("lease {} is a part of {spread}: detach that first", lease.id);
        }
        let mut state = self.locked();
        state.detached.remove(&lease.id);
        state.over.remove(&lease.id);
        let changed = state.wishes.insert(lease.id, wish.clone()) != Some(wish);
        if let Some(place) = state.used.get(&lease.id)
            && changed
        {
            place.stop.cancel();
        }
        drop(state);
        self.wake.notify_one();
        Ok(lease.id)
    }

    /// Takes it away; the lease stays open.
    ///
    /// # Errors
    /// As [`Consumers::attach`].
    pub fn detach(&self, name: &str) -> anyhow::Result<LeaseId> {
        let lease = self.find(name)?;
        if let Some(spread) = self.parts.spreads.name_of(lease.id) {
            anyhow::bail!("lease {} is a part of {spread}: detach that", lease.id);
        }
        let mut state = self.locked();
        state.wishes.remove(&lease.id);
        state.detached.insert(lease.id);
        if let Some(place) = state.used.get(&lease.id) {
            place.stop.cancel();
        }
        Ok(lease.id)
    }

    /// Makes one store of several leases, any `needed` of which restore it. One of that name is repaired: its part on a
    /// lease that is not named any more goes to one that is new.
    ///
    /// # Errors
    /// If a lease is none, is no store or a part of another, or too few of the earlier ones are named.
    pub fn spread(&self, name: &str, wish: SpreadWish) -> anyhow::Result<()> {
        let SpreadWish { needed, leases, mount } = wish;
        let leases: Vec<LeaseId> =
            leases.iter().map(|lease| self.store(lease)).collect::<anyhow::Result<_>>()?;
        let changed = self.parts.spreads.set(name, Kept { needed, leases, mount })?;
        let mut state = self.locked();
        for lease in changed.joined.iter().chain(&changed.left) {
            state.wishes.remove(lease);
            if let Some(place) = state.used.get(lease) {
                place.stop.cancel();
            }
        }
        for lease in &changed.joined {
            state.detached.remove(lease);
            state.over.remove(lease);
        }
        state.detached.extend(changed.left);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// A lease of a store, by number or alias.
    fn store(&self, name: &str) -> anyhow::Result<LeaseId> {
        let lease = self.find(name)?;
        let market = self.parts.sight.books.config(lease.terms.market);
        let service = market.map(|market| service_of(market.kind, &market.resource));
        anyhow::ensure!(
            service == Some(Service::STORE),
            "lease {name} is no store: only stores are spread over several leases"
        );
        Ok(lease.id)
    }

    /// Takes a store over several leases away; they stay open. Whether there was one of that name.
    ///
    /// # Errors
    /// If the keeper's store can't be written.
    pub fn unspread(&self, name: &str) -> anyhow::Result<bool> {
        let Some(leases) = self.parts.spreads.end(name)? else { return Ok(false) };
        let mut state = self.locked();
        for lease in leases {
            state.detached.insert(lease);
            if let Some(place) = state.used.get(&lease) {
                place.stop.cancel();
            }
        }
        Ok(true)
    }

    /// Stores over several leases.
    #[must_use]
    pub fn spreads(&self) -> Vec<SpreadShown> {
        self.parts.spreads.all()
    }

    /// What is local now.
    #[must_use]
    pub fn all(&self) -> Vec<Local> {
        let used: Vec<_> = self.locked().used.iter().map(|(l, p)| (*l, Arc::clone(p))).collect();
        let local = |(lease, place): (LeaseId, Arc<Place>)| {
            // one that is being taken down, to be attached in another way, is not where it is shown any more
            let there = !place.stop.is_cancelled();
            let shown = place.shown.borrow().clone().filter(|_| there)?;
            Some(Local {
                lease,
                alias: self.alias(lease)?,
                service: shown.service,
                address: shown.address,
                health: shown.health.borrow().json(),
                units: shown.client.units(),
                lacks: shown.lacks,
                beside: shown.beside,
            })
        };
        used.into_iter().filter_map(local).collect()
    }

    /// Units counted on each lease that is used here, or was used lately: the last of a lease are counted in the moment
    /// in which it is local no more.
    #[must_use]
    pub fn counted(&self) -> BTreeMap<LeaseId, u64> {
        let (mut all, used) = {
            let state = self.locked();
            let used: Vec<_> = state.used.iter().map(|(l, p)| (*l, Arc::clone(p))).collect();
            (state.counted.clone(), used)
        };
        for (lease, place) in used {
            let shown = place.shown.borrow().as_ref().map(|shown| shown.client.units());
            let before = Some(place.counted.load(Ordering::Relaxed)).filter(|units| *units > 0);
            if let Some(units) = shown.or(before) {
                let most = all.entry(lease).or_default();
                *most = units.max(*most);
            }
        }
        all
    }

    fn alias(&self, lease: LeaseId) -> Option<String> {
        let lease = self.parts.sight.leases.get(lease)?;
        let market = self.parts.sight.books.config(lease.terms.market)?;
        Some(alias_of(&market.resource, lease.id))
    }

    /// A lease by number or alias.
    fn find(&self, name: &str) -> anyhow::Result<Lease> {
        let ours = self.parts.sight.leases.all().into_iter().filter(|lease| lease.consumes_here);
        let is_it = |lease: &Lease| {
            lease.id.to_string() == name || self.alias(lease.id).as_deref() == Some(name)
        };
        let found = ours.into_iter().find(is_it);
        found.ok_or_else(|| {
            anyhow::anyhow!(
                "no device here uses a lease {name}: GET /v1/leases lists what is local"
            )
        })
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
