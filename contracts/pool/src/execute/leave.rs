//! Leaves with the next epoch.

use super::Work;
use super::claim::pay;
use super::join::{say, set_shares};
use crate::ContractError;
use crate::state::members;
use caplet_api::event::MemberChanged;
use caplet_protocol::DeviceId;

/// Announces that a member leaves: it is assigned nothing more.
pub(super) fn leave(work: &mut Work<'_, '_>, device: DeviceId) -> Result<(), ContractError> {
    work.context.own(device)?;
    let mut member = members::load(work.storage, device)?;
    if member.leaves.is_some() {
        let (is, remedy) = ("is leaving already", "depart when its epoch has come");
        return Err(ContractError::Membership { device, is, remedy });
    }
    member.leaves = Some(work.context.epoch().saturating_add(1));
    say(work, device, &member);
    Ok(members::save(work.storage, device, &member)?)
}

/// Lets a member go that serves nothing and that no promise needs: the ledger refuses otherwise.
pub(super) fn depart(work: &mut Work<'_, '_>, device: DeviceId) -> Result<(), ContractError> {
    let mut member = members::load(work.storage, device)?;
    let now = work.context.epoch();
    let Some(epoch) = member.leaves else {
        let (is, remedy) = ("has not announced to leave", "its owner sends `leave` first");
        return Err(ContractError::Membership { device, is, remedy });
    };
    if now < epoch {
        return Err(ContractError::Epoch { epoch, now });
    }
    if member.busy > 0 {
        return Err(ContractError::Busy { device, busy: member.busy });
    }
    let counted = member.active;
    set_shares(work, &mut member, false)?;
    let earned = member.earned;
    members::remove(work.storage, device);
    pay(work, device, earned)?;
    work.unlock(device, member.stake, None)?;
    work.say(MemberChanged { device: device.0, lots: 0, active: false, leaves: epoch });
    if counted { work.declare() } else { Ok(()) }
}
