//! Takes unsold lots off the market.

use super::Work;
use crate::ContractError;
use crate::state::series::{self, Series};
use caplet_api::event::SaleEnded;
use caplet_api::futures::Sale;
use caplet_mechanism::strip::Strip;

/// Ends a fixed-price sale.
pub(super) fn end_sale(work: &mut Work<'_, '_>, number: u32) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    if work.context.own(work.storage, series.backer()).is_err() {
        work.context.own(work.storage, series.seller)?;
    }
    if let (Sale::Auction { .. }, None) = (series.sale, series.strike) {
        let why = "bids are binding on both sides: close the auction when its time is over";
        return Err(ContractError::NotOnSale { series: number, why });
    }
    if series.unsold.is_empty() {
        return Err(ContractError::Nothing { why: "nothing of the series is unsold: leave it" });
    }
    off_the_market(work, &mut series)?;
    work.till.say(SaleEnded { series: number, price: series.price(), lots: 0 });
    Ok(series::save(work.storage, &series)?)
}

/// Gives the capacity of unsold lots back.
pub(super) fn off_the_market(
    work: &mut Work<'_, '_>,
    series: &mut Series,
) -> Result<(), ContractError> {
    let unsold = std::mem::take(&mut series.unsold);
    give_back(work, series, &unsold)
}

/// Gives reserved capacity back.
pub(super) fn give_back(
    work: &mut Work<'_, '_>,
    series: &mut Series,
    lots: &Strip,
) -> Result<(), ContractError> {
    let left = series.reserved.without(lots);
    series.reserved = left.ok_or_else(|| ContractError::lost("more to release than reserved"))?;
    Ok(work.till.release(series.market, series.seller, series.first_slot, lots)?)
}
