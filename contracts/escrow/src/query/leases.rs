//! Leases, one or many.

use crate::{
    ContractError,
    state::{
        evidence, fees,
        leases::{Lease, SLOTS, Slot},
        slots,
    },
    work::Work,
};
use caplet_api::escrow::{LaneResponse, LeaseResponse, LeaseState, LeasesResponse};
use caplet_base::cursor;
use caplet_protocol::{AccountId, DeviceId, Lane, LeaseId, Lots};
use cosmwasm_std::Storage;

/// A lease.
pub(super) fn one(storage: &dyn Storage, id: LeaseId) -> Result<LeaseResponse, ContractError> {
    let mut work = Work::default();
    let lease = work.leases.lease(storage, id)?;
    show(storage, &mut work, &lease)
}

/// Leases by number. Every page below the end belongs to some gateway and has at least one.
pub(super) fn list(
    storage: &dyn Storage,
    start_after: Option<LeaseId>,
    limit: Option<u32>,
) -> Result<LeasesResponse, ContractError> {
    let (mut work, mut leases) = (Work::default(), Vec::new());
    let limit = cursor::limit(limit);
    let end = u64::from(slots::end(storage)?).saturating_mul(SLOTS.into());
    let first = start_after.map_or(u64::from(SLOTS), |lease| lease.0.saturating_add(1));
    for id in (first..end).map(LeaseId) {
        if leases.len() >= limit {
            break;
        }
        if let Some(lease) = work.leases.find(storage, id)? {
            leases.push(show(storage, &mut work, &lease)?);
        }
    }
    Ok(LeasesResponse { leases })
}

fn show(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
) -> Result<LeaseResponse, ContractError> {
    let (mut lanes, mut schedule) = (Vec::new(), 0);
    for (number, slot) in (0u16..).zip(lease.slots()) {
        lanes.push(lane(storage, work, number, slot)?);
        schedule = work.leases.lane(storage, slot)?.fees;
    }
    let (state, record) = (lease.state(), lease.record);
    if state == LeaseState::Closed {
        schedule = record.fees;
    }
    let ended = matches!(state, LeaseState::Closing | LeaseState::Closed);
    // a lease that was exhausted or finished never had a settle window
    let window = ended && record.closing_time != 0;
    Ok(LeaseResponse {
        lease: lease.id.0.into(),
        terms: work.terms.get(storage, lease.deal.terms)?.terms,
        consumer: DeviceId(lease.deal.consumer),
        provider: DeviceId(lease.deal.provider),
        payer: AccountId(lease.deal.payer),
        price: lease.deal.price.into(),
        lots: Lots(lease.deal.lots),
        lanes,
        state,
        reason: lease.reason().filter(|_| ended),
        closing_time: window.then(|| u64::from(record.closing_time).into()),
        closing_height: window.then(|| u64::from(record.closing_height).into()),
        fees: fees::load(storage, schedule)?,
        evidence: evidence::load(storage, lease.id).map(Into::into),
    })
}

fn lane(
    storage: &dyn Storage,
    work: &mut Work,
    number: u16,
    slot: Slot,
) -> Result<LaneResponse, ContractError> {
    let record = work.leases.lane(storage, slot)?;
    Ok(LaneResponse {
        lane: Lane(number),
        cap: record.cap.into(),
        redeemed: work.leases.redeemed(storage, slot)?.into(),
        signer: DeviceId(record.signer),
        payee: AccountId(record.payee),
    })
}
