//! What both sides of a lane take from the lease alone, so that they agree to the digit.

use crate::leases::Lease;
use caplet_metering::{Pace, Risk, Terms};
use caplet_protocol::{Bps, Domain, Lane};
use std::num::NonZeroU64;

/// Parts of a lease that are paid ahead by a stranger: either side loses at most one.
const PARTS: u64 = 8;

/// The terms of a lane.
pub(super) fn terms(lease: &Lease, lane: Lane, domain: Domain) -> Terms {
    let lot = lease.terms.lot_units.u64();
    let total = lot.saturating_mul(lease.lots.0.into());
    let segment = total.checked_div(PARTS).unwrap_or(0).max(1);
    Terms {
        domain,
        lease: lease.id,
        lane,
        price: lease.price,
        lot: NonZeroU64::new(lot).unwrap_or(NonZeroU64::MIN),
        exposure_cap: lease.terms.exposure_cap.u64(),
        tolerance: Bps(100),
        grace_ms: 2_000,
        pace: Pace::vouchers(segment), // a payer may pay by links in between
    }
}

/// What is risked for the payer of `lease`, by what it has settled on `others` here and no more than
/// `cap_bps` of the lease (`PROTOCOL.md` 4).
pub(super) fn risk(lease: &Lease, others: &[Lease], cap_bps: u16) -> Risk {
    let theirs = others.iter().filter(|other| other.payer == lease.payer && other.stands_here);
    let theirs = theirs.filter(|other| other.terms.asset == lease.terms.asset);
    let settled = theirs.fold(0u128, |sum, other| sum.saturating_add(other.redeemed().into()));
    let most = u128::from(lease.cap()).saturating_mul(cap_bps.into()).checked_div(10_000);
    Risk::from_history(settled, 0, most.unwrap_or(0))
}
