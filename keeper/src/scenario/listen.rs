//! What the devices say: told on, counted, and answered by starting an application for every lease that a
//! gateway makes local.

use super::apps;
use super::busy::Busy;
use super::happening::{Happening, Teller};
use crate::tasks::Group;
use caplet_protocol::{Kind, LeaseId, wire};
use caplet_simulator::{Saying, Told};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Uses whose result was right, by kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    counted: Arc<Mutex<Counted>>,
}

#[derive(Debug, Default)]
struct Counted {
    local: BTreeMap<&'static str, u64>,
    sealed: u64,
    folders: bool,
}

impl Uses {
    /// Through the virtualization layer, by kind.
    pub(super) fn local(&self) -> BTreeMap<&'static str, u64> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).local.clone()
    }

    /// Of constrained devices, sealed over MQTT.
    pub(super) fn sealed(&self) -> u64 {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).sealed
    }

    /// Whether every kind was used through the layer, and something sealed over MQTT.
    pub(super) fn all(&self) -> bool {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.sealed > 0
            && Kind::ALL.into_iter().all(|kind| counted.local.contains_key(kind.name()))
    }

    /// Notes that a store is a mounted folder.
    pub(super) fn mounted(&self) {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).folders = true;
    }

    /// How stores looked local.
    pub(super) fn store(&self) -> &'static str {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.folders { "fuse" } else { "http" }
    }

    fn count(&self, kind: &'static str, granted: bool) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let of = if granted { counted.local.entry(kind).or_default() } else { &mut counted.sealed };
        *of = of.saturating_add(1);
    }
}

/// Listens to all devices.
pub(super) struct Listener {
    pub(super) teller: Teller,
    pub(super) busy: Busy,
    pub(super) uses: Uses,
    /// Where each gateway serves what its devices have leased.
    pub(super) desks: Vec<SocketAddr>,
    /// The gateway of each device, and whether that uses leases for it.
    pub(super) homes: BTreeMap<String, (usize, bool)>,
    pub(super) origin: SocketAddr,
    pub(super) told: mpsc::UnboundedSender<Told>,
}

impl Listener {
    /// Listens until nobody is left to say anything.
    pub(super) async fn run(
        self,
        mut hears: mpsc::UnboundedReceiver<Told>,
        lives: Group,
    ) -> anyhow::Result<()> {
        let mut kinds: BTreeMap<LeaseId, &'static str> = BTreeMap::new();
        let stop = lives.stop_token();
        loop {
            let told = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                told = hears.recv() => told,
            };
            let Some(told) = told else { return Ok(()) };
            self.busy.hear(&told);
            match &told.saying {
                Saying::LeaseOpened(notice) if notice.role() == wire::Role::Consumer => {
                    let kind = name_of(notice.kind());
                    kinds.insert(LeaseId(notice.lease), kind);
                    self.start_app(&told.name, notice, &lives);
                }
                Saying::Used(lease, ..) => {
                    let kind = kinds.get(lease).copied().unwrap_or("unknown");
                    let granted = self.homes.get(&told.name).is_some_and(|home| home.1);
                    self.uses.count(kind, granted);
                }
                _ => {}
            }
            (self.teller)(Happening::Device(told));
        }
    }

    fn start_app(&self, name: &str, notice: &wire::LeaseNotice, lives: &Group) {
        let Some((gateway, true)) = self.homes.get(name).copied() else { return };
        let Some(desk) = self.desks.get(gateway).copied() else { return };
        let start = apps::Start {
            name: name.to_owned(),
            notice: notice.clone(),
            desk,
            origin: self.origin,
            told: self.told.clone(),
            teller: Arc::clone(&self.teller),
            uses: self.uses.clone(),
        };
        let stop = lives.stop_token();
        lives.spawn("application", async move {
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                ended = apps::run(start) => ended,
            }
        });
    }
}

fn name_of(kind: wire::CapabilityKind) -> &'static str {
    let known = Kind::ALL.into_iter().find(|known| wire::CapabilityKind::from(*known) == kind);
    known.map_or("unknown", Kind::name)
}
