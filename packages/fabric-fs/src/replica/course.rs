//! How the replica of one lease is.

use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How a replica is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copy {
    /// Who stands by is being looked for.
    Looking,
    /// There up to this manifest.
    InStep(u64),
    /// Not there, and is to be.
    Alone,
    /// Nobody is to have it.
    Nobody,
}

/// What who writes and who replicates share about one lease.
pub(super) struct Course {
    copy: watch::Sender<Copy>,
    wake: Notify,
}

impl Default for Course {
    fn default() -> Self {
        Self { copy: watch::Sender::new(Copy::Looking), wake: Notify::new() }
    }
}

impl Course {
    /// Something was written.
    pub(super) fn changed(&self) {
        self.wake.notify_one();
    }

    /// Waits until something was.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Notes how it is; what it was.
    pub(super) fn set(&self, now: Copy) -> Copy {
        self.copy.send_replace(now)
    }

    /// Somebody stands by now, where nobody did.
    pub(super) fn looks(&self) {
        self.copy.send_if_modified(|copy| {
            let nobody = *copy == Copy::Nobody;
            if nobody {
                *copy = Copy::Looking;
            }
            nobody
        });
    }

    /// Waits, `patience` at most, until this manifest is there or nothing is to be waited for.
    pub(super) async fn reaches(&self, sequence: u64, patience: Duration) -> Copy {
        let mut copy = self.copy.subscribe();
        let settled = |copy: &Copy| match copy {
            Copy::InStep(there) => *there >= sequence,
            Copy::Looking => false,
            Copy::Alone | Copy::Nobody => true,
        };
        let found = match tokio::time::timeout(patience, copy.wait_for(settled)).await {
            Ok(Ok(copy)) => *copy,
            _ => Copy::Looking,
        };
        if found == Copy::Looking {
            // nobody waits for it again before it was in step once more
            return self.late(sequence);
        }
        found
    }

    /// Alone from now on, unless it has just come; [`Copy::Looking`] if it was not before.
    fn late(&self, sequence: u64) -> Copy {
        let mut found = Copy::Looking;
        self.copy.send_if_modified(|copy| match *copy {
            Copy::InStep(there) if there >= sequence => {
                found = *copy;
                false
            }
            Copy::Alone | Copy::Nobody => {
                found = *copy;
                false
            }
            Copy::Looking | Copy::InStep(_) => {
                *copy = Copy::Alone;
                true
            }
        });
        found
    }
}
