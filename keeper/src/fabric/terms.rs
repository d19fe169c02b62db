//! What both sides of a lane take from the lease alone, so that they agree to the digit.

use crate::leases::Lease;
use caplet_metering::{Pace, Risk, Terms};
use caplet_protocol::{Bps, Domain, Lane};
use std::num::NonZeroU64;

/// The terms of a lane.
pub(super) fn terms(lease: &Lease, lane: Lane, domain: Domain) -> Terms {
    let lot = lease.terms.lot_units.u64();
    Terms {
        domain,
        lease: lease.id,
        lane,
        price: lease.price,
        lot: NonZeroU64::new(lot).unwrap_or(NonZeroU64::MIN),
        exposure_cap: lease.terms.exposure_cap.u64(),
        tolerance: Bps(100),
        grace_ms: 2_000,
        pace: Pace::vouchers(lease.segment()), // a payer may pay by links in between
    }
}

/// What is risked for the payer of `lease`, by what it has settled on `all` leases here and no more than `cap_bps` of
/// the lease (`PROTOCOL.md` 4). What a payer may owe it may owe once: its live leases share it.
pub(super) fn risk(lease: &Lease, all: &[Lease], cap_bps: u16) -> Risk {
    let theirs = all.iter().filter(|other| other.payer == lease.payer && other.stands_here);
    let theirs = theirs.filter(|other| other.terms.asset == lease.terms.asset);
    let (mut settled, mut live) = (0u128, 0u128);
    for other in theirs {
        settled = settled.saturating_add(other.redeemed().into());
        live = live.saturating_add(u128::from(other.is_live()));
    }
    let each = settled.checked_div(live.max(1)).unwrap_or(0);
    let most = u128::from(lease.cap()).saturating_mul(cap_bps.into()).checked_div(10_000);
    Risk::from_history(each, 0, most.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settler::value::tests::lease;
    use caplet_api::escrow::LeaseState;

    #[test]
    fn a_payers_live_leases_share_the_tenth_of_what_it_has_settled() {
        let old = Lease { state: LeaseState::Closed, ..lease(1_000) };
        let new = lease(0);
        let cap = |all: &[Lease]| risk(&new, all, 10_000).cap;
        assert_eq!(cap(std::slice::from_ref(&new)), 0, "a stranger pays ahead");
        assert_eq!(cap(&[old.clone(), new.clone()]), 100);
        let all = [new.clone(), lease(0), lease(0), old];
        assert_eq!(cap(&all), 33, "three at a time owe no more than one may");
        assert_eq!(risk(&new, &all, 100).cap, 10, "nor more than a share of the lease");
    }
}
