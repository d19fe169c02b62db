//! Moves reserve between the lanes of a lease.

use super::leases::bounded;
use crate::{ContractError, state::leases::Lease, work::Work};
use caplet_api::{escrow::MoveCapInput, event::CapMoved, layout::LaneRecord};
use caplet_protocol::{AccountId, DeviceId};
use cosmwasm_std::{Response, Storage};

/// Lowers one lane's cap and raises another's; all or nothing. What the first has redeemed and the
/// exposure cap stay behind, so that a payee who serves within it loses nothing.
pub(super) fn move_cap(
    storage: &mut dyn Storage,
    sender: Option<AccountId>,
    items: &[MoveCapInput],
) -> Result<Response, ContractError> {
    let (mut work, mut response) = (Work::default(), Response::new());
    for item in bounded(items)? {
        let lease = work.leases.lease(storage, item.lease.u64().into())?;
        lease.assert_live("move reserve of")?;
        if sender != Some(AccountId(lease.deal.payer)) {
            let device = DeviceId(lease.deal.consumer);
            return Err(ContractError::NotPayer { lease: lease.id, device });
        }
        shift(storage, &mut work, &lease, item)?;
        response = response.add_event(CapMoved {
            lease: lease.id.0,
            from: item.from.0,
            to: item.to.0,
            amount: item.amount.u64(),
        });
    }
    work.flush(storage);
    Ok(response)
}

fn shift(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
    item: &MoveCapInput,
) -> Result<(), ContractError> {
    let (from, to, amount) = (lease.slot(item.from)?, lease.slot(item.to)?, item.amount.u64());
    let giver = work.leases.lane(storage, from)?;
    let redeemed = work.leases.redeemed(storage, from)?;
    let exposure = work.terms.get(storage, lease.deal.terms)?.terms.exposure_cap.u64();
    let stays = redeemed.saturating_add(exposure);
    let movable = giver.cap.saturating_sub(stays);
    if amount == 0 || amount > movable || from == to {
        return Err(ContractError::NotMovable {
            lease: lease.id,
            from: item.from,
            to: item.to,
            asked: amount,
            movable,
        });
    }
    let cap = giver.cap.saturating_sub(amount);
    work.leases.set_lane(storage, from, &LaneRecord { cap, ..giver })?;
    let taker = work.leases.lane(storage, to)?;
    let cap = taker.cap.checked_add(amount).ok_or(ContractError::Broken("a cap exceeds 64 bits"))?;
    work.leases.set_lane(storage, to, &LaneRecord { cap, ..taker })
}
