//! Hands the seller's side to another owner.

use super::Work;
use super::substitute::hand_over;
use crate::ContractError;
use crate::mark::Mark;
use crate::state::series;
use caplet_protocol::DeviceId;

/// Names who may take over, or nobody.
pub(super) fn offer(
    work: &mut Work<'_, '_>,
    number: u32,
    to: Option<DeviceId>,
) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    work.context.own(work.storage, series.seller)?;
    if let Some(to) = to {
        work.context.device(to)?;
    }
    series.novation = to;
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    work.till.say(series.margin_event(work.context.now, mark.mark));
    Ok(series::save(work.storage, &series)?)
}

/// Takes over with fresh collateral; that of the old seller, or of who backed it, returns. Nothing may be owed or running for the old one:
/// its own leases and defaults are its own to answer for.
pub(super) fn novate(
    work: &mut Work<'_, '_>,
    number: u32,
    device: DeviceId,
    collateral: u64,
) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    work.context.own(work.storage, device)?;
    if series.novation != Some(device) {
        return Err(ContractError::NotOffered { series: number, device });
    }
    if series.owed > 0 || series.delivering > 0 {
        let why = "defaults are to be settled or leases to be reckoned: do that first";
        return Err(ContractError::NotOver { series: number, why });
    }
    let (old, returned) = (series.backer(), series.collateral);
    hand_over(work, &mut series, device)?;
    (series.backer, series.collateral) = (None, collateral);
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    series.check_cover(work.context.now, &mark)?;
    (series.novation, series.called) = (None, None);
    work.till.lock(series.asset, device, collateral)?;
    work.till.free(series.asset, old, returned)?;
    work.till.say(series.margin_event(work.context.now, mark.mark));
    Ok(series::save(work.storage, &series)?)
}
