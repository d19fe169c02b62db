//! Credits what a lease has redeemed.

use super::Work;
use crate::ContractError;
use crate::state::leases::{self, Served};
use crate::state::{members, money};
use caplet_api::event::RevenueCredited;
use caplet_mechanism::margin::share;

/// Credits a lease; a closed one frees its member.
pub(super) fn account(work: &mut Work<'_, '_>, lease: u64) -> Result<(), ContractError> {
    let mut served = leases::load(work.storage, lease)?;
    let before = served.credited;
    let closed = credit(work, lease, &mut served)?;
    if closed {
        let mut member = members::load(work.storage, served.member)?;
        member.busy = member.busy.saturating_sub(served.lots);
        members::save(work.storage, served.member, &member)?;
        return Ok(leases::finish(work.storage, lease)?);
    }
    if served.credited == before {
        return Ok(());
    }
    Ok(leases::save(work.storage, lease, &served)?)
}

/// Credits what came since the last time to the member that serves; whether the lease is closed.
///
/// Shares are of the cumulative amount, so how often anybody accounts changes nothing.
pub(super) fn credit(
    work: &mut Work<'_, '_>,
    lease: u64,
    served: &mut Served,
) -> Result<bool, ContractError> {
    let standing = work.context.leases()?.get(lease)?;
    let standing = standing.ok_or_else(|| ContractError::lost("a lease that escrow forgot"))?;
    let (before, after) = (served.credited, standing.net);
    let delta = after.saturating_sub(before);
    if delta > 0 {
        let bps = work.context.config.rules.ready;
        let ready = share(after, bps).saturating_sub(share(before, bps));
        let delivered = delta.saturating_sub(ready);
        let mut books = money::load(work.storage)?;
        books.credit(delivered, ready)?;
        money::save(work.storage, &books)?;
        let mut member = members::load(work.storage, served.member)?;
        let earned = member.earned.checked_add(delivered);
        member.earned = earned.ok_or_else(|| ContractError::lost("more earned than 64 bits"))?;
        members::save(work.storage, served.member, &member)?;
        served.credited = after;
        let member = served.member.0;
        work.say(RevenueCredited { lease, member, delivered, ready });
    }
    Ok(standing.closed())
}
