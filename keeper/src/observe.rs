//! Everything that is logged and measured, a function per domain event; nobody else names a metric.
//!
//! A function logs one line and counts under the event's name; `GET /status` shows the counts.

mod devices;
mod enclaves;
mod forward;
mod money;

pub use devices::*;
pub use enclaves::*;
pub use forward::*;
pub use money::*;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

static COUNTS: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

/// Counts an event once.
fn count(event: &'static str) {
    count_by(event, 1);
}

/// Counts an event that stands for several.
fn count_by(event: &'static str, by: u64) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let sum = counts.entry(event).or_default();
    *sum = sum.saturating_add(by);
}

/// How often each event happened in this process.
#[must_use]
pub fn counts() -> BTreeMap<&'static str, u64> {
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
