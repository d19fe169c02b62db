//! The payee is done: closed and refunded at once.

use super::leases::{Skipped, bounded};
use crate::{
    ContractError,
    error::LeaseError,
    lease::{
        end::{self, BondTo},
        side::{Side, Witness},
    },
    work::Work,
};
use caplet_api::escrow::{CloseInput, CloseReason, LeaseState};
use cosmwasm_std::{Response, Storage};

/// Closes each lease on the payee's word, without a window: it gives up what it has not redeemed.
/// Leases that are closed already are passed over.
pub(super) fn finish(
    storage: &mut dyn Storage,
    mut witness: Witness<'_, '_>,
    items: &[CloseInput],
) -> Result<Response, ContractError> {
    let (mut work, mut skipped) = (Work::default(), Skipped::new("finish"));
    let mut response = Response::new();
    for input in bounded(items)? {
        let reason = input.reason;
        if !matches!(reason, CloseReason::ProviderFinished | CloseReason::CountMismatch) {
            return Err(LeaseError::WrongReason { reason, verb: "finish" }.into());
        }
        let lease = work.leases.lease(storage, input.lease.u64().into())?;
        if lease.state() == LeaseState::Closed {
            skipped.note(lease.id, lease.state());
            continue;
        }
        witness.speaks(storage, &mut work, &lease, Side::Payee, input)?;
        let event = end::closed(storage, &mut work, &lease, reason, BondTo::Payer)?;
        response = response.add_event(event);
    }
    skipped.check(response.events.len())?;
    work.flush(storage);
    Ok(response)
}
