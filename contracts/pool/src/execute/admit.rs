//! Has a member count as it stands.

use super::Work;
use super::join::say;
use super::shares::recount;
use crate::ContractError;
use crate::state::members;
use caplet_protocol::DeviceId;

/// Lets a member in whose epoch has come, and anew when it serves again. One that counts and cannot serve counts no
/// more, and may from the next epoch on: a freeze and a thaw are no quicker than leaving and joining. The capacity
/// ledger is told what the pool can do then; of a member that stands as it should, that may be all there is to do.
pub(super) fn admit(work: &mut Work<'_, '_>, device: DeviceId) -> Result<(), ContractError> {
    let member = members::load(work.storage, device)?;
    let (now, serves) = (work.context.epoch(), work.context.serves(device)?);
    let refuse = |is, remedy| Err(ContractError::Membership { device, is, remedy });
    let stays = serves && member.leaves.is_none();
    if member.counts() && stays {
        if work.ease()?.is_some_and(|declared| declared.news) {
            return Ok(());
        }
        return refuse("counts already", "leave it as it is");
    }
    if !member.counts() {
        if member.leaves.is_some() {
            return refuse("is leaving", "join anew when it has departed");
        }
        if now < member.joins {
            return Err(ContractError::Epoch { epoch: member.joins, now });
        }
        if !serves {
            return Err(ContractError::CannotServe { device });
        }
    }
    let mut member = recount(work, device, stays)?;
    if stays {
        member.active = true;
    } else {
        member.joins = now.saturating_add(1);
    }
    members::save(work.storage, device, &member)?;
    say(work, device, &member);
    work.ease()?;
    Ok(())
}
