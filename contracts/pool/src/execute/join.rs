//! Commits capacity and stake, from the next epoch.

use super::Work;
use crate::ContractError;
use crate::state::config;
use crate::state::members::{self, Member};
use caplet_api::event::MemberChanged;
use caplet_api::pool::MAX_MEMBERS;
use caplet_protocol::DeviceId;

/// Joins; counts from the next epoch on.
pub(super) fn join(
    work: &mut Work<'_, '_>,
    device: DeviceId,
    lots: u16,
    cost: u64,
) -> Result<(), ContractError> {
    let owner = work.context.own(device)?.owner;
    if members::has(work.storage, device) {
        let (is, remedy) = ("is a member already", "leave and depart before joining anew");
        return Err(ContractError::Membership { device, is, remedy });
    }
    if !work.context.serves(device)? {
        return Err(ContractError::CannotServe { device });
    }
    config::within("lots", lots.into(), 1, u16::MAX.into())?;
    let count = members::range(work.storage, None).take(MAX_MEMBERS).count();
    let most = u64::try_from(MAX_MEMBERS).unwrap_or(u64::MAX);
    config::within("members", u64::try_from(count).unwrap_or(most).saturating_add(1), 1, most)?;
    let stake = work.context.config.rules.stake.u64();
    let most = u64::MAX.checked_div(lots.into()).unwrap_or(u64::MAX);
    config::within("stake a lot", stake, 0, most)?;
    let stake = stake.saturating_mul(lots.into());
    let member = Member {
        owner,
        lots,
        busy: 0,
        cost,
        stake,
        active: false,
        joins: work.context.epoch().saturating_add(1),
        leaves: None,
        earned: 0,
        shares: 0,
        seen: 0,
        fraction: 0,
    };
    work.lock(device, stake)?;
    say(work, device, &member);
    Ok(members::save(work.storage, device, &member)?)
}

/// Says how a member stands.
pub(super) fn say(work: &mut Work<'_, '_>, device: DeviceId, member: &Member) {
    let (active, leaves) = (member.counts(), member.leaves.unwrap_or(0));
    work.say(MemberChanged { device: device.0, lots: member.lots, active, leaves });
}
