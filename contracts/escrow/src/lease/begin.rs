//! Into Closing: the settle window starts.

use crate::{ContractError, clock::Clock, state::leases::Lease, work::Work};
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_api::layout::StateRecord;
use cosmwasm_std::Storage;

/// Starts the settle window of an Open or Notice lease.
pub(crate) fn closing(
    storage: &dyn Storage,
    work: &mut Work,
    clock: Clock,
    lease: &Lease,
    reason: CloseReason,
) -> Result<(), ContractError> {
    let record = StateRecord {
        state: LeaseState::Closing as u8,
        reason: reason as u8,
        closing_time: clock.secs,
        closing_height: clock.height,
        ..lease.record
    };
    work.leases.set_state(storage, lease.id, &record)
}
