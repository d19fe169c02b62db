//! Stores spread over several leases of local devices: what was asked for, kept over restarts, and how it is.

use super::remembered::Remembered;
use crate::observe;
use crate::store::Store;
use crate::tasks::Group;
use caplet_fabric::desk::Desk;
use caplet_fabric::surface::{AttachError, Place, Topics};
use caplet_fabric_fs::{
    Key, Part, Plan, Shape, ShareSurface, Spread, SpreadAttached, SpreadSurface, make_point,
};
use caplet_protocol::LeaseId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long all leases of a spread are waited for when it is opened; then as many as are needed will do.
const SETTLING: Duration = Duration::from_secs(10);

/// Between two tries to open one.
const AGAIN: Duration = Duration::from_secs(1);

/// What may be asked of a store over several leases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpreadWish {
    /// Leases that restore everything.
    pub needed: usize,
    /// Numbers or aliases of all of them.
    pub leases: Vec<String>,
    /// Folder on which it is mounted; below `fabric.mounts`, if that is set, when absent.
    #[serde(default)]
    pub mount: Option<PathBuf>,
}

/// The same as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) needed: usize,
    pub(super) leases: Vec<LeaseId>,
    pub(super) mount: Option<PathBuf>,
}

/// A store over several leases, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct SpreadShown {
    /// Its local name.
    pub name: String,
    /// Leases that restore everything.
    pub needed: usize,
    /// Where it is, once it is local: a path of the desk, a folder.
    pub address: Option<String>,
    /// How it is.
    pub health: serde_json::Value,
    /// What keeps it from being local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its leases, and what each has.
    pub leases: Vec<Part>,
}

/// Where it is, or why not yet.
#[derive(Default)]
struct Seen {
    address: Option<String>,
    reason: Option<String>,
}

struct Running {
    kept: Kept,
    spread: Arc<Spread>,
    stop: CancellationToken,
    seen: Arc<Mutex<Seen>>,
}

/// What the room is made of.
pub(super) struct Parts {
    pub(super) store: Store,
    pub(super) tasks: Group,
    pub(super) desk: Desk,
    pub(super) topics: Arc<dyn Topics>,
    /// Of which the keys of stores are made.
    pub(super) secret: [u8; 32],
    /// Between two challenges, on average; none for no challenges.
    pub(super) challenge: Option<Duration>,
    /// Below which stores are mounted that nobody named a folder for.
    pub(super) mounts: Option<PathBuf>,
}

/// Stores over several leases.
pub(super) struct Spreads {
    parts: Parts,
    memory: Remembered,
    running: Mutex<BTreeMap<String, Running>>,
}

/// Leases whose part in spreads has changed.
pub(super) struct Changed {
    pub(super) joined: Vec<LeaseId>,
    pub(super) left: Vec<LeaseId>,
}

