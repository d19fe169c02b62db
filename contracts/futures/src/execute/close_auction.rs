//! Closes an auction: one price for all.

use super::Work;
use super::bid::locked;
use super::end_sale::off_the_market;
use super::positions::Block;
use crate::ContractError;
use crate::mark::Mark;
use crate::state::bids::{self, Bid};
use crate::state::series::{self, Series};
use caplet_api::event::{PositionMoved, SaleEnded};
use caplet_api::futures::Sale;

/// Serves the highest bids. Everybody pays the highest limit that was not served in full, or the reserve;
/// no more is sold than the collateral covers at that price.
pub(super) fn close_auction(work: &mut Work<'_, '_>, number: u32) -> Result<(), ContractError> {
    let mut series = series::load(work.storage, number)?;
    over(&series, work.context.now)?;
    let mark = Mark::of(work.storage, &work.context, series.market)?;
    let bids = bids::load(work.storage, number)?;
    let (price, sold) = outcome(&series, &bids, mark.mark);
    series.strike = Some(price);
    let mut left = sold;
    for bid in &bids {
        let lots = u32::from(bid.lots).min(left);
        left = left.saturating_sub(lots);
        serve(work, &mut series, bid, lots, price)?;
    }
    bids::save(work.storage, number, &Vec::new())?;
    off_the_market(work, &mut series)?;
    work.till.say(SaleEnded { series: number, price, lots: sold });
    Ok(series::save(work.storage, &series)?)
}

fn over(series: &Series, now: u64) -> Result<(), ContractError> {
    let number = series.number;
    let Sale::Auction { until, .. } = series.sale else {
        let why = "it is sold at a price, there is no auction to close: buy";
        return Err(ContractError::NotOnSale { series: number, why });
    };
    if series.strike.is_some() {
        let why = "its auction is closed already: buy from a listing";
        return Err(ContractError::NotOnSale { series: number, why });
    }
    let until = until.u64();
    if now < until {
        let remedy = "close it then";
        return Err(ContractError::AuctionTime { series: number, until, now, remedy });
    }
    Ok(())
}

/// Price and lots of each slot that are sold.
fn outcome(series: &Series, bids: &[Bid], mark: u64) -> (u64, u32) {
    let on_sale = series.unsold.at(0);
    let at = |lots: u32| clearing_price(bids, lots, series.price());
    let covers = |lots: u32| {
        let all = u64::from(lots).saturating_mul(series.slots.into());
        series.margin().required(all, at(lots), mark) <= u128::from(series.collateral)
    };
    // fewer lots never cost less each, so what is required is not monotone: the most that is covered
    let asked = bids.iter().fold(0u32, |sum, bid| sum.saturating_add(bid.lots.into()));
    let most = on_sale.min(asked);
    let sold = (1..=most).rev().find(|lots| covers(*lots)).unwrap_or(0);
    (at(sold), sold)
}

/// The highest limit that is not served in full when `lots` are sold; the reserve if all are.
fn clearing_price(bids: &[Bid], lots: u32, reserve: u64) -> u64 {
    let mut left = lots;
    for bid in bids {
        if u32::from(bid.lots) > left {
            return bid.limit;
        }
        left = left.saturating_sub(bid.lots.into());
    }
    reserve
}

/// What a bid locked becomes the prepaid price of what it won; the rest returns.
fn serve(
    work: &mut Work<'_, '_>,
    series: &mut Series,
    bid: &Bid,
    lots: u32,
    price: u64,
) -> Result<(), ContractError> {
    let total = u64::from(lots).saturating_mul(series.slots.into());
    let back = locked(series, bid)?.checked_sub(series::worth(total, price)?);
    let back = back.ok_or_else(|| ContractError::lost("a price above a winner's limit"))?;
    work.till.free(series.asset, bid.device, back)?;
    if lots == 0 {
        return Ok(());
    }
    let block = Block { from: 0, to: series.slots, lots };
    series.unsold = block.out_of(&series.unsold)?;
    series.sold = block.into(&series.sold)?;
    work.give(series.number, bid.device, block)?;
    work.till.say(PositionMoved {
        series: series.number,
        from: 0,
        to: bid.device.0,
        first: 0,
        end: series.slots,
        lots,
        price,
    });
    Ok(())
}
