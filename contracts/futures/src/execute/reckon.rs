//! Reckons exercised leases that are closed, each by what was set aside for it.

use super::exercise::compensate;
use super::{Work, bounded};
use crate::ContractError;
use crate::lease::Leases;
use crate::mark::Mark;
use crate::state::deliveries::{self, Delivery};
use crate::state::series;
use caplet_api::escrow::{CloseReason, LeaseState, Terms};
use caplet_api::event::DeliveryReckoned;
use caplet_api::layout::{DealRecord, StateRecord};
use caplet_api::registry::DeviceStatus;
use caplet_protocol::DeviceId;
use cosmwasm_std::Uint64;

/// Reckons leases, all or none.
pub(super) fn reckon(work: &mut Work<'_, '_>, leases: &[Uint64]) -> Result<(), ContractError> {
    bounded("leases", leases.len())?;
    let mut escrow = Leases::new(work.context.querier, &work.context.peers.escrow);
    for lease in leases {
        one(work, &mut escrow, lease.u64())?;
    }
    Ok(())
}

fn one(work: &mut Work<'_, '_>, escrow: &mut Leases<'_>, lease: u64) -> Result<(), ContractError> {
    let Delivery { series, device, lots, each, .. } = deliveries::load(work.storage, lease)?;
    let (deal, state) = escrow.get(lease)?;
    if state.state != LeaseState::Closed as u8 {
        return Err(ContractError::NotClosed { lease });
    }
    let terms = escrow.terms(&deal)?;
    let redeemed = escrow.redeemed(lease, deal.lanes)?;
    let mut series = series::load(work.storage, series)?;
    let each = each.unwrap_or(0);
    let (mut missed, mut paid) = (0, 0);
    if left_undone(work, &deal, &state, &terms)? {
        missed = undone(lots, series.price(), redeemed);
        let mark = Mark::of(work.storage, &work.context, series.market)?;
        paid = series::worth(missed.into(), series.due(&mark).min(each))?;
    }
    series.set_free(lots, each, paid)?;
    compensate(work, &series, device, paid)?;
    let left = series.delivering.checked_sub(lots.into());
    series.delivering = left.ok_or_else(|| ContractError::lost("a delivery not counted"))?;
    deliveries::remove(work.storage, lease);
    work.till.say(DeliveryReckoned { series: series.number, lease, missed, paid });
    Ok(series::save(work.storage, &series)?)
}

/// Whole lots that were not paid for.
fn undone(lots: u16, strike: u64, redeemed: u64) -> u16 {
    let unpaid = u64::from(lots).saturating_mul(strike).saturating_sub(redeemed);
    let whole = unpaid.checked_div(strike).unwrap_or(0);
    u16::try_from(whole).unwrap_or(lots).min(lots)
}

/// Whether the provider's side ended the lease before its time, as the chain shows. A consumer that ended it or
/// let it run out was served or did not come: its vouchers say which, and it pays no more than those.
fn left_undone(
    work: &Work<'_, '_>,
    deal: &DealRecord,
    state: &StateRecord,
    terms: &Terms,
) -> Result<bool, ContractError> {
    let early = u64::from(state.closing_time) < terms.end.u64()
        && (state.closing_time > 0 || work.context.now < terms.end.u64());
    Ok(match CloseReason::from_u8(state.reason) {
        Some(CloseReason::Reclaimed | CloseReason::Suspended | CloseReason::PoolDefault) => true,
        Some(CloseReason::ProviderFinished) => early,
        Some(CloseReason::DeviceRetired) => {
            let provider = work.context.device(DeviceId(deal.provider))?;
            provider.status == DeviceStatus::Retired as u8
        }
        _ => false,
    })
}
