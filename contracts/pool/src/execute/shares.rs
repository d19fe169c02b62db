//! Shares of readiness: given, taken and settled.

use super::Work;
use super::account::account;
use crate::ContractError;
use crate::state::members::{self, Member};
use crate::state::{leases, money};
use caplet_protocol::DeviceId;
use cosmwasm_std::StdResult;

/// Gives a member its shares, or takes them, from now on; the caller stores the member.
///
/// First everything that leases have brought until now is credited, at most `MAX_LEASES` of them: it is shared by who
/// counted until now. So it changes nothing who accounts when, and whoever comes or goes around a payment has nothing
/// of it.
pub(super) fn recount(
    work: &mut Work<'_, '_>,
    device: DeviceId,
    counts: bool,
) -> Result<Member, ContractError> {
    let served = leases::all(work.storage).map(|entry| entry.map(|(lease, _)| lease));
    let served: Vec<u64> = served.collect::<StdResult<_>>()?;
    served.into_iter().try_for_each(|lease| account(work, lease))?;
    let mut member = members::load(work.storage, device)?;
    let mut books = money::load(work.storage)?;
    settle(&books, &mut member)?;
    let shares = if counts { member.lots.into() } else { 0 };
    let (ready, holder) = books
        .ready()
        .change(member.holder(), shares)
        .ok_or_else(|| ContractError::lost("shares of readiness"))?;
    member.hold(holder);
    books.set_ready(ready);
    money::save(work.storage, &books)?;
    Ok(member)
}

/// Adds what a member's readiness earned since the last time to what it may claim.
pub(super) fn settle(books: &money::Money, member: &mut Member) -> Result<(), ContractError> {
    let (earned, holder) = books.ready().settle(member.holder());
    member.hold(holder);
    let sum = member.earned.checked_add(earned);
    member.earned = sum.ok_or_else(|| ContractError::lost("more earned than 64 bits"))?;
    Ok(())
}
