//! Bids in an auction.

use super::{Work, within};
use crate::ContractError;
use crate::state::bids::{self, Bid};
use crate::state::series::{self, Series};
use caplet_api::event::BidPlaced;
use caplet_api::futures::{MAX_BIDS, Sale};
use caplet_protocol::DeviceId;

/// Locks the limit for every slot. A full auction lets the lowest bid go for a higher one.
pub(super) fn bid(
    work: &mut Work<'_, '_>,
    number: u32,
    device: DeviceId,
    lots: u16,
    limit: u64,
) -> Result<(), ContractError> {
    work.context.own(work.storage, device)?;
    let series = series::load(work.storage, number)?;
    open(&series, work.context.now)?;
    within("lots", lots.into(), 1, series.unsold.at(0).into())?;
    let mut bids = bids::load(work.storage, number)?;
    let mut least = series.price();
    if bids.len() >= MAX_BIDS
        && let Some(lowest) = bids.pop()
    {
        least = lowest.limit.saturating_add(1);
        work.till.free(series.asset, lowest.device, locked(&series, &lowest)?)?;
    }
    if limit < least {
        return Err(ContractError::LowBid { limit, least });
    }
    let last = bids.iter().map(|bid| bid.number).max().unwrap_or(0);
    let this = last.checked_add(1).ok_or(ContractError::Exhausted("bids"))?;
    let bid = Bid { number: this, device, lots, limit };
    work.till.lock(series.asset, device, locked(&series, &bid)?)?;
    bids.push(bid);
    work.till.say(BidPlaced { series: number, bid: this, device: device.0, lots, limit });
    Ok(bids::save(work.storage, number, &bids)?)
}

/// Base units locked for a bid.
pub(super) fn locked(series: &Series, bid: &Bid) -> Result<u64, ContractError> {
    let lots = u64::from(bid.lots).saturating_mul(series.slots.into());
    series::worth(lots, bid.limit)
}

fn open(series: &Series, now: u64) -> Result<(), ContractError> {
    let number = series.number;
    let Sale::Auction { until, .. } = series.sale else {
        let why = "it is sold at a price: buy";
        return Err(ContractError::NotOnSale { series: number, why });
    };
    if series.strike.is_some() || series.unsold.is_empty() {
        let why = "its auction is closed: buy from a listing";
        return Err(ContractError::NotOnSale { series: number, why });
    }
    if now >= until.u64() {
        let (until, remedy) = (until.u64(), "close it, and buy from a listing");
        return Err(ContractError::AuctionTime { series: number, until, now, remedy });
    }
    Ok(())
}
