//! What a sensor has measured lately, for as many consumers as have leased it.

use super::senml::{self, SenmlError};
use crate::health::wall_millis;
use caplet_protocol::wire::SensorRecord;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Records kept for consumers that come back.
const KEPT: usize = 1_024;

/// The records of one sensor. Clones are the same feed.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    kept: Mutex<VecDeque<Arc<SensorRecord>>>,
    last: watch::Sender<u64>,
}

impl Default for Feed {
    fn default() -> Self {
        Self::from(0)
    }
}

impl Feed {
    /// A feed whose next record has the number after `last`.
    #[must_use]
    pub fn from(last: u64) -> Self {
        let inner = Inner { kept: Mutex::default(), last: watch::Sender::new(last) };
        Self { inner: Arc::new(inner) }
    }

    /// Takes a SenML pack.
    ///
    /// # Errors
    /// [`SenmlError`].
    pub fn publish(&self, pack: Vec<u8>) -> Result<u64, SenmlError> {
        senml::check(&pack)?;
        let mut kept = self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let sequence = self.inner.last.borrow().saturating_add(1);
        let record = SensorRecord { sequence, time_ms: wall_millis(), senml: pack };
        kept.push_back(Arc::new(record));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        self.inner.last.send_replace(sequence);
        Ok(sequence)
    }

    /// The number of the last record.
    #[must_use]
    pub fn last(&self) -> u64 {
        *self.inner.last.borrow()
    }

    /// The first record from number `from` on, waiting for it. Records that are kept no more are passed
    /// over: the number says how many.
    pub async fn next(&self, from: u64) -> Arc<SensorRecord> {
        let mut last = self.inner.last.subscribe();
        loop {
            if let Some(record) = self.kept(from) {
                return record;
            }
            // the feed holds the sender
            let _ = last.changed().await;
        }
    }

    fn kept(&self, from: u64) -> Option<Arc<SensorRecord>> {
        let kept = self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.partition_point(|record| record.sequence < from);
        kept.get(at).cloned()
    }
}
