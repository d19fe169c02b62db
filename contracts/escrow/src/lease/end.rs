//! Into Closed: what is left returns, and nothing more is redeemed.

use crate::{
    ContractError,
    state::{books::Pot, leases::Lease},
    work::Work,
};
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_api::event::LeaseClosed;
use caplet_api::layout::{LaneRecord, StateRecord};
use caplet_protocol::{AccountId, DeviceId};
use cosmwasm_std::Storage;

/// Who gets a lease's close bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BondTo {
    /// It returns to the payer.
    Payer,
    /// Whoever swept.
    Sweeper(AccountId),
}

/// Closes a lease for good: refund to the payer, bond to whom it belongs, lanes taken out of use.
///
/// What was redeemed, the fee schedule and the evidence stay for the rating. So does the reason that the
/// settle window began with: a side that could put another in its place would be rated for something
/// that did not happen.
pub(crate) fn closed(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
    reason: CloseReason,
    bond_to: BondTo,
) -> Result<LeaseClosed, ContractError> {
    let reason = lease.reason().unwrap_or(reason);
    let (mut redeemed, mut refund, mut fees) = (0u64, 0u64, 0);
    for slot in lease.slots() {
        let lane = work.leases.lane(storage, slot)?;
        let used = work.leases.redeemed(storage, slot)?;
        let left = lane.cap.checked_sub(used).ok_or(OVERDRAWN)?;
        redeemed = redeemed.checked_add(used).ok_or(OVERDRAWN)?;
        refund = refund.checked_add(left).ok_or(OVERDRAWN)?;
        fees = lane.fees;
        work.leases.set_lane(storage, slot, &LaneRecord { fees: 0, ..lane })?;
    }
    let bond = work.terms.get(storage, lease.deal.terms)?.terms.close_bond.u64();
    give_back(storage, work, lease, Pot::Reserved, refund)?;
    match bond_to {
        BondTo::Payer => give_back(storage, work, lease, Pot::Bonds, bond)?,
        BondTo::Sweeper(account) => {
            let asset = work.terms.get(storage, lease.deal.terms)?.terms.asset;
            let book = work.books.of(storage, asset)?;
            book.shift(storage, Pot::Bonds, Pot::Free(account), bond.into())?;
        }
    }
    let record =
        StateRecord { state: LeaseState::Closed as u8, reason: reason as u8, fees, ..lease.record };
    work.leases.set_state(storage, lease.id, &record)?;
    Ok(LeaseClosed { lease: lease.id.0, reason: reason as u8, redeemed, refunded: refund })
}

const OVERDRAWN: ContractError = ContractError::Broken("a lane redeemed more than its cap");

/// Returns money of a lease to its payer, and to the allowance it was committed from.
pub(crate) fn give_back(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
    from: Pot,
    amount: u64,
) -> Result<(), ContractError> {
    let asset = work.terms.get(storage, lease.deal.terms)?.terms.asset;
    let payer = Pot::Free(AccountId(lease.deal.payer));
    work.books.of(storage, asset)?.shift(storage, from, payer, amount.into())?;
    if lease.by_owner() || amount == 0 {
        return Ok(());
    }
    work.allowances.release(storage, DeviceId(lease.deal.consumer), asset, amount)
}
