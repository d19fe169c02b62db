//! What every surface shows of its lease.

use crate::end::End;
use std::time::{SystemTime, UNIX_EPOCH};

/// How a leased capability is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Served.
    Up,
    /// Not reached since this time, Unix seconds; connected again without anybody's doing.
    Stale(u64),
    /// Reached, and held back: the reason.
    Paused(String),
    /// Over for good: the reason.
    Closed(End),
}

impl Health {
    /// `up`, `stale`, `paused` or `closed`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Stale(_) => "stale",
            Self::Paused(_) => "paused",
            Self::Closed(_) => "closed",
        }
    }

    /// The reason in words; none while it is up.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Up => None,
            Self::Stale(since) => Some(format!("the provider was not reached since {since}")),
            Self::Paused(words) => Some(words.clone()),
            Self::Closed(end) => Some(end.words.clone()),
        }
    }

    /// As JSON: `{"health": "stale", "since": 1763712000, "reason": "..."}`.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let mut out = serde_json::json!({ "health": self.name() });
        if let Some(reason) = self.reason() {
            out["reason"] = reason.into();
        }
        if let Self::Stale(since) = self {
            out["since"] = (*since).into();
        }
        out
    }
}

/// Unix seconds by this machine's clock: for people, never for money.
#[must_use]
pub fn wall_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Unix milliseconds by this machine's clock.
#[must_use]
pub fn wall_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
