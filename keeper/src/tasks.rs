//! Named tasks under one cancellation tree with a drain deadline.
//!
//! A bare `tokio::spawn` has no name, nobody who waits for it and nobody who hears of its death, so
//! it is banned (clippy.toml); this is the one place that calls it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A task whose type is forgotten: the runtime's part of it is compiled once, not once for each of the keeper's tasks.
type Task = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// Tasks that live and end together. Clones are the same group.
#[derive(Clone)]
pub struct Group {
    name: Arc<str>,
    stop: CancellationToken,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

/// How a drain went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every task ended by itself.
    Cleanly,
    /// These many were still running at the deadline and were cut off.
    CutOff(usize),
}

impl Group {
    /// A new tree.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), stop: CancellationToken::new(), tasks: Arc::default() }
    }

    /// A group that stops when this one does, or alone.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self {
            name: format!("{}/{name}", self.name).into(),
            stop: self.stop.child_token(),
            tasks: Arc::clone(&self.tasks),
        }
    }

    /// Cancelled when the group is told to stop; every task's loop selects on it.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Whether the group was told to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Runs a task under a name. A task that ends with an error or a panic stops the whole tree:
    /// a keeper that lost one of its parts must not look alive.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.run(name, Box::pin(task));
    }

    fn run(&self, name: &'static str, task: Task) {
        let (group, stop) = (Arc::clone(&self.name), self.stop.clone());
        let guarded = async move {
            let guard = stop.clone().drop_guard();
            match task.await {
                Ok(()) => {
                    guard.disarm();
                }
                Err(error) => {
                    tracing::error!(group = %group, task = name, error = format!("{error:#}"), "task failed, stopping");
                }
            }
        };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(guarded);
    }

    /// Tells every task to stop, and does not wait for it.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Tells every task to stop and waits for them, at most `deadline`.
    pub async fn drain(&self, deadline: Duration) -> Drained {
        self.stop.cancel();
        let mut tasks = {
            let mut held = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *held)
        };
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(deadline, all).await.is_ok() {
            return Drained::Cleanly;
        }
        let left = tasks.len();
        tasks.shutdown().await;
        Drained::CutOff(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drain_waits_for_tasks_that_stop_when_told() {
        let group = Group::new("test");
        let stop = group.child("inner").stop_token();
        group.spawn("waits", async move {
            stop.cancelled().await;
            Ok(())
        });
        assert_eq!(group.drain(Duration::from_secs(60)).await, Drained::Cleanly);
    }

    #[tokio::test]
    async fn a_failing_task_stops_the_tree_and_a_finished_one_does_not() {
        let group = Group::new("test");
        group.spawn("done", async { Ok(()) });
        tokio::task::yield_now().await;
        assert!(!group.is_stopping());
        group.spawn("fails", async { anyhow::bail!("on purpose") });
        group.stop_token().cancelled().await;
    }

    #[tokio::test]
    async fn a_panic_stops_the_tree() {
        let group = Group::new("test");
        group.spawn("panics", async { panic!("on purpose") });
        group.stop_token().cancelled().await;
    }

    #[tokio::test]
    async fn a_task_that_does_not_stop_is_cut_off_at_the_deadline() {
        let group = Group::new("test");
        group.spawn("deaf", std::future::pending());
        assert_eq!(group.drain(Duration::from_millis(10)).await, Drained::CutOff(1));
    }
}
