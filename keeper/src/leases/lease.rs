//! A lease as a keeper sees it.

use caplet_api::escrow::{
    CloseReason, FeeSchedule, LaneResponse, LeaseResponse, LeaseState, Terms,
};
use caplet_metering::Rates;
use caplet_protocol::{AccountId, DeviceId, LeaseId, Lots, OrderId};
use std::num::NonZeroU64;

/// Segments of a lease.
const PARTS: u64 = 8;

/// A lease, as last read from the escrow contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// Its number.
    pub id: LeaseId,
    /// Market, epoch, asset, times, windows.
    pub terms: Terms,
    /// The consuming device.
    pub consumer: DeviceId,
    /// The providing device.
    pub provider: DeviceId,
    /// The payer's account.
    pub payer: AccountId,
    /// Base units a lot.
    pub price: u64,
    /// Parallel lots.
    pub lots: Lots,
    /// Lanes with caps and what was redeemed.
    pub lanes: Vec<LaneResponse>,
    /// Where it stands.
    pub state: LeaseState,
    /// Why it ended, once it has.
    pub reason: Option<CloseReason>,
    /// Unix seconds and height at which it began to close, once it has.
    pub closing: Option<(u64, u64)>,
    /// Fees it pays.
    pub fees: FeeSchedule,
    /// SHA-256 of the QoS report in the best redeemed voucher, if it had one.
    pub evidence: Option<[u8; 32]>,
    /// The demand it fills; `None` in the instant lane, and for a lease that was found by
    /// reconciling, since only the event names it.
    pub demand: Option<OrderId>,
    /// Whether the consuming device is enrolled here.
    pub consumes_here: bool,
    /// The device that serves it now: the provider, or of a pool's lease the member that is assigned; `None` before
    /// one is.
    pub server: Option<DeviceId>,
    /// Whether the device that serves it is enrolled here.
    pub serves_here: bool,
    /// Whether a device enrolled here stands behind it: serves it, or is a member of the pool that sold it.
    pub stands_here: bool,
}

impl Lease {
    /// From the contract's answer, served by its provider.
    #[must_use]
    pub fn new(answer: LeaseResponse, consumes_here: bool, serves_here: bool) -> Self {
        let server = Some(answer.provider);
        let closing = answer.closing_time.zip(answer.closing_height);
        Self {
            id: LeaseId(answer.lease.u64()),
            terms: answer.terms,
            consumer: answer.consumer,
            provider: answer.provider,
            payer: answer.payer,
            price: answer.price.u64(),
            lots: answer.lots,
            lanes: answer.lanes,
            state: answer.state,
            reason: answer.reason,
            closing: closing.map(|(time, height)| (time.u64(), height.u64())),
            fees: answer.fees,
            evidence: answer.evidence.and_then(|bytes| bytes.as_slice().try_into().ok()),
            demand: None,
            consumes_here,
            server,
            serves_here,
            stands_here: serves_here,
        }
    }

    /// The device that serves it now; the provider while nobody is assigned.
    #[must_use]
    pub fn serving(&self) -> DeviceId {
        self.server.unwrap_or(self.provider)
    }

    /// Base units that its lanes may redeem together: what was reserved for it.
    #[must_use]
    pub fn cap(&self) -> u64 {
        self.lanes.iter().fold(0, |sum, lane| sum.saturating_add(lane.cap.u64()))
    }

    /// Base units its lanes have redeemed, gross.
    #[must_use]
    pub fn redeemed(&self) -> u64 {
        self.lanes.iter().fold(0, |sum, lane| sum.saturating_add(lane.redeemed.u64()))
    }

    /// Whether one of its lanes may redeem more than `before`.
    #[must_use]
    pub fn has_grown(&self, before: &Self) -> bool {
        let earlier = |lane: &LaneResponse| before.lanes.iter().find(|old| old.lane == lane.lane);
        self.lanes.iter().any(|lane| earlier(lane).is_some_and(|old| lane.cap > old.cap))
    }

    /// Base units owed for `units` served at these rates, at most the cap.
    #[must_use]
    pub fn owed(&self, rates: &Rates, units: u64) -> u128 {
        let lot = NonZeroU64::new(self.terms.lot_units.u64()).unwrap_or(NonZeroU64::MIN);
        rates.owed(self.price, lot, units).min(u128::from(self.cap()))
    }

    /// Units that are measured together, and paid ahead by a stranger: either side loses at most so many.
    #[must_use]
    pub fn segment(&self) -> u64 {
        let total = self.terms.lot_units.u64().saturating_mul(self.lots.0.into());
        total.checked_div(PARTS).unwrap_or(0).max(1)
    }

    /// Whether it may be served: not yet closing.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.state, LeaseState::Open | LeaseState::Notice)
    }
}
