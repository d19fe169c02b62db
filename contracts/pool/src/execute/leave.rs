//! Leaves with the next epoch.

use super::Work;
use super::claim::pay;
use super::join::say;
use super::shares::recount;
use crate::ContractError;
use crate::state::{members, money};
use caplet_api::event::MemberChanged;
use caplet_protocol::DeviceId;

/// Announces that a member leaves: it is assigned nothing more, so from now on it does not stand ready and has no share
/// of what that brings. Its lots are sold no more; what was promised of them stands.
pub(super) fn leave(work: &mut Work<'_, '_>, device: DeviceId) -> Result<(), ContractError> {
    work.context.own(device)?;
    let mut member = members::load(work.storage, device)?;
    if member.leaves.is_some() {
        let (is, remedy) = ("is leaving already", "depart when its epoch has come");
        return Err(ContractError::Membership { device, is, remedy });
    }
    let counted = member.counts();
    if counted {
        member = recount(work, device, false)?;
    }
    member.leaves = Some(work.context.epoch().saturating_add(1));
    members::save(work.storage, device, &member)?;
    say(work, device, &member);
    if counted {
        work.ease()?;
    }
    Ok(())
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
    if member.counts() {
        // it announced that to code under which shares lasted until here
        member = recount(work, device, false)?;
    }
    let mut books = money::load(work.storage)?;
    books.take_back(member.fraction)?;
    money::save(work.storage, &books)?;
    members::remove(work.storage, device);
    pay(work, device, member.earned)?;
    work.unlock(device, member.stake, None)?;
    work.say(MemberChanged { device: device.0, lots: 0, active: false, leaves: epoch });
    if member.active { work.declare() } else { Ok(()) }
}
