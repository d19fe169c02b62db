//! Chain time: the last block's, and what has passed since by the monotonic clock. Only this has
//! legal effect (`PROTOCOL.md` 4); a machine's clock that jumps changes nothing.

use crate::tasks::Group;
use caplet_chain::{Chain, Head};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What time it is on the chain. Clones share it.
#[derive(Clone)]
pub(crate) struct Clock {
    seen: Arc<Mutex<(Head, Instant)>>,
}

impl Clock {
    /// Follows the heads of `chain` in a task of `tasks`.
    pub(crate) fn start(chain: &dyn Chain, tasks: &Group) -> Self {
        let mut heads = chain.watch();
        let now = *heads.borrow_and_update();
        let clock = Self { seen: Arc::new(Mutex::new((now, Instant::now()))) };
        let (seen, stop) = (Arc::clone(&clock.seen), tasks.stop_token());
        tasks.spawn("chain clock", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = follow(&mut heads, &seen) => {}
            }
            Ok(())
        });
        clock
    }

    /// Unix seconds of chain time.
    pub(crate) fn now(&self) -> u64 {
        self.now_ms() / 1_000
    }

    /// Unix milliseconds of chain time.
    pub(crate) fn now_ms(&self) -> u64 {
        let (head, since) = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Duration::from_nanos(head.time_ns).saturating_add(since.elapsed());
        u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
    }

    /// Unix milliseconds of the last block.
    pub(crate) fn head_ms(&self) -> u64 {
        let (head, _) = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        head.time_ns / 1_000_000
    }

    /// How long ago the last block came; for ever if none did.
    pub(crate) fn age(&self) -> Duration {
        let (head, since) = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if head.height == 0 { Duration::MAX } else { since.elapsed() }
    }

    /// Whether the last block came at most `most` ago.
    pub(crate) fn is_fresh(&self, most: Duration) -> bool {
        let (head, since) = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        head.height > 0 && since.elapsed() <= most
    }
}

/// Returns when the chain is gone.
async fn follow(heads: &mut watch::Receiver<Head>, seen: &Mutex<(Head, Instant)>) {
    while heads.changed().await.is_ok() {
        let head = *heads.borrow_and_update();
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = (head, Instant::now());
    }
}
