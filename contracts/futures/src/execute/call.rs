//! Calls for margin.

use super::Work;
use crate::ContractError;
use crate::mark::Mark;
use crate::state::series::{self, Series};

/// Begins the grace of a series whose collateral is below what its margin asks for, or ends the call of one whose
/// collateral is not.
pub(super) fn call(work: &mut Work<'_, '_>, number: u32) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    if !relieve(work, &mut series, &mark) {
        let (collateral, now) = (series.posted(), work.context.now);
        let required = series.required(now, mark.mark);
        if u128::from(collateral) >= required {
            return Err(ContractError::Covered { collateral, required });
        }
        if let Some(called) = series.open_call(now) {
            let until = called.saturating_add(series.grace_secs.into());
            return Err(ContractError::AlreadyCalled { called, until });
        }
        series.called = Some(now);
        work.till.say(series.margin_event(now, mark.mark));
    }
    Ok(series::save(work.storage, &series)?)
}

/// Ends a call that the collateral meets, whoever comes by and whyever it does: when it is short again, it is called
/// again. Whether it did.
pub(super) fn relieve(work: &mut Work<'_, '_>, series: &mut Series, mark: &Mark) -> bool {
    let now = work.context.now;
    let met = series.called.is_some() && series.check_cover(now, mark).is_ok();
    if met {
        series.called = None;
        work.till.say(series.margin_event(now, mark.mark));
    }
    met
}
