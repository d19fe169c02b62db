//! Takes back collateral that is not needed.

use super::{Work, within};
use crate::ContractError;
use crate::mark::Mark;
use crate::state::series;

/// Frees collateral above what the margin asks for.
pub(super) fn release(
    work: &mut Work<'_, '_>,
    number: u32,
    amount: u64,
) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    work.context.own(work.storage, series.seller)?;
    within("amount", amount, 1, series.collateral.max(1))?;
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    series.collateral = series.collateral.saturating_sub(amount);
    series.check_cover(work.context.now, &mark)?;
    series.called = None;
    work.till.free(series.asset, series.seller, amount)?;
    work.till.say(series.margin_event(work.context.now, mark.mark));
    Ok(series::save(work.storage, &series)?)
}
