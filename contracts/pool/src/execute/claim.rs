//! Pays members.

use super::Work;
use super::shares::settle;
use crate::ContractError;
use crate::state::{members, money};
use caplet_api::escrow::ExecuteMsg;
use caplet_api::event::MemberPaid;
use caplet_protocol::DeviceId;

/// Pays what a member earned to its owner, out of escrow.
pub(super) fn claim(work: &mut Work<'_, '_>, device: DeviceId) -> Result<(), ContractError> {
    let mut member = members::load(work.storage, device)?;
    settle(&money::load(work.storage)?, &mut member)?;
    let earned = std::mem::take(&mut member.earned);
    if earned == 0 {
        let why = "the member has earned nothing since it was paid: account leases first";
        return Err(ContractError::Nothing { why });
    }
    members::save(work.storage, device, &member)?;
    pay(work, device, earned)
}

/// Withdraws from the pool's balance in escrow to a member's owner.
pub(super) fn pay(
    work: &mut Work<'_, '_>,
    device: DeviceId,
    amount: u64,
) -> Result<(), ContractError> {
    if amount == 0 {
        return Ok(());
    }
    let mut books = money::load(work.storage)?;
    let paid = books.paid.checked_add(amount);
    books.paid = paid.ok_or_else(|| ContractError::lost("more paid than 64 bits"))?;
    money::save(work.storage, &books)?;
    let to = Some(work.context.owner_address(device)?.into());
    let (asset, amount_out) = (work.context.config.asset, Some(u128::from(amount).into()));
    work.tell_escrow(&ExecuteMsg::Withdraw { asset, amount: amount_out, to })?;
    work.say(MemberPaid { device: device.0, amount });
    Ok(())
}
