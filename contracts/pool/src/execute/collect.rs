//! Shares income that no lease brought.

use super::Work;
use crate::ContractError;
use crate::state::{leases, money};
use caplet_api::event::RevenueCredited;

/// Shares by readiness what has lain for the holding time without anybody having delivered for it. What a lease
/// brought that nobody assigned yet looks the same: its members have that time to assign and account it.
pub(super) fn collect(work: &mut Work<'_, '_>) -> Result<(), ContractError> {
    let unclaimed = unclaimed(work)?;
    let mut books = money::load(work.storage)?;
    let due = books.since.saturating_add(work.context.config.rules.hold_secs.into());
    if books.waiting > unclaimed {
        books.waiting = unclaimed;
    } else if books.waiting == 0 {
        if unclaimed == 0 {
            let why = "all income was brought by leases: account them";
            return Err(ContractError::Nothing { why });
        }
        (books.waiting, books.since) = (unclaimed, work.context.now);
    } else if work.context.now < due {
        let why = "the income has not lain long enough: collect when its holding time is over";
        return Err(ContractError::Nothing { why });
    } else {
        let ready = books.waiting;
        books.credit(0, ready)?;
        books.waiting = unclaimed.saturating_sub(ready);
        books.since = work.context.now;
        work.say(RevenueCredited { lease: 0, member: 0, delivered: 0, ready });
    }
    Ok(money::save(work.storage, &books)?)
}

/// What escrow holds beyond what is credited, and beyond what leases that are served have brought.
fn unclaimed(work: &Work<'_, '_>) -> Result<u64, ContractError> {
    let escrow = work.context.leases()?;
    let mut claimed = u128::from(money::load(work.storage)?.owed());
    for entry in leases::all(work.storage) {
        let (lease, served) = entry?;
        if let Some(standing) = escrow.get(lease)? {
            let open = standing.net.saturating_sub(served.credited);
            claimed = claimed.saturating_add(open.into());
        }
    }
    let free = escrow.free(work.context.config.asset)?;
    Ok(u64::try_from(free.saturating_sub(claimed)).unwrap_or(u64::MAX))
}
