//! A spare takes a lease over from a member that does not serve.

use super::Work;
use super::account::credit;
use crate::ContractError;
use crate::state::leases::{self, Challenge, Served};
use crate::state::members;
use caplet_api::event::{LeaseServed, MemberChallenged};
use caplet_mechanism::margin::share;
use caplet_protocol::DeviceId;

/// The member next in order says that the serving one does not serve.
pub(super) fn challenge(work: &mut Work<'_, '_>, lease: u64) -> Result<(), ContractError> {
    let mut served = leases::load(work.storage, lease)?;
    if let Some(open) = served.challenge {
        let why = format!("it is challenged until {}: wait for the answer", open.answer_by);
        return Err(ContractError::NoTakeOver { lease, why });
    }
    let next = successor(work, lease, &served)?;
    if work.context.own(next).is_err() {
        return Err(ContractError::NotNext { lease, next });
    }
    let answer_by = work.context.now.saturating_add(work.context.config.rules.answer_secs.into());
    served.challenge = Some(Challenge { by: next, answer_by });
    work.say(MemberChallenged { lease, challenger: next.0, answer_by });
    Ok(leases::save(work.storage, lease, &served)?)
}

/// The serving member says that it serves; who cried wolf pays what it would have got.
pub(super) fn answer(work: &mut Work<'_, '_>, lease: u64) -> Result<(), ContractError> {
    let mut served = leases::load(work.storage, lease)?;
    work.context.own(served.member)?;
    let open = served.challenge.take();
    let open = open.ok_or(ContractError::Nothing { why: "it is not challenged: serve on" })?;
    if members::has(work.storage, open.by) {
        let penalty = penalty(work, &served);
        work.punish(open.by, penalty, served.member)?;
    }
    work.say(MemberChallenged { lease, challenger: 0, answer_by: 0 });
    Ok(leases::save(work.storage, lease, &served)?)
}

/// The serving member hands a lease on, without a penalty.
pub(super) fn hand_over(work: &mut Work<'_, '_>, lease: u64) -> Result<(), ContractError> {
    let served = leases::load(work.storage, lease)?;
    work.context.own(served.member)?;
    let next = successor(work, lease, &served)?;
    pass_on(work, lease, served, next, 0)
}

/// An unanswered lease passes on, with the penalty.
pub(super) fn take_over(work: &mut Work<'_, '_>, lease: u64) -> Result<(), ContractError> {
    let served = leases::load(work.storage, lease)?;
    let refuse = |why| Err(ContractError::NoTakeOver { lease, why });
    let Some(open) = served.challenge else {
        return refuse("nobody challenged its member: challenge it first".into());
    };
    if work.context.now <= open.answer_by {
        return refuse(format!("its member may answer until {}: wait", open.answer_by));
    }
    let next = successor(work, lease, &served)?;
    let penalty = penalty(work, &served);
    pass_on(work, lease, served, next, penalty)
}

fn successor(work: &Work<'_, '_>, lease: u64, served: &Served) -> Result<DeviceId, ContractError> {
    let next = work.context.next(work.storage, served.lots, Some(served.member))?;
    next.ok_or(ContractError::NoRoom { lease, lots: served.lots })
}

fn penalty(work: &Work<'_, '_>, served: &Served) -> u64 {
    share(served.price, work.context.config.rules.penalty)
}

/// What was redeemed until now is the old member's, what comes is the new one's. A member that hands over or
/// answers a challenge redeems its vouchers first; one that does neither loses what it had not redeemed.
fn pass_on(
    work: &mut Work<'_, '_>,
    lease: u64,
    mut served: Served,
    next: DeviceId,
    penalty: u64,
) -> Result<(), ContractError> {
    let closed = credit(work, lease, &mut served)?;
    if closed {
        let is = "is closed: account it";
        return Err(ContractError::Lease { lease, is });
    }
    let before = served.member;
    let paid = work.punish(before, penalty, next)?;
    let mut old = members::load(work.storage, before)?;
    old.busy = old.busy.saturating_sub(served.lots);
    members::save(work.storage, before, &old)?;
    let mut new = members::load(work.storage, next)?;
    new.busy = new.busy.saturating_add(served.lots);
    members::save(work.storage, next, &new)?;
    (served.member, served.challenge) = (next, None);
    leases::save(work.storage, lease, &served)?;
    work.say(LeaseServed { lease, member: next.0, before: before.0, penalty: paid });
    Ok(())
}
