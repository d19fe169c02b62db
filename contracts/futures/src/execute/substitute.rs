//! Lets another device of the seller's owner deliver.

use super::Work;
use crate::ContractError;
use crate::state::series::{self, Series};
use caplet_api::layout::ATTESTED;
use caplet_protocol::DeviceId;

/// Moves what is not yet exercised to another device; leases that run stay where they are.
pub(super) fn substitute(
    work: &mut Work<'_, '_>,
    number: u32,
    device: DeviceId,
) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    work.context.own(work.storage, series.seller)?;
    // what stands behind it stood behind the old device
    if let Some(backer) = series.backer {
        work.context.own(work.storage, backer)?;
    }
    if !work.context.same_owner(series.seller, device)? {
        return Err(ContractError::ForeignDevice { one: series.seller, other: device });
    }
    hand_over(work, &mut series, device)?;
    let mark = crate::mark::Mark::of(work.storage, &work.context, series.market)?;
    work.till.say(series.margin_event(work.context.now, mark.mark));
    Ok(series::save(work.storage, &series)?)
}

/// Checks the class and moves the reservation. Collateral of one owner is ordered in one account, so it stays.
pub(super) fn hand_over(
    work: &mut Work<'_, '_>,
    series: &mut Series,
    device: DeviceId,
) -> Result<(), ContractError> {
    if device == series.seller {
        return Err(ContractError::Nothing { why: "it delivers already: name another device" });
    }
    keeps_the_promise(work, series, device)?;
    let now = work.context.now;
    // slots that are over sell no more, and the new device holds nothing in them
    series.unsold = series.on_sale(now);
    let moved = series.live(now).with(&series.unsold);
    let moved = moved.ok_or_else(|| ContractError::lost("more lots than were issued"))?;
    work.till.reserve(series.market, device, series.first_slot, &moved)?;
    // what is exercised stays reserved on the old device until its slots are over
    work.till.release(series.market, series.seller, series.first_slot, &moved)?;
    (series.reserved, series.seller) = (moved, device);
    Ok(())
}

fn keeps_the_promise(
    work: &Work<'_, '_>,
    series: &Series,
    device: DeviceId,
) -> Result<(), ContractError> {
    let record = work.context.device(device)?;
    let (tier, serves) = work.context.serves(device)?;
    if !serves {
        return Err(ContractError::CannotServe { device });
    }
    let lesser =
        |what, has: u32, wants: u32| ContractError::LesserClass { device, what, has, wants };
    if record.cell() != series.quality.cell {
        return Err(lesser("cell", record.cell.into(), series.quality.cell.0.into()));
    }
    if tier < series.quality.reliability {
        return Err(lesser("reliability tier", tier.into(), series.quality.reliability.into()));
    }
    if series.quality.attested && record.flags & ATTESTED == 0 {
        return Err(lesser("attestation", 0, 1));
    }
    Ok(())
}
