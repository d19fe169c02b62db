//! Adds collateral.

use super::{Work, within};
use crate::ContractError;
use crate::mark::Mark;
use crate::state::series;

/// Locks more of the backer's money for lots that are not exercised; ends a margin call that is then met.
pub(super) fn top_up(
    work: &mut Work<'_, '_>,
    number: u32,
    amount: u64,
) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    work.context.own(work.storage, series.backer())?;
    within("amount", amount, 1, u64::MAX.saturating_sub(series.posted()))?;
    series.collateral = series.collateral.saturating_add(amount);
    work.till.lock(series.asset, series.backer(), amount)?;
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    if series.check_cover(work.context.now, &mark).is_ok() {
        series.called = None;
    }
    work.till.say(series.margin_event(work.context.now, mark.mark));
    Ok(series::save(work.storage, &series)?)
}
