//! Takes back collateral that is not needed.

use super::{Work, within};
use crate::ContractError;
use crate::mark::Mark;
use crate::state::series;

/// Frees collateral above what must stay, so never what is set aside for leases.
pub(super) fn release(
    work: &mut Work<'_, '_>,
    number: u32,
    amount: u64,
) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    work.context.own(work.storage, series.backer())?;
    let posted = series.posted();
    if posted == 0 {
        let why = "no collateral is left to take back: leave the series to be settled";
        return Err(ContractError::Nothing { why });
    }
    within("amount", amount, 1, posted)?;
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    let required = series.required(work.context.now, mark.mark);
    let collateral = posted.saturating_sub(amount);
    if u128::from(collateral) < required {
        return Err(ContractError::Collateral { collateral, required });
    }
    let left = series.collateral.checked_sub(amount);
    series.collateral = left.ok_or_else(|| ContractError::lost("less than is set aside"))?;
    series.called = None;
    work.till.free(series.asset, series.backer(), amount)?;
    work.till.say(series.margin_event(work.context.now, mark.mark));
    Ok(series::save(work.storage, &series)?)
}
