//! A consumer's key was revoked as compromised: a leaked key costs at most the exposure cap.

use super::{begin, end::give_back};
use crate::{
    ContractError,
    clock::Clock,
    state::{books::Pot, leases::Lease},
    work::Work,
};
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_api::layout::LaneRecord;
use cosmwasm_std::Storage;

/// Cuts every lane to what is redeemed and the exposure cap, returns the rest, and starts the settle
/// window if it has not started. A second time changes no cap: what is redeemed only rises towards it.
///
/// True if the window started now.
pub(crate) fn revoke(
    storage: &dyn Storage,
    work: &mut Work,
    clock: Clock,
    lease: &Lease,
) -> Result<bool, ContractError> {
    let exposure = work.terms.get(storage, lease.deal.terms)?.terms.exposure_cap.u64();
    let mut cut = 0u64;
    for slot in lease.slots() {
        let lane = work.leases.lane(storage, slot)?;
        let redeemed = work.leases.redeemed(storage, slot)?;
        let cap = lane.cap.min(redeemed.saturating_add(exposure));
        cut = cut.saturating_add(lane.cap.saturating_sub(cap));
        work.leases.set_lane(storage, slot, &LaneRecord { cap, ..lane })?;
    }
    give_back(storage, work, lease, Pot::Reserved, cut)?;
    if matches!(lease.state(), LeaseState::Closing | LeaseState::Closed) {
        return Ok(false);
    }
    begin::closing(storage, work, clock, lease, CloseReason::KeyCompromised)?;
    Ok(true)
}
