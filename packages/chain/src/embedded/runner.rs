//! The chain's thread: jobs in between, a block when it is due.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::node::Node;
use super::options::Pace;

/// Something to do on the chain's thread.
pub(super) type Job = Box<dyn FnOnce(&mut Node) + Send>;

/// Runs until the last handle is gone.
pub(super) fn run(mut node: Node, jobs: &Receiver<Job>, pace: Pace) {
    let Pace::Every(interval) = pace else {
        while let Ok(job) = jobs.recv() {
            job(&mut node);
        }
        return;
    };
    let mut due = after(interval);
    loop {
        let wait = due.saturating_duration_since(Instant::now());
        // A due block comes before any job, or a flood of queries would stop the chain.
        let job =
            if wait.is_zero() { Err(RecvTimeoutError::Timeout) } else { jobs.recv_timeout(wait) };
        match job {
            Ok(job) => job(&mut node),
            Err(RecvTimeoutError::Timeout) => {
                // Trouble was logged, and the next turn tries again.
                let _ = node.produce(None);
                due = after(interval);
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn after(interval: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(interval).unwrap_or(now)
}
