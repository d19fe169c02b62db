//! One lease of a spread.

use super::Spread;
use crate::provider::GONE;
use crate::vault::VaultError;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;
use caplet_fabric::health::Health;
use caplet_protocol::{DeviceId, LeaseId};
use serde::Serialize;
use std::time::Instant;

/// What a lease has of a spread store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "standing", content = "why")]
pub enum Standing {
    /// Its part of everything.
    Current,
    /// Something is missing, or it was not asked yet; it is brought up to date. What kept it from that, if it was tried.
    Behind(Option<String>),
    /// It returned other bytes than were stored, or holds something else: it is to be replaced.
    Lost(String),
}

/// A lease of a spread, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// The lease.
    pub lease: LeaseId,
    /// Whether it is reached: `up`, `stale`, `paused`, `closed`; `absent` without a session.
    pub health: &'static str,
    /// What it has.
    #[serde(flatten)]
    pub standing: Standing,
}

/// A lease that takes part.
pub(super) struct Member {
    pub(super) client: Client,
    pub(super) standing: Standing,
    /// Number of its last manifest, by its provider's count.
    pub(super) number: u64,
    /// The device that was asked: another has to be asked anew.
    pub(super) by: DeviceId,
    /// When it is tried again.
    pub(super) again: Option<Instant>,
}

impl Member {
    pub(super) fn new(client: Client) -> Self {
        let by = client.provider();
        Self { client, standing: Standing::Behind(None), number: 0, by, again: None }
    }

    /// Whether it is worth asking now.
    pub(super) fn reached(&self) -> bool {
        !away(&self.client.health().borrow())
    }

    /// Takes what went wrong for what it says of what it has: whether it is its provider's fault.
    pub(super) fn fails(&mut self, error: &VaultError) -> bool {
        match error {
            VaultError::Changed(_) => {
                let words = "it returned other bytes than were stored: replace it";
                self.standing = Standing::Lost(words.to_owned());
                true
            }
            VaultError::Session(Stop::Refused(words)) if words.starts_with(GONE) => {
                if self.standing == Standing::Current {
                    self.standing = Standing::Behind(Some("it has lost a shard".to_owned()));
                }
                true
            }
            _ => false,
        }
    }

    /// Whether it has its part of everything, as far as is known.
    pub(super) fn counts(&self) -> bool {
        self.standing == Standing::Current && self.by == self.client.provider()
    }
}

/// Whether nobody answers: what is paused goes on by itself.
fn away(health: &Health) -> bool {
    matches!(health, Health::Stale(_) | Health::Closed(_))
}

/// Does something with a lease, as long as it is reached: others are asked instead then.
pub(super) async fn while_reached<T>(
    client: &Client,
    work: impl Future<Output = Result<T, VaultError>>,
) -> Result<T, VaultError> {
    let mut health = client.health();
    tokio::select! {
        biased;
        done = work => done,
        _ = health.wait_for(away) => {
            let lease = client.lease().lease;
            Err(VaultError::Session(Stop::refused(format!("lease {lease} is not reached"))))
        }
    }
}

impl Spread {
    /// Every lease that is to hold a part, in the order of the plan.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let state = self.state();
        let part = |lease: &LeaseId| {
            let member = state.present.get(lease);
            let health = member.map_or("absent", |member| member.client.health().borrow().name());
            let standing = member.map(|member| member.standing.clone());
            Part { lease: *lease, health, standing: standing.unwrap_or(Standing::Behind(None)) }
        };
        state.wanted.iter().map(part).collect()
    }

    /// What went wrong with a lease, as far as it says something of what it has; it is noted for its rating.
    pub(super) fn note(&self, lease: LeaseId, error: &VaultError) {
        if let Some(member) = self.state().present.get_mut(&lease)
            && member.fails(error)
        {
            member.client.judge(false);
        }
        self.changed.notify_one();
    }

    /// Says that a lease missed something.
    pub(super) fn missed(&self, lease: LeaseId, why: &VaultError) {
        if let Some(member) = self.state().present.get_mut(&lease)
            && member.standing == Standing::Current
        {
            member.standing = Standing::Behind(Some(why.to_string()));
        }
        self.changed.notify_one();
    }
}
