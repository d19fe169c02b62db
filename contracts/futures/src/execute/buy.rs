//! Buys lots of a fixed-price sale.

use super::Work;
use super::call::relieve;
use super::positions::Block;
use crate::ContractError;
use crate::mark::Mark;
use crate::state::series;
use caplet_api::event::PositionMoved;
use caplet_api::futures::Sale;
use caplet_protocol::DeviceId;

/// Buys lots in a range of slots; the strike for each is locked in the buyer's account.
pub(super) fn buy(
    work: &mut Work<'_, '_>,
    number: u32,
    device: DeviceId,
    slots: (u16, u16),
    lots: u16,
) -> Result<(), ContractError> {
    work.context.own(work.storage, device)?;
    let mut series = series::load(work.storage, number)?;
    if let Sale::Auction { .. } = series.sale {
        let why = "it is sold by auction: bid, or buy from a listing";
        return Err(ContractError::NotOnSale { series: number, why });
    }
    if series.called.is_some() {
        let mark = Mark::of(work.storage, &work.context, series.market)?;
        if !relieve(work, &mut series, &mark) {
            let why = "its margin is called: wait until the seller has topped it up";
            return Err(ContractError::NotOnSale { series: number, why });
        }
    }
    let block = Block::of(&series, work.context.now, slots, lots)?;
    series.unsold = block.out_of(&series.unsold)?;
    series.sold = block.into(&series.sold)?;
    work.give(number, device, block)?;
    work.till.lock(series.asset, device, series.worth(block.total())?)?;
    work.till.say(PositionMoved {
        series: number,
        from: 0,
        to: device.0,
        first: block.from,
        end: block.to,
        lots: block.lots,
        price: series.price(),
    });
    Ok(series::save(work.storage, &series)?)
}
