//! Gives a lease to the member that serves it.

use super::Work;
use crate::ContractError;
use crate::state::config::within;
use crate::state::leases::{self, Served};
use crate::state::members;
use caplet_api::event::LeaseServed;
use caplet_api::pool::MAX_LEASES;

/// The first in the failover order with room serves; each lease once.
pub(super) fn assign(work: &mut Work<'_, '_>, lease: u64) -> Result<(), ContractError> {
    let device = work.bound()?;
    let refuse = |is| Err(ContractError::Lease { lease, is });
    if leases::known(work.storage, lease) {
        return refuse("is assigned already, or was accounted to its end");
    }
    let Some(standing) = work.context.leases()?.get(lease)? else {
        return refuse("is not known to escrow");
    };
    let deal = standing.deal;
    if deal.provider != device.0 {
        return refuse("is another provider's");
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
    let price = deal.price.saturating_mul(lots.into());
    let served = Served { member: next, lots, price, credited: 0, challenge: None };
    leases::save(work.storage, lease, &served)?;
    work.say(LeaseServed { lease, member: next.0, before: 0, penalty: 0 });
    Ok(())
}
