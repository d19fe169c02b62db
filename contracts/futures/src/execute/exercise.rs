//! Exercises lots of a slot: a lease at the strike, or cash if the seller cannot serve.

use super::Work;
use super::call::relieve;
use super::positions::Block;
use crate::ContractError;
use crate::mark::Mark;
use crate::state::deliveries::{self, Delivery};
use crate::state::series::{self, Series};
use caplet_api::auction::NO_EPOCH;
use caplet_api::escrow::{ExecuteMsg, Terms};
use caplet_api::event::{FutureExercised, LeasesOpened};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::OpenItem;
use caplet_mechanism::margin::share;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Reply, Response, Storage};

/// Number of the reply that brings a lease.
const OPENED: u64 = 1;

/// Exercises a holder's lots of a slot that is not over.
pub(super) fn exercise(
    work: &mut Work<'_, '_>,
    number: u32,
    device: DeviceId,
    slot: u16,
    lots: u16,
    consumer: Option<DeviceId>,
) -> Result<(), ContractError> {
    work.context.own(work.storage, device)?;
    let consumer = consumer.unwrap_or(device);
    if !work.context.same_owner(device, consumer)? {
        return Err(ContractError::ForeignDevice { one: device, other: consumer });
    }
    let mut series = series::load(work.storage, number)?;
    let block = Block::of(&series, work.context.now, (slot, slot.saturating_add(1)), lots)?;
    let exercised = Delivery { series: number, device, slot, lots, each: None };
    let serves = work.context.serves(series.seller)?.1;
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    relieve(work, &mut series, &mark);
    let covered = series.covered(work.context.now);
    work.take_from(number, device, block)?;
    series.sold = block.out_of(&series.sold)?;
    if serves {
        let each = series.pledge(covered, &mark);
        series.set_aside(lots, each)?;
        open(work, &mut series, &Delivery { each: Some(each), ..exercised }, consumer)?;
    } else {
        let each = series.share(covered).min(series.due(&mark));
        cash(work, &mut series, &exercised, each)?;
    }
    Ok(series::save(work.storage, &series)?)
}

/// Opens a lease with the prepaid money; the close bond is locked beside it.
fn open(
    work: &mut Work<'_, '_>,
    series: &mut Series,
    exercised: &Delivery,
    consumer: DeviceId,
) -> Result<(), ContractError> {
    let Delivery { slot, lots, .. } = *exercised;
    let bond = series.terms.close_bond;
    work.till.lock(series.asset, consumer, bond)?;
    let prepaid = series.worth(lots.into())?;
    let lost = ContractError::TooMuchMoney { lots: lots.into(), price: series.price() };
    let item = OpenItem {
        consumer: consumer.0,
        provider: series.seller.0,
        price: series.price(),
        lots,
        unlock: prepaid.checked_add(bond).ok_or(lost)?,
        fee: 0,
        demand: 0,
        flags: PLACED_BY_OWNER,
    };
    series.delivering = series.delivering.saturating_add(lots.into());
    deliveries::begin(work.storage, exercised)?;
    let (terms, items) = (terms(series, slot, work.context.now), OpenItem::pack(&[item]).into());
    let msg = ExecuteMsg::Open { terms, beneficiary: None, items };
    Ok(work.till.ask_escrow_for(&msg, OPENED)?)
}

fn terms(series: &Series, slot: u16, now: u64) -> Terms {
    let lease = series.terms;
    Terms {
        market: series.market,
        epoch: NO_EPOCH,
        asset: series.asset,
        start: series.begins(slot).max(now).into(),
        end: series.begins(slot.saturating_add(1)).into(),
        lot_units: lease.lot_units.into(),
        settle_secs: lease.settle_secs,
        settle_blocks: lease.settle_blocks,
        notice_secs: lease.notice_secs,
        exposure_cap: share(series.price(), lease.exposure).into(),
        close_bond: lease.close_bond.into(),
    }
}

/// Pays the shortfall of a slot that runs: what was prepaid, and for each lot what is due, at most its share.
fn cash(
    work: &mut Work<'_, '_>,
    series: &mut Series,
    exercised: &Delivery,
    each: u64,
) -> Result<(), ContractError> {
    let Delivery { device, slot, lots, .. } = *exercised;
    let begins = series.begins(slot);
    if work.context.now < begins {
        return Err(ContractError::NotYet { device: series.seller, slot, begins });
    }
    let paid = series::worth(lots.into(), each)?;
    let left = series.collateral.checked_sub(paid);
    series.collateral = left.ok_or_else(|| ContractError::lost("a share beyond the collateral"))?;
    compensate(work, series, device, paid)?;
    work.till.free(series.asset, device, series.worth(lots.into())?)?;
    work.till.say(FutureExercised {
        series: series.number,
        device: device.0,
        slot,
        lots,
        lease: 0,
        paid,
    });
    Ok(())
}

/// Pays a holder out of the backer's ordered money.
pub(super) fn compensate(
    work: &mut Work<'_, '_>,
    series: &Series,
    device: DeviceId,
    paid: u64,
) -> Result<(), ContractError> {
    if paid > 0 {
        let to = work.context.owner_address(device)?;
        work.till.pay(series.asset, series.backer(), paid, &to)?;
    }
    Ok(())
}

/// Notes the lease that escrow opened.
pub(crate) fn opened(storage: &mut dyn Storage, reply: Reply) -> Result<Response, ContractError> {
    let answer = reply.result.into_result().map_err(cosmwasm_std::StdError::msg)?;
    let lease = answer.events.iter().find_map(|event| LeasesOpened::try_from(event).ok());
    let lease = lease.and_then(|opened| opened.leases.first().copied());
    let lease = lease.ok_or_else(|| ContractError::lost("escrow named no lease"))?;
    let Delivery { series, device, slot, lots, .. } = deliveries::opened(storage, lease)?;
    let event = FutureExercised { series, device: device.0, slot, lots, lease, paid: 0 };
    Ok(Response::new().add_event(event))
}
