//! Gives a lease to the member that serves it.

use super::Work;
use crate::ContractError;
use crate::state::config::within;
use crate::state::leases::{self, Served};
use crate::state::members;
use caplet_api::event::LeaseServed;
use caplet_api::pool::MAX_LEASES;

/// The first in the failover order with room serves; each lease once. A lease that is served and has grown is given to
/// its member anew, with all its lots.
pub(super) fn assign(work: &mut Work<'_, '_>, lease: u64) -> Result<(), ContractError> {
    let device = work.bound()?;
    let refuse = |is| Err(ContractError::Lease { lease, is });
    if leases::is_done(work.storage, lease) {
        return refuse("was accounted to its end");
    }
    if let Some(served) = leases::find(work.storage, lease)? {
        return grow(work, lease, served);
    }
    let escrow = work.context.leases()?;
    let Some(standing) = escrow.get(lease)? else {
        return refuse("is not known to escrow");
    };
    let deal = standing.deal;
    if deal.provider != device.0 {
        return refuse("is another provider's");
    }
    let opened = escrow.opened(&deal)?;
    // exercised ahead of its slot, it would take room that leases of now need
    if opened.terms.start.u64() > work.context.now {
        return refuse("has not begun: assign it then");
    }
    let count = leases::all(work.storage).take(MAX_LEASES).count();
    let most = u64::try_from(MAX_LEASES).unwrap_or(u64::MAX);
    let count = u64::try_from(count).unwrap_or(most);
    within("leases served at a time", count.saturating_add(1), 1, most)?;
    let lots = deal.lots;
    let next = work.context.next(work.storage, lots, None)?;
    let next = next.ok_or(ContractError::NoRoom { lease, lots })?;
    let mut member = members::load(work.storage, next)?;
    member.busy = member.busy.saturating_add(lots);
    members::save(work.storage, next, &member)?;
    // what it brought so long ago may have been shared as income, and is not credited again
    let held = u64::from(work.context.config.rules.hold_secs);
    let at = u64::from(opened.at.unwrap_or_default());
    let old = standing.net > 0 && at.saturating_add(held) <= work.context.now;
    let credited = if old { standing.net } else { 0 };
    let price = deal.price.saturating_mul(lots.into());
    let served = Served { member: next, lots, price, credited, challenge: None };
    leases::save(work.storage, lease, &served)?;
    work.say(LeaseServed { lease, member: next.0, before: 0, penalty: 0 });
    Ok(())
}

/// Lots came to a lease in the instant lane: its member commits to them too, if it has room.
fn grow(work: &mut Work<'_, '_>, lease: u64, served: Served) -> Result<(), ContractError> {
    let refuse = |is| Err(ContractError::Lease { lease, is });
    let Some(standing) = work.context.leases()?.get(lease)? else {
        return refuse("is not known to escrow");
    };
    let lots = standing.deal.lots;
    let more = lots.saturating_sub(served.lots);
    if more == 0 {
        return refuse("is assigned already");
    }
    let mut member = members::load(work.storage, served.member)?;
    if member.room() < more {
        return refuse(
            "has grown, and its member has no room for that: hand it over, or try again when it has",
        );
    }
    member.busy = member.busy.saturating_add(more);
    members::save(work.storage, served.member, &member)?;
    let price = standing.deal.price.saturating_mul(lots.into());
    leases::save(work.storage, lease, &Served { lots, price, ..served })?;
    let member = served.member.0;
    work.say(LeaseServed { lease, member, before: member, penalty: 0 });
    Ok(())
}
