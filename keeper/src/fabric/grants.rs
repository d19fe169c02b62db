//! Which endpoint keys a device lets dial and accept for it, as the registry has them.

use crate::context::Context;
use caplet_api::registry::{GrantsResponse, QueryMsg};
use caplet_chain::ChainExt as _;
use caplet_fabric::link::Key;
use caplet_protocol::{
    DeviceId,
    layout::{Grant, Scheme},
};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer is believed; an empty one for less, since a device grants when it has come.
const FRESH: Duration = Duration::from_secs(5);
const NONE_FRESH: Duration = Duration::from_millis(500);

/// Devices whose grants are kept.
const KEPT: usize = 4_096;

type Known = BTreeMap<DeviceId, (Vec<Key>, Instant)>;

/// Grants, kept for a few seconds.
pub(super) struct Grants {
    context: Context,
    known: Mutex<Known>,
}

impl Grants {
    pub(super) fn new(context: Context) -> Self {
        Self { context, known: Mutex::default() }
    }

    /// Keys that may dial and accept for `device` now.
    ///
    /// # Errors
    /// If the chain cannot be asked.
    pub(super) async fn of(&self, device: DeviceId) -> anyhow::Result<Vec<Key>> {
        if let Some((keys, at)) = self.with(|known| known.get(&device).cloned()) {
            let fresh = if keys.is_empty() { NONE_FRESH } else { FRESH };
            if at.elapsed() < fresh {
                return Ok(keys);
            }
        }
        let registry = &self.context.deployment.contracts.registry;
        let answer: GrantsResponse =
            self.context.chain.query(registry, &QueryMsg::Grants { device }).await?;
        let dials = answer.grants.iter().filter(|grant| {
            grant.scopes & Grant::DIAL != 0 && grant.delegate.scheme == Scheme::Ed25519
        });
        let keys: Vec<Key> =
            dials.filter_map(|grant| grant.delegate.key.as_slice().try_into().ok()).collect();
        self.with(|known| {
            if known.len() >= KEPT {
                known.retain(|_, (_, at)| at.elapsed() < FRESH);
            }
            known.insert(device, (keys.clone(), Instant::now()));
        });
        Ok(keys)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Known) -> T) -> T {
        f(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
