//! A lease as a session sees it, and where that is read.

use crate::link::Key;
use crate::service::Service;
use async_trait::async_trait;
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
    /// Keys that may sign the session's hello: the lane's, and those granted the dial scope.
    pub signers: Vec<Key>,
    /// The lane's ed25519 key, which signs vouchers.
    pub payer: Key,
    /// State.
    pub stage: Stage,
    /// Unix seconds of chain time at which it begins.
    pub start: u64,
    /// Unix seconds of chain time at which it ends.
    pub end: u64,
    /// Price of a lot, base units.
    pub price: u64,
    /// Units of a lot.
    pub lot_units: u64,
    /// Parallel lots.
    pub lots: u16,
    /// The lane's cap, base units.
    pub cap: u64,
    /// Most that may be owed and unredeemed, base units.
    pub exposure: u64,
    /// Bytes of a unit where bytes are counted; 1 elsewhere.
    pub unit_bytes: u64,
}

impl LeaseView {
    /// Units that the lease holds.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.lot_units.saturating_mul(self.lots.into())
    }

    /// Base units owed for `units` served, cumulative: rounded down, in the payer's favour.
    #[must_use]
    pub fn owed(&self, units: u64) -> u128 {
        let lot = u128::from(self.lot_units.max(1));
        let owed = u128::from(units).saturating_mul(self.price.into()).checked_div(lot);
        owed.unwrap_or(0).min(self.cap.into())
    }

    /// Whether it is served at `now`, Unix seconds of chain time.
    #[must_use]
    pub fn is_due(&self, now: u64) -> bool {
        !matches!(self.stage, Stage::Over(_)) && self.start <= now && now < self.end
    }
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
}

/// The chain as this gateway sees it.
#[async_trait]
pub trait ChainView: Send + Sync + 'static {
    /// A lease as of the last block seen.
    ///
    /// # Errors
    /// [`ViewError`].
    async fn lease(&self, lease: LeaseId) -> Result<LeaseView, ViewError>;

    /// Chain time now: the last header's and what went by since, Unix seconds.
    fn now(&self) -> u64;

    /// How long ago the last block was seen.
    fn age(&self) -> Duration;
}
