//! Keeps whoever stands by for the leases of one device in step.

use super::course::{Copy, Course};
use super::mirror::Mirror;
use super::peer::Peer;
use super::{Happening, Next, Replicas};
use crate::provider::Shelves;
use caplet_protocol::{DeviceId, LeaseId};
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

/// Replicates what one device stores for others; a task a lease, which outlives sessions.
pub struct Replicator {
    device: DeviceId,
    pub(super) shelves: Arc<Shelves>,
    pub(super) replicas: Arc<dyn Replicas>,
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
        let listed = peer.list().await.map_err(|e| e.to_string())?;
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
}
