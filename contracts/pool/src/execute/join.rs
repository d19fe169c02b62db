//! Commits capacity and stake, from the next epoch.

use super::Work;
use crate::ContractError;
use crate::state::members::{self, Member};
use crate::state::{config, money};
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
    if !work.context.reliability(device)?.1 {
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

/// Lets a member in whose epoch has come.
pub(super) fn admit(work: &mut Work<'_, '_>, device: DeviceId) -> Result<(), ContractError> {
    let mut member = members::load(work.storage, device)?;
    let (epoch, now) = (member.joins, work.context.epoch());
    if now < epoch {
        return Err(ContractError::Epoch { epoch, now });
    }
    if member.active || member.leaves.is_some() {
        let (is, remedy) = ("counts already or is leaving", "leave it as it is");
        return Err(ContractError::Membership { device, is, remedy });
    }
    member.active = true;
    set_shares(work, &mut member, true)?;
    members::save(work.storage, device, &member)?;
    say(work, device, &member);
    work.declare()
}

/// Settles what a member's readiness earned and gives it its shares, or none.
pub(super) fn set_shares(
    work: &mut Work<'_, '_>,
    member: &mut Member,
    counts: bool,
) -> Result<(), ContractError> {
    let mut books = money::load(work.storage)?;
    settle(&books, member)?;
    let shares = if counts { member.lots.into() } else { 0 };
    let (ready, holder) = books
        .ready()
        .change(member.holder(), shares)
        .ok_or_else(|| ContractError::lost("shares of readiness"))?;
    member.hold(holder);
    books.set_ready(ready);
    Ok(money::save(work.storage, &books)?)
}

/// Adds what a member's readiness earned since the last time to what it may claim.
pub(super) fn settle(books: &money::Money, member: &mut Member) -> Result<(), ContractError> {
    let (earned, holder) = books.ready().settle(member.holder());
    member.hold(holder);
    let sum = member.earned.checked_add(earned);
    member.earned = sum.ok_or_else(|| ContractError::lost("more earned than 64 bits"))?;
    Ok(())
}

/// Says how a member stands.
pub(super) fn say(work: &mut Work<'_, '_>, device: DeviceId, member: &Member) {
    let Member { lots, active, leaves, .. } = *member;
    work.say(MemberChanged { device: device.0, lots, active, leaves: leaves.unwrap_or(0) });
}
