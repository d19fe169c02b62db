//! A lease as a session sees it, and where that is read.

use crate::link::Key;
use crate::service::Service;
use async_trait::async_trait;
use caplet_metering::{ChainTime, View};
use caplet_protocol::{DeviceId, Domain, Lane, LeaseId};
use std::time::Duration;

/// A side's gateway may be late by this much and still serve: beyond it only what is paid.
pub const FRESH: Duration = Duration::from_secs(60);

/// One side of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The device.
    pub device: DeviceId,
    /// Endpoint keys that it has granted the dial scope.
    pub endpoints: Vec<Key>,
}

/// State of a lease on chain, as far as service goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Served and paid.
    Open,
    /// Served; the provider takes it back at its end.
    Notice,
    /// Not served any more; the number of the close reason, as the escrow contract counts them.
    Over(u8),
}

/// A lease with what a session must know of it, from chain state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseView {
    /// The lease.
    pub lease: LeaseId,
    /// The lane this session pays on.
    pub lane: Lane,
    /// The escrow's domain.
    pub escrow: Domain,
    /// What is leased.
    pub service: Service,
    /// Who uses it.
    pub consumer: Party,
    /// Who serves it.
    pub provider: Party,
    /// State.
    pub stage: Stage,
    /// Unix seconds of chain time at which it begins.
    pub start: u64,
    /// Unix seconds of chain time at which it ends.
    pub end: u64,
    /// Money on the lane, and when that was read.
    pub money: View,
    /// Bytes of a unit where bytes are counted; 1 elsewhere.
    pub unit_bytes: u64,
}

impl LeaseView {
    /// Whether it is served at `now`.
    #[must_use]
    pub fn is_due(&self, now: ChainTime) -> bool {
        let now = seconds(now);
        !matches!(self.stage, Stage::Over(_)) && self.start <= now && now < self.end
    }
}

/// Unix seconds of a chain time.
#[must_use]
pub const fn seconds(time: ChainTime) -> u64 {
    time.0 / 1_000
}

/// Why a lease can't be seen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// It is not there.
    #[error("lease {0} is not known on chain: wait for its notice, and use the number in it")]
    Unknown(LeaseId),
    /// The chain can't be read now.
    #[error("the chain can't be read: {0}")]
    Unreachable(String),
    /// A device behind another gateway serves it: a pool's lease has passed on, or this gateway has not heard yet
    /// that it came here.
    #[error(
        "lease {lease} is served by device {by}, which is not here: dial that device's gateway"
    )]
    Elsewhere {
        /// The lease.
        lease: LeaseId,
        /// Who serves it.
        by: DeviceId,
    },
}

/// The chain as this gateway sees it.
#[async_trait]
pub trait ChainView: Send + Sync + 'static {
    /// A lease as of the last block seen.
    ///
    /// # Errors
    /// [`ViewError`].
    async fn lease(&self, lease: LeaseId) -> Result<LeaseView, ViewError>;

    /// Chain time now: the last header's and what went by since.
    fn now(&self) -> ChainTime;

    /// How long ago the last block was seen.
    fn age(&self) -> Duration;
}
