//! Announces that leases will be reclaimed.

use super::leases::{Skipped, bounded};
use crate::{
    ContractError,
    clock::Clock,
    lease::side::{Side, account},
    work::Work,
};
use caplet_api::{escrow::LeaseState, event::NoticeGiven, layout::StateRecord};
use caplet_base::peer::Registry;
use caplet_protocol::{AccountId, DeviceId, LeaseId};
use cosmwasm_std::{Response, Storage, Uint64};

/// Starts the notice of each lease; it must pass before the lease's end.
pub(super) fn notice(
    storage: &mut dyn Storage,
    clock: Clock,
    registry: &mut Registry<'_>,
    sender: Option<AccountId>,
    leases: &[Uint64],
) -> Result<Response, ContractError> {
    let (mut work, mut skipped, mut given) =
        (Work::default(), Skipped::new("announce"), Vec::new());
    for id in bounded(leases)? {
        let lease = work.leases.lease(storage, LeaseId(id.u64()))?;
        if lease.state() != LeaseState::Open {
            skipped.note(lease.id, lease.state());
            continue;
        }
        if sender != Some(account(storage, &mut work, registry, &lease, Side::Payee)?) {
            let device = DeviceId(lease.deal.provider);
            return Err(ContractError::NotASide { lease: lease.id, device });
        }
        let terms = work.terms.get(storage, lease.deal.terms)?.terms;
        let (end, notice, now) = (terms.end.u64(), terms.notice_secs, clock.now());
        if now.saturating_add(notice.into()) > end {
            return Err(ContractError::NoticeTooLate { lease: lease.id, end, notice, now });
        }
        let record =
            StateRecord { state: LeaseState::Notice as u8, notice: clock.secs, ..lease.record };
        work.leases.set_state(storage, lease.id, &record)?;
        given.push(lease.id.0);
    }
    skipped.check(given.len())?;
    work.flush(storage);
    Ok(Response::new().add_event(NoticeGiven { leases: given }))
}
