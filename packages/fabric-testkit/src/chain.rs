//! A chain that can be told anything.

use async_trait::async_trait;
use caplet_fabric::lease::{ChainView, LeaseView, Stage, ViewError};
use caplet_metering::ChainTime;
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Leases and a clock.
pub struct Chain {
    leases: Mutex<BTreeMap<LeaseId, LeaseView>>,
    began: Instant,
    age: Mutex<Duration>,
    down: Mutex<bool>,
}

/// Chain time at which every world begins, milliseconds.
pub const BEGINNING: u64 = 1_763_712_000_000;

impl Default for Chain {
    fn default() -> Self {
        Self {
            leases: Mutex::default(),
            began: Instant::now(),
            age: Mutex::default(),
            down: Mutex::default(),
        }
    }
}

impl Chain {
    /// Opens or changes a lease.
    pub fn put(&self, lease: LeaseView) {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner).insert(lease.lease, lease);
    }

    /// Closes a lease for a reason of the escrow contract.
    pub fn close(&self, lease: LeaseId, reason: u8) {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lease) = leases.get_mut(&lease) {
            lease.stage = Stage::Over(reason);
        }
    }

    /// Has another device serve a lease.
    pub fn serve_by(&self, lease: LeaseId, device: DeviceId) {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lease) = leases.get_mut(&lease) {
            lease.provider.device = device;
        }
    }

    /// Redeems base units of a lease, cumulative.
    pub fn redeem(&self, lease: LeaseId, redeemed: u64) {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lease) = leases.get_mut(&lease) {
            lease.money.redeemed = redeemed;
        }
    }

    /// How long ago the last block was seen, from now on.
    pub fn set_age(&self, age: Duration) {
        *self.age.lock().unwrap_or_else(PoisonError::into_inner) = age;
    }

    /// Whether it can be read at all.
    pub fn set_down(&self, down: bool) {
        *self.down.lock().unwrap_or_else(PoisonError::into_inner) = down;
    }
}

#[async_trait]
impl ChainView for Chain {
    async fn lease(&self, lease: LeaseId) -> Result<LeaseView, ViewError> {
        if *self.down.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(ViewError::Unreachable("the node is down".into()));
        }
        let leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = leases.get(&lease).cloned().ok_or(ViewError::Unknown(lease))?;
        found.money.at = ChainTime(
            self.now().0.saturating_sub(u64::try_from(self.age().as_millis()).unwrap_or(u64::MAX)),
        );
        Ok(found)
    }

    fn now(&self) -> ChainTime {
        let since = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        ChainTime(BEGINNING.saturating_add(since))
    }

    fn age(&self) -> Duration {
        *self.age.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
