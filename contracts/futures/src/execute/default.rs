//! Declares a default.

use super::Work;
use super::end_sale::{give_back, off_the_market};
use crate::ContractError;
use crate::mark::Mark;
use crate::state::series::{self, Defaulted, Series};
use caplet_api::event::SeriesDefaulted;
use caplet_api::futures::Sale;
use caplet_api::registry::DeviceStatus;
use caplet_mechanism::margin::DefaultSplit;
use caplet_mechanism::strip::Strip;

/// Settles in cash what the seller cannot cover: nothing stays of a device that is retired or suspended, of any
/// other the earliest slots that its collateral covers in full.
pub(super) fn default(work: &mut Work<'_, '_>, number: u32) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    let now = work.context.now;
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    let keeps = ground(work, &series, &mark)?;
    if let (Sale::Auction { .. }, None) = (series.sale, series.strike) {
        let why = "its auction is open, nothing is sold: close it first";
        return Err(ContractError::NoDefault { series: number, why });
    }
    let live = series.live(now);
    if live.is_empty() && series.unsold.is_empty() {
        let why = "no lot of it can be delivered any more: settle, reckon and close it";
        return Err(ContractError::NoDefault { series: number, why });
    }
    off_the_market(work, &mut series)?;
    let (from, paid) = split(&series, &live, &mark, keeps);
    let gone = live.split(from).1;
    let (lots, to) = (gone.total(), series.horizon());
    let owed = series::worth(lots, paid)?;
    series.collateral = series.collateral.saturating_sub(owed);
    series.owed = series.owed.saturating_add(owed);
    if lots > 0 {
        series.defaults.push(Defaulted { from, to, paid });
    }
    give_back(work, &mut series, &gone)?;
    series.called = None;
    let device = series.seller.0;
    work.till.say(SeriesDefaulted { series: number, device, from, lots, paid });
    Ok(series::save(work.storage, &series)?)
}

/// Whether slots that are covered stay.
///
/// # Errors
/// If there is no ground for a default.
fn ground(work: &Work<'_, '_>, series: &Series, mark: &Mark) -> Result<bool, ContractError> {
    let refuse = |why| Err(ContractError::NoDefault { series: series.number, why });
    let retired = work.context.device(series.seller)?.status == DeviceStatus::Retired as u8;
    if retired || work.context.suspended(series.seller)? {
        return Ok(false);
    }
    let Some(called) = series.called else {
        return refuse("its seller serves and its margin is not called: call it if it is short");
    };
    if series.check_cover(work.context.now, mark).is_ok() {
        return refuse("its collateral covers the margin again: nothing is to be done");
    }
    if series.open_call(work.context.now).is_none() {
        return refuse("its margin call is too old to act on: call it anew, it has a new grace");
    }
    if work.context.now < called.saturating_add(series.grace_secs.into()) {
        return refuse("the grace of its margin call runs: declare it when that is over");
    }
    Ok(true)
}

/// The first slot that defaults, and what each lot from it on is paid. Leases that run have what was set aside for
/// them, and no part in it.
fn split(series: &Series, live: &Strip, mark: &Mark, keeps: bool) -> (u16, u64) {
    let (margin, strike, collateral) = (series.margin(), series.price(), series.collateral);
    let all = live.total();
    let first = live.runs().first().map_or(series.horizon(), |run| run.from);
    let most = match keeps {
        true => margin.default_of(collateral, all, strike, mark.mark, mark.settle).kept,
        false => 0,
    };
    let (mut from, mut kept) = (first, 0u64);
    while from < series.horizon() {
        let more = kept.saturating_add(live.at(from).into());
        if more > most {
            break;
        }
        (from, kept) = (from.saturating_add(1), more);
    }
    let DefaultSplit { paid_per_lot, .. } =
        margin.settle(collateral, all, kept, strike, mark.mark, mark.settle);
    (from, paid_per_lot)
}
