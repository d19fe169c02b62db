//! Runs that are found again by their names: while somebody follows them, and for a while after.

use crate::job::Job;
use crate::machine::Limits;
use caplet_protocol::LeaseId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::task::TaskTracker;

/// What names a run: lease, and module, input, arguments.
pub(crate) type Name = (LeaseId, [u8; 32]);

struct Kept {
    job: Job,
    /// Tells it from another run of the same name.
    number: u64,
    /// Counts who follows it; without anybody it is given up after a while.
    followers: usize,
    /// When the last of them left.
    left: Instant,
    /// Somebody sees to it that it is given up then.
    watched: bool,
}

impl Kept {
    fn is_over(&self) -> bool {
        self.job.finished.borrow().is_some()
    }
}

#[derive(Default)]
struct All {
    next: u64,
    kept: BTreeMap<Name, Kept>,
}

impl All {
    /// The very run of this name.
    fn of(&mut self, name: &Name, number: u64) -> Option<&mut Kept> {
        self.kept.get_mut(name).filter(|kept| kept.number == number)
    }

    /// The one that nobody follows for longest.
    fn idle(&self, which: impl Fn(&Kept) -> bool) -> Option<Name> {
        let idle = self.kept.iter().filter(|(_, kept)| kept.followers == 0 && which(kept));
        idle.min_by_key(|(_, kept)| kept.left).map(|(name, _)| *name)
    }

    /// Forgets what has ended and nobody follows until the output that is kept has room; whether it has.
    fn trim(&mut self, room: usize) -> bool {
        loop {
            let over = self.kept.values().filter(|kept| kept.is_over());
            let bytes = over.fold(0usize, |sum, kept| sum.saturating_add(kept.job.output.len()));
            if bytes <= room {
                return true;
            }
            let Some(name) = self.idle(Kept::is_over) else { return false };
            self.kept.remove(&name);
        }
    }
}

/// The runs. Clones are the same ones.
#[derive(Clone)]
pub(crate) struct Runs {
    all: Arc<Mutex<All>>,
    tasks: TaskTracker,
    /// How long one waits for somebody to follow it.
    wait: Duration,
    /// Bytes of output of what has ended.
    room: usize,
}

impl Runs {
    /// As many as may run, and as much output of what has ended as these may write.
    pub(crate) fn new(limits: &Limits) -> Self {
        let room = limits.output.saturating_mul(limits.runs.max(1));
        Self { all: Arc::default(), tasks: TaskTracker::new(), wait: limits.orphan, room }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(&self, name: Name, kept: &mut Kept) -> (Job, Following) {
        kept.followers = kept.followers.saturating_add(1);
        let following = Following { runs: self.clone(), name, number: kept.number };
        (kept.job.clone(), following)
    }

    /// Follows the run of this name, if there is one that was not given up.
    pub(crate) fn again(&self, name: Name) -> Option<(Job, Following)> {
        let mut all = self.all();
        let kept = all.kept.get_mut(&name).filter(|kept| !kept.job.pay.stop.is_cancelled())?;
        Some(self.follow(name, kept))
    }

    /// Follows the run of this name, which begins unless it did meanwhile: who asks twice at a time has one.
    pub(crate) fn begin(&self, name: Name, begin: impl FnOnce() -> Job) -> (Job, Following) {
        let mut all = self.all();
        let All { next, kept } = &mut *all;
        if kept.get(&name).is_some_and(|kept| kept.job.pay.stop.is_cancelled()) {
            kept.remove(&name);
        }
        let kept = kept.entry(name).or_insert_with(|| {
            *next = next.wrapping_add(1);
            let (number, left) = (*next, Instant::now());
            Kept { job: begin(), number, followers: 0, left, watched: false }
        });
        self.follow(name, kept)
    }

    /// Whether what has ended leaves room for more, now that what nobody follows is forgotten as far as it must be.
    pub(crate) fn has_room(&self) -> bool {
        self.all().trim(self.room)
    }

    /// Whether a run would give way to another: one that nobody follows.
    pub(crate) fn gives_way(&self) -> bool {
        self.all().idle(|kept| !kept.is_over()).is_some()
    }

    /// Gives up the one that nobody follows for longest.
    pub(crate) fn give_way(&self) {
        let mut all = self.all();
        let Some(name) = all.idle(|kept| !kept.is_over()) else { return };
        if let Some(kept) = all.kept.remove(&name) {
            kept.job.pay.stop.cancel();
        }
    }

    /// Gives up all of them: each is a thread, and a program that ends waits for its threads.
    pub(crate) fn stop(&self) {
        for kept in std::mem::take(&mut self.all().kept).into_values() {
            kept.job.pay.stop.cancel();
        }
    }

    /// How long the run may still wait for somebody; it is given up when that is over.
    fn rest(&self, name: &Name, number: u64) -> Option<Duration> {
        let mut all = self.all();
        let kept = all.of(name, number)?;
        if kept.followers > 0 {
            kept.watched = false;
            return None;
        }
        let rest = self.wait.saturating_sub(kept.left.elapsed());
        if !rest.is_zero() {
            return Some(rest);
        }
        kept.job.pay.stop.cancel();
        all.kept.remove(name);
        None
    }

    /// Notes that a follower has left; whether somebody must see to what becomes of the run.
    fn leave(&self, name: &Name, number: u64) -> bool {
        let mut all = self.all();
        let Some(kept) = all.of(name, number) else { return false };
        kept.followers = kept.followers.saturating_sub(1);
        if kept.followers > 0 {
            return false;
        }
        kept.left = Instant::now();
        let watched = std::mem::replace(&mut kept.watched, true);
        all.trim(self.room);
        !watched
    }
}

/// Somebody follows a run that is kept.
pub(crate) struct Following {
    runs: Runs,
    name: Name,
    number: u64,
}

impl Drop for Following {
    fn drop(&mut self) {
        if !self.runs.leave(&self.name, self.number) {
            return;
        }
        // a consumer that comes back in time finds it; nobody pays for it meanwhile, so it stands still
        let (runs, name, number) = (self.runs.clone(), self.name, self.number);
        self.runs.tasks.spawn(async move {
            while let Some(rest) = runs.rest(&name, number) {
                tokio::time::sleep(rest).await;
            }
        });
    }
}