impl Spreads {
    /// Takes up what was asked for before.
    pub(super) fn start(parts: Parts) -> anyhow::Result<Self> {
        let memory = Remembered(parts.store.clone());
        let room = Self { memory, parts, running: Mutex::default() };
        for (name, kept) in room.memory.spreads()? {
            let running = room.begin(&name, kept)?;
            room.locked().insert(name, running);
        }
        Ok(room)
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Spreads a store over leases; one of that name is repaired onto those that are new.
    pub(super) fn set(&self, name: &str, kept: Kept) -> anyhow::Result<Changed> {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        anyhow::ensure!(
            (1..=48).contains(&name.len()) && name.chars().all(fine),
            "{name:?} is no name of a spread store: 1 to 48 letters, digits, '-' and '_'"
        );
        let mut all = self.locked();
        let other = all.iter().filter(|(other, _)| *other != name).find_map(|(other, running)| {
            let shared = kept.leases.iter().find(|lease| running.kept.leases.contains(lease))?;
            Some((other.clone(), *shared))
        });
        if let Some((other, lease)) = other {
            anyhow::bail!("lease {lease} is a part of {other} already: detach that first");
        }
        let before = match all.get(name) {
            Some(running) => {
                keeps_enough(name, &running.kept, &kept)?;
                running.spread.replan(kept.leases.clone())?;
                running.kept.leases.clone()
            }
            None => Vec::new(),
        };
        self.memory.keep_spread(name, &kept)?;
        let (was, is): (BTreeSet<_>, BTreeSet<_>) =
            (before.iter().collect(), kept.leases.iter().collect());
        let changed = Changed {
            joined: is.difference(&was).map(|lease| **lease).collect(),
            left: was.difference(&is).map(|lease| **lease).collect(),
        };
        match all.get_mut(name) {
            Some(running) => running.kept = kept,
            None => drop(all.insert(name.to_owned(), self.begin(name, kept)?)),
        }
        Ok(changed)
    }

    /// Takes one away; its leases, which stay open and keep what they have. `None` if there is none of that name.
    pub(super) fn end(&self, name: &str) -> anyhow::Result<Option<Vec<LeaseId>>> {
        let mut all = self.locked();
        if !all.contains_key(name) {
            return Ok(None);
        }
        self.memory.drop_spread(name)?;
        Ok(all.remove(name).map(|running| {
            running.stop.cancel();
            running.kept.leases
        }))
    }

    /// How a lease that is a part of one is made local.
    pub(super) fn share(&self, lease: LeaseId) -> Option<ShareSurface> {
        let all = self.locked();
        let (name, running) = all.iter().find(|(_, one)| one.kept.leases.contains(&lease))?;
        let (spread, address) = (Arc::clone(&running.spread), format!("/v1/caps/{name}"));
        Some(ShareSurface { spread, address })
    }

    /// The name of the one that a lease is a part of.
    pub(super) fn name_of(&self, lease: LeaseId) -> Option<String> {
        let all = self.locked();
        let found = all.iter().find(|(_, running)| running.kept.leases.contains(&lease));
        found.map(|(name, _)| name.clone())
    }

    /// What is spread.
    pub(super) fn all(&self) -> Vec<SpreadShown> {
        let shown = |(name, running): (&String, &Running)| {
            let seen = running.seen.lock().unwrap_or_else(PoisonError::into_inner);
            SpreadShown {
                name: name.clone(),
                needed: running.kept.needed,
                address: seen.address.clone(),
                health: running.spread.health().borrow().json(),
                reason: seen.reason.clone(),
                leases: running.spread.parts(),
            }
        };
        self.locked().iter().map(shown).collect()
    }

    /// Opens it, in a task, once enough of its leases are local.
    fn begin(&self, name: &str, kept: Kept) -> anyhow::Result<Running> {
        let shape = Shape::new(kept.needed, kept.leases.len())?;
        let plan = Plan { shape, leases: kept.leases.clone(), patience: SETTLING };
        let key = Key::of_spread(&self.parts.secret, name);
        let spread = Spread::new(plan, key, Arc::new(Remembered(self.parts.store.clone())))?;
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), self.parts.tasks.stop_token());
        let stop = stop.child_token();
        let opening = Opening {
            name: name.to_owned(),
            spread: Arc::clone(&spread),
            folder: kept.mount.clone(),
            mounts: self.parts.mounts.as_ref().map(|mounts| mounts.join(name)),
            challenge: self.parts.challenge,
            desk: self.parts.desk.clone(),
            topics: Arc::clone(&self.parts.topics),
            seen: Arc::clone(&seen),
        };
        let stopped = stop.clone();
        self.parts.tasks.spawn("spread", async move {
            let attached = tokio::select! {
                () = stopped.cancelled() => return Ok(()),
                attached = opening.run() => attached,
            };
            stopped.cancelled().await;
            attached.detach().await;
            Ok(())
        });
        Ok(Running { kept, spread, stop, seen })
    }
}

/// What is there must be restorable from the leases that stay.
fn keeps_enough(name: &str, was: &Kept, is: &Kept) -> anyhow::Result<()> {
    let (needed, of) = (was.needed, was.leases.len());
    anyhow::ensure!(
        (needed, of) == (is.needed, is.leases.len()),
        "{name} needs {needed} of {of} leases, and {} of {} are asked for: a store stays as it was made; take another name",
        is.needed,
        is.leases.len()
    );
    let stay = was.leases.iter().filter(|lease| is.leases.contains(lease)).count();
    let leases = was.leases.iter().map(LeaseId::to_string).collect::<Vec<_>>().join(", ");
    anyhow::ensure!(
        stay >= needed,
        "{name} is on leases {leases}, of which {stay} would stay and {needed} are needed to restore the others: keep more of them, or take another name (--as)"
    );
    anyhow::ensure!(
        was.mount == is.mount || is.mount.is_none(),
        "{name} is local already: detach it to mount it elsewhere"
    );
    Ok(())
}

/// One on its way to being local.
struct Opening {
    name: String,
    spread: Arc<Spread>,
    /// The folder that was asked for.
    folder: Option<PathBuf>,
    /// The folder where none was.
    mounts: Option<PathBuf>,
    challenge: Option<Duration>,
    desk: Desk,
    topics: Arc<dyn Topics>,
    seen: Arc<Mutex<Seen>>,
}

impl Opening {
    async fn run(mut self) -> SpreadAttached {
        loop {
            match self.attach().await {
                Ok(attached) => {
                    observe::spread_attached(&self.name, &attached.address);
                    let seen = Seen { address: Some(attached.address.clone()), reason: None };
                    *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
                    return attached;
                }
                Err(error) => {
                    // a system that can't mount, and nobody asked for it: over HTTP only
                    let mount = error.downcast_ref::<AttachError>().is_some_and(|error| {
                        matches!(error, AttachError::Local { what, .. } if what == "the mount")
                    });
                    if mount && self.folder.is_none() {
                        self.mounts = None;
                    }
                    let reason = Some(format!("{error:#}"));
                    *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
                        Seen { address: None, reason };
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn attach(&self) -> anyhow::Result<SpreadAttached> {
        let folder = self.folder.clone().or_else(|| self.mounts.clone());
        if let Some(folder) = &folder {
            make_point(folder)?;
        }
        let (alias, desk, topics) =
            (self.name.clone(), self.desk.clone(), Arc::clone(&self.topics));
        let (spread, challenge) = (Arc::clone(&self.spread), self.challenge);
        let surface = SpreadSurface { spread, folder, challenge };
        Ok(surface.attach(Place { alias, desk, topics }).await?)
    }
}
