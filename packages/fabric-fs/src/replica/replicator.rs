//! Keeps whoever stands by for the leases of one device in step.

use super::course::{Copy, Course};
use super::mirror::{Mirror, Plan};
use super::peer::Peer;
use super::wire::AskError;
use super::{Happening, Name, Next, Replicas};
use crate::provider::{Refusal, Shelves};
use caplet_protocol::{DeviceId, LeaseId};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What is waited for, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long a manifest waits for who stands by before it is acknowledged as stored once.
    pub patience: Duration,
    /// Between tries to reach who stands by, and between looks at who it is.
    pub look: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { patience: Duration::from_secs(3), look: Duration::from_secs(1) }
    }
}

/// Chunks on their way at a time.
const AHEAD: usize = 8;

/// Chunks in a row that were said to be there and were not, after which the link is given up.
const LIES: usize = 8;

/// Replicates what one device stores for others; a task a lease, which outlives sessions.
pub struct Replicator {
    device: DeviceId,
    shelves: Arc<Shelves>,
    replicas: Arc<dyn Replicas>,
    pace: Pace,
    stop: CancellationToken,
    tasks: TaskTracker,
    courses: Mutex<BTreeMap<LeaseId, Arc<Course>>>,
}

impl Replicator {
    /// Of what `device` stores on `shelves`, until `stop`.
    #[must_use]
    pub fn new(
        device: DeviceId,
        shelves: Arc<Shelves>,
        replicas: Arc<dyn Replicas>,
        pace: Pace,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let (tasks, courses) = (TaskTracker::new(), Mutex::default());
        Arc::new(Self { device, shelves, replicas, pace, stop, tasks, courses })
    }

    pub(crate) const fn shelves(&self) -> &Arc<Shelves> {
        &self.shelves
    }

    /// Says that a lease is served, or that something of it has changed.
    pub(crate) fn changed(self: &Arc<Self>, lease: LeaseId) {
        self.course(lease).changed();
    }

    /// Waits for a manifest to be on the disk of who stands by, with all that it names; false if it is not there in
    /// time, or nobody stands by. It goes on being replicated.
    pub(crate) async fn kept(self: &Arc<Self>, lease: LeaseId, sequence: u64) -> bool {
        let course = self.course(lease);
        course.changed();
        match course.reaches(sequence, self.pace.patience).await {
            Copy::InStep(_) => return true,
            Copy::Nobody => return false,
            Copy::Alone => {}
            Copy::Looking => {
                let why = format!("manifest {sequence} was not taken in {:?}", self.pace.patience);
                self.replicas.note(lease, Happening::Alone(why));
            }
        }
        self.replicas.note(lease, Happening::Acknowledged(sequence));
        false
    }

