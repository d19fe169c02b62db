//! Ends a series in which nothing is left.

use super::Work;
use super::end_sale::{give_back, off_the_market};
use crate::ContractError;
use crate::state::series::{self, Series};
use caplet_api::event::SeriesClosed;
use caplet_api::futures::Sale;

/// Returns what remains of the collateral, rounding of defaults included, and forgets the series.
pub(super) fn close(work: &mut Work<'_, '_>, number: u32) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    over(&series, work.context.now)?;
    off_the_market(work, &mut series)?;
    let reserved = series.reserved.clone();
    give_back(work, &mut series, &reserved)?;
    // what is owed to nobody any more is dust of a default
    let returned = series.collateral.saturating_add(series.owed);
    work.till.free(series.asset, series.backer(), returned)?;
    work.till.say(SeriesClosed { series: number, returned });
    series::remove(work.storage, number);
    Ok(())
}

fn over(series: &Series, now: u64) -> Result<(), ContractError> {
    let refuse = |why| Err(ContractError::NotOver { series: series.number, why });
    if !series.sold.is_empty() {
        return refuse("positions are not settled: settle them when their slots are over");
    }
    if series.delivering > 0 {
        return refuse("exercised leases are not reckoned: reckon them when they are closed");
    }
    if let (Sale::Auction { .. }, None) = (series.sale, series.strike) {
        return refuse("its auction is not closed: close it when its time is over");
    }
    if !series.on_sale(now).is_empty() {
        return refuse("lots are on sale: the seller may end the sale");
    }
    Ok(())
}
