//! Closes leases whose settle window has passed.

use super::leases::{Skipped, bounded};
use crate::{
    ContractError,
    clock::Clock,
    error::LeaseError,
    lease::end::{self, BondTo},
    state::leases::Lease,
    work::Work,
};
use caplet_api::escrow::LeaseState;
use caplet_protocol::{AccountId, LeaseId};
use cosmwasm_std::{Response, Storage, Uint64};

/// Refunds each lease to its payer and its bond to the sender, or to the payer too if the sender has
/// no account. Leases that are closed already are passed over.
pub(super) fn sweep(
    storage: &mut dyn Storage,
    clock: Clock,
    sender: Option<AccountId>,
    leases: &[Uint64],
) -> Result<Response, ContractError> {
    let (mut work, mut skipped) = (Work::default(), Skipped::new("sweep"));
    let bond_to = sender.map_or(BondTo::Payer, BondTo::Sweeper);
    let mut response = Response::new();
    for id in bounded(leases)? {
        let lease = work.leases.lease(storage, LeaseId(id.u64()))?;
        match lease.state() {
            LeaseState::Closed => {
                skipped.note(lease.id, LeaseState::Closed);
                continue;
            }
            LeaseState::Closing => {}
            state => return Err(LeaseError::NotClosing { lease: lease.id, state }.into()),
        }
        window_passed(storage, &mut work, clock, &lease)?;
        let reason =
            lease.reason().ok_or(ContractError::Broken("a closing lease has no reason"))?;
        let event = end::closed(storage, &mut work, &lease, reason, bond_to)?;
        response = response.add_event(event);
    }
    skipped.check(response.events.len())?;
    work.flush(storage);
    Ok(response)
}

/// Seconds and blocks must both have passed: a halted chain defeats seconds alone.
fn window_passed(
    storage: &dyn Storage,
    work: &mut Work,
    clock: Clock,
    lease: &Lease,
) -> Result<(), ContractError> {
    let terms = work.terms.get(storage, lease.deal.terms)?.terms;
    // heights are kept modulo 2^32; their difference is what counts
    let blocks = clock.height.wrapping_sub(lease.record.closing_height);
    let secs = clock.secs.saturating_sub(lease.record.closing_time);
    if secs >= terms.settle_secs && blocks >= terms.settle_blocks {
        return Ok(());
    }
    Err(LeaseError::WindowOpen {
        lease: lease.id,
        secs: terms.settle_secs.saturating_sub(secs),
        blocks: terms.settle_blocks.saturating_sub(blocks),
    }
    .into())
}
