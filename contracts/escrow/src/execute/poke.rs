//! Starts the settle window of leases past their end.

use super::leases::{Skipped, bounded};
use crate::{ContractError, clock::Clock, error::LeaseError, lease::begin, work::Work};
use caplet_api::{
    escrow::{CloseReason, LeaseState},
    event::LeasesClosing,
};
use caplet_protocol::LeaseId;
use cosmwasm_std::{Response, Storage, Uint64};

/// Marks each lease as expired; leases that are closing already are passed over.
pub(super) fn poke(
    storage: &mut dyn Storage,
    clock: Clock,
    leases: &[Uint64],
) -> Result<Response, ContractError> {
    let (mut work, mut skipped, mut done) = (Work::default(), Skipped::new("poke"), Vec::new());
    for id in bounded(leases)? {
        let lease = work.leases.lease(storage, LeaseId(id.u64()))?;
        if matches!(lease.state(), LeaseState::Closing | LeaseState::Closed) {
            skipped.note(lease.id, lease.state());
            continue;
        }
        let (end, now) = (work.terms.get(storage, lease.deal.terms)?.terms.end.u64(), clock.now());
        if now < end {
            return Err(LeaseError::NotOver { lease: lease.id, end, now }.into());
        }
        begin::closing(storage, &mut work, clock, &lease, CloseReason::Expired)?;
        done.push(lease.id.0);
    }
    skipped.check(done.len())?;
    work.flush(storage);
    let reason = CloseReason::Expired as u8;
    Ok(Response::new().add_event(LeasesClosing { leases: done, reason }))
}
