//! Buys listed lots.

use super::positions::Block;
use super::{Work, list};
use crate::ContractError;
use crate::state::listings::{self, Listing};
use crate::state::series::{self, Series, worth};
use caplet_api::event::PositionMoved;
use caplet_protocol::DeviceId;

/// Buys lots of a listing, every slot of it.
pub(super) fn take(
    work: &mut Work<'_, '_>,
    number: u64,
    device: DeviceId,
    lots: u16,
    limit: u64,
) -> Result<(), ContractError> {
    work.context.own(work.storage, device)?;
    let mut listing = listings::load(work.storage, number)?;
    let Listing { from, to, price, .. } = listing;
    if price > limit {
        return Err(ContractError::AboveLimit { listing: number, price, limit });
    }
    let (asked, left) = (u32::from(lots), u32::from(listing.lots));
    let less = listing.lots.checked_sub(lots);
    listing.lots = less.ok_or(ContractError::Lots { asked, left, from, to })?;
    let series = series::load(work.storage, listing.series)?;
    let block = Block::of(&series, work.context.now, (from, to), lots)?;
    work.take_from(series.number, listing.device, block)?;
    work.give(series.number, device, block)?;
    pay(work, &series, &listing, device, block.total())?;
    listings::save(work.storage, number, &listing)?;
    list::say(work, number, &listing);
    work.till.say(PositionMoved {
        series: series.number,
        from: listing.device.0,
        to: device.0,
        first: from,
        end: to,
        lots: block.lots,
        price,
    });
    Ok(())
}

/// The buyer prepays the strike in the seller's place. Above the strike it pays the seller the difference;
/// below, the seller leaves the difference to the buyer.
fn pay(
    work: &mut Work<'_, '_>,
    series: &Series,
    listing: &Listing,
    buyer: DeviceId,
    lots: u64,
) -> Result<(), ContractError> {
    let (strike, price) = (series.price(), listing.price);
    let (asset, seller) = (series.asset, listing.device);
    let prepaid = worth(lots, strike)?;
    if price >= strike {
        let over = worth(lots, price.saturating_sub(strike))?;
        let to = work.context.owner_address(seller)?;
        work.till.free(asset, seller, prepaid)?;
        return Ok(work.till.lock_and_pay(asset, buyer, prepaid, over, Some(&to))?);
    }
    let (paid, to) = (worth(lots, price)?, work.context.owner_address(buyer)?);
    let under = prepaid.saturating_sub(paid);
    work.till.split(asset, seller, paid, under, Some(&to))?;
    Ok(work.till.lock(asset, buyer, prepaid)?)
}
