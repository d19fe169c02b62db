//! Settles what is over in positions: past slots lapse, defaulted slots are paid out.

use super::{Work, bounded};
use crate::ContractError;
use crate::state::positions;
use crate::state::series::{self, Series};
use caplet_api::event::PositionSettled;
use caplet_mechanism::margin::share;
use caplet_mechanism::strip::Strip;
use caplet_protocol::DeviceId;

/// Settles holders; those with nothing to settle are passed over, unless all are.
pub(super) fn settle(
    work: &mut Work<'_, '_>,
    number: u32,
    devices: &[DeviceId],
) -> Result<(), ContractError> {
    bounded("devices", devices.len())?;
    let mut series = series::load(work.storage, number)?;
    let mut settled = false;
    for device in devices {
        settled |= holder(work, &mut series, *device)?;
    }
    if !settled {
        let why = "no slot of these positions is over or defaulted on: settle them then";
        return Err(ContractError::Nothing { why });
    }
    Ok(series::save(work.storage, &series)?)
}

fn holder(
    work: &mut Work<'_, '_>,
    series: &mut Series,
    device: DeviceId,
) -> Result<bool, ContractError> {
    let held = positions::load(work.storage, series.number, device)?;
    let (sound, gone) = held.split(series.horizon());
    let (past, left) = sound.split(series.current(work.context.now));
    if gone.is_empty() && past.is_empty() {
        return Ok(false);
    }
    let over = held.without(&left).ok_or_else(|| ContractError::lost("a position"))?;
    let sold = series.sold.without(&over);
    series.sold = sold.ok_or_else(|| ContractError::lost("a position beyond what was sold"))?;
    positions::save(work.storage, series.number, device, left)?;
    let reserved = lapse(work, series, device, past.total())?;
    let paid = default(work, series, device, &gone)?;
    work.till.say(PositionSettled {
        series: series.number,
        device: device.0,
        lapsed: past.total(),
        reserved,
        defaulted: gone.total(),
        paid,
    });
    Ok(true)
}

/// The reservation share of lapsed lots goes to the seller, the rest of what was prepaid back.
fn lapse(
    work: &mut Work<'_, '_>,
    series: &Series,
    device: DeviceId,
    lots: u64,
) -> Result<u64, ContractError> {
    if lots == 0 {
        return Ok(0);
    }
    // the share of one lot, so that splitting a settlement changes nothing
    let each = share(series.price(), series.reservation);
    let reserved = series::worth(lots, each)?;
    let back = series.worth(lots)?.saturating_sub(reserved);
    let to = work.context.owner_address(series.seller)?;
    work.till.split(series.asset, device, back, reserved, Some(&to))?;
    Ok(reserved)
}

/// Defaulted lots get back what was prepaid, and what the default set aside for each.
fn default(
    work: &mut Work<'_, '_>,
    series: &mut Series,
    device: DeviceId,
    gone: &Strip,
) -> Result<u64, ContractError> {
    if gone.is_empty() {
        return Ok(0);
    }
    let mut paid = 0u64;
    for part in &series.defaults {
        let lots = gone.split(part.from).1.split(part.to).0.total();
        paid = paid.saturating_add(series::worth(lots, part.paid)?);
    }
    series.owed = series
        .owed
        .checked_sub(paid)
        .ok_or_else(|| ContractError::lost("more to pay than is owed"))?;
    work.till.free(series.asset, device, series.worth(gone.total())?)?;
    if paid > 0 {
        let to = work.context.owner_address(device)?;
        work.till.pay(series.asset, series.backer(), paid, &to)?;
    }
    Ok(paid)
}