    fn course(self: &Arc<Self>, lease: LeaseId) -> Arc<Course> {
        let mut courses = self.courses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(course) = courses.get(&lease) {
            return Arc::clone(course);
        }
        let course = Arc::<Course>::default();
        courses.insert(lease, Arc::clone(&course));
        let (runs, of) = (Arc::clone(self), Arc::clone(&course));
        self.tasks.spawn(async move {
            let stop = runs.stop.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                () = runs.run(lease, &of) => {}
            }
            // whoever still waits on it is not kept waiting
            of.set(Copy::Alone);
            runs.courses.lock().unwrap_or_else(PoisonError::into_inner).remove(&lease);
        });
        course
    }

    /// Until the lease is served elsewhere.
    async fn run(&self, lease: LeaseId, course: &Course) {
        loop {
            let why = match self.replicas.next(lease, self.device).await {
                Ok(Next::Elsewhere) => return,
                Ok(Next::Nobody) => {
                    course.set(Copy::Nobody);
                    None
                }
                Ok(Next::Member(at)) => {
                    course.looks();
                    self.follow(lease, at, course).await.err()
                }
                Err(why) => Some(why),
            };
            if let Some(why) = why
                && course.set(Copy::Alone) != Copy::Alone
            {
                self.replicas.note(lease, Happening::Alone(why));
            }
            tokio::time::sleep(self.pace.look).await;
        }
    }

    /// Keeps `at` in step while it stands by.
    async fn follow(&self, lease: LeaseId, at: DeviceId, course: &Course) -> Result<(), String> {
        let peer = Peer::hold(&*self.replicas, lease, at).await?;
        let mut mirror = Mirror::default();
        let listed = peer.list().await.map_err(said)?;
        listed.into_iter().for_each(|name| mirror.claims(name));
        loop {
            let sequence = self.bring_up(lease, at, &peer, &mut mirror).await?;
            let now = Copy::InStep(sequence);
            if !matches!(course.set(now), Copy::InStep(_)) {
                self.replicas.note(lease, Happening::InStep { at, sequence });
            }
            tokio::select! {
                () = course.woken() => {}
                why = peer.gone() => return Err(why),
                () = tokio::time::sleep(self.pace.look) => match self.replicas.next(lease, self.device).await {
                    Ok(Next::Member(still)) if still == at => {}
                    Ok(_) => return Ok(()),
                    // a chain that can't be read names nobody else
                    Err(_) => {}
                },
            }
        }
    }

    /// Brings what is missing, has it shown, and hands the manifest over; its number.
    async fn bring_up(
        &self,
        lease: LeaseId,
        at: DeviceId,
        peer: &Peer,
        mirror: &mut Mirror,
    ) -> Result<u64, String> {
        let mut lies = 0usize;
        loop {
            let plan = self.plan(lease, mirror).await?;
            if plan.is_empty() && mirror.unproved().is_empty() {
                return Ok(mirror.sequence());
            }
            let gone = self.bring(lease, peer, mirror, &plan.bring).await?;
            let lied = self.prove(lease, peer, mirror).await?;
            if lied > 0 {
                self.replicas.note(lease, Happening::Lied { at });
                lies = lies.saturating_add(lied);
                if lies > LIES {
                    return Err(format!("device {at} does not have what it says it has"));
                }
            }
            if gone || lied > 0 {
                continue;
            }
            if let Some(stored) = &plan.manifest {
                mirror.took(peer.commit(stored).await.map_err(said)?);
            }
            peer.forget(&plan.forget).await.map_err(said)?;
            mirror.forgot(&plan.forget);
            return Ok(mirror.sequence());
        }
    }

    async fn plan(&self, lease: LeaseId, mirror: &Mirror) -> Result<Plan, String> {
        let mirror = mirror.clone();
        let plan = self.shelves.with(lease, move |shelf| Ok(mirror.plan(shelf)?)).await;
        plan.map_err(|refusal| self.own(refusal))
    }

    /// Brings chunks, several at a time; whether one was dropped meanwhile, so that another manifest is due.
    async fn bring(
        &self,
        lease: LeaseId,
        peer: &Peer,
        mirror: &mut Mirror,
        names: &[Name],
    ) -> Result<bool, String> {
        let put = |name: &Name| {
            let name = *name;
            async move {
                let Some(bytes) = self.chunk(lease, name).await? else { return Ok(None) };
                peer.put(name, &bytes).await.map_err(said)?;
                Ok::<_, String>(Some(name))
            }
        };
        let puts: Vec<_> = names.iter().map(put).collect();
        let put: Vec<_> = stream::iter(puts).buffer_unordered(AHEAD).try_collect().await?;
        put.iter().flatten().for_each(|name| mirror.claims(*name));
        Ok(put.contains(&None))
    }

    /// Has everything shown that is only said to be there, and one of the rest; how much is not.
    async fn prove(
        &self,
        lease: LeaseId,
        peer: &Peer,
        mirror: &mut Mirror,
    ) -> Result<usize, String> {
        let mut dice = [0; 40];
        getrandom::fill(&mut dice).map_err(|e| format!("no randomness: {e}"))?;
        let (key, pick) = dice.split_at(32);
        let key: [u8; 32] = key.try_into().unwrap_or_default();
        let pick = pick.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        let mut names = mirror.unproved();
        names.extend(mirror.any(pick));
        let shown = peer.shown(key, &names).await.map_err(said)?;
        let mut lied = 0usize;
        for (name, shown) in names.into_iter().zip(shown) {
            match self.chunk(lease, name).await? {
                Some(bytes) if *blake3::keyed_hash(&key, &bytes).as_bytes() == shown => {
                    mirror.proves(name);
                }
                // it is to be forgotten there, shown or not
                None => mirror.proves(name),
                Some(_) => {
                    mirror.lacks(name);
                    lied = lied.saturating_add(1);
                }
            }
        }
        Ok(lied)
    }

    async fn chunk(&self, lease: LeaseId, name: Name) -> Result<Option<Vec<u8>>, String> {
        let text = hex::encode(name);
        let read = self.shelves.with(lease, move |shelf| Ok(shelf.chunk(&text)?)).await;
        read.map_err(|refusal| self.own(refusal))
    }

    fn own(&self, refusal: Refusal) -> String {
        format!("its own disk: {}", refusal.said(self.shelves.quota()))
    }
}

#[allow(clippy::needless_pass_by_value)] // it maps errors
fn said(error: AskError) -> String {
    error.to_string()
}
