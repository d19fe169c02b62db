//! What a leased sensor said last, and until when that is fresh.

use crate::health::wall_seconds;
use caplet_protocol::DeviceId;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// When something was heard, and until when it need not be heard again. By this side's clocks: the provider's may be
/// wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    /// When, Unix seconds.
    pub(super) at: u64,
    /// Until when; `None` is never.
    pub(super) until: Option<Instant>,
}

impl Heard {
    /// Something that was heard now, and is fresh for so long.
    pub(super) fn now(patience: Duration) -> Self {
        Self { at: wall_seconds(), until: Instant::now().checked_add(patience) }
    }

    /// Whether it should have been heard again by now.
    pub(super) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }
}

/// The last record, checked.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// Who measured it.
    pub(super) by: DeviceId,
    pub(super) sequence: u64,
    /// By the provider's clock.
    pub(super) time_ms: u64,
    pub(super) pack: Value,
    pub(super) heard: Heard,
}
