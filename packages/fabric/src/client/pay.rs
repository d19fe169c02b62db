//! Counting and paying.

use super::Client;
use super::live::Live;
use crate::end::End;
use crate::meter::{locked, wire};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Client {
    /// Counts units that were accepted, and pays what is due for them.
    pub(super) async fn accept(&self, live: &Live, units: u64) {
        if units > 0 {
            locked(&self.inner.parts.payer).count(units);
            self.pay(live).await;
        }
    }

    /// Counts units that the application has accepted, on whatever connection is live.
    pub async fn accept_now(&self, units: u64) {
        let live = self.inner.live.borrow().clone();
        match live {
            Some(live) => self.accept(&live, units).await,
            // counted all the same: said on the next connection
            None => locked(&self.inner.parts.payer).count(units),
        }
    }

    /// Notes bytes that are sent now: a provider can't have received more.
    pub(super) fn sent(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.inner.sent.fetch_add(bytes, Ordering::AcqRel);
    }

    /// How many of `units` the provider may say to have received.
    pub(super) fn believable(&self, units: u64) -> u64 {
        let unit = self.inner.parts.lease.unit_bytes.max(1);
        let sent = self.inner.sent.load(Ordering::Acquire).checked_div(unit).unwrap_or(0);
        let mut told = self.inner.told.lock().unwrap_or_else(PoisonError::into_inner);
        let more = units.min(sent.saturating_sub(*told));
        *told = told.saturating_add(more);
        more
    }

    /// Counts bytes that were accepted.
    pub(super) async fn accept_bytes(&self, live: &Live, bytes: usize) {
        let units = self.inner.bytes.add(bytes);
        self.accept(live, units).await;
    }

    /// Says what is due, if anything.
    pub(super) async fn pay(&self, live: &Live) {
        if !live.is_trusted() {
            return; // not signed either: what is signed may be had by whoever is at the other end
        }
        let parts = &self.inner.parts;
        let due = locked(&parts.payer).statement(parts.view.now());
        match due {
            Ok(Some(statement)) => live.say(wire::says(&statement)).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a payment is not signed: it could not be kept"),
        }
    }

    /// What waits for the disk, or for its time.
    pub(super) async fn keep_paying(&self, live: &Live) -> End {
        loop {
            tokio::time::sleep(TICK).await;
            self.pay(live).await;
        }
    }
}

/// Between looks at what is due.
const TICK: Duration = Duration::from_millis(20);
