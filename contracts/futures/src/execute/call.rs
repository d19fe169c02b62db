//! Calls for margin.

use super::Work;
use crate::ContractError;
use crate::mark::Mark;
use crate::state::series;

/// Begins the grace of a series whose collateral is below what its margin asks for.
pub(super) fn call(work: &mut Work<'_, '_>, number: u32) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    if let Some(called) = series.called {
        let until = called.saturating_add(series.grace_secs.into());
        return Err(ContractError::AlreadyCalled { called, until });
    }
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    let (collateral, now) = (series.posted(), work.context.now);
    let required = series.required(now, mark.mark);
    if u128::from(collateral) >= required {
        return Err(ContractError::Covered { collateral, required });
    }
    series.called = Some(now);
    work.till.say(series.margin_event(now, mark.mark));
    Ok(series::save(work.storage, &series)?)
}
