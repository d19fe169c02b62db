//! Moves lots from one device to another, with what was prepaid for them.

use super::Work;
use super::positions::Block;
use crate::ContractError;
use crate::state::series::{self, Series};
use caplet_api::event::PositionMoved;
use caplet_protocol::DeviceId;

/// Moves lots that can still be exercised.
pub(super) fn transfer(
    work: &mut Work<'_, '_>,
    number: u32,
    from: DeviceId,
    to: DeviceId,
    slots: (u16, u16),
    lots: u16,
) -> Result<(), ContractError> {
    work.context.own(work.storage, from)?;
    let series = series::load(work.storage, number)?;
    let block = Block::of(&series, work.context.now, slots, lots)?;
    prepaid(work, &series, from, to, block)?;
    work.take_from(number, from, block)?;
    work.give(number, to, block)?;
    work.till.say(PositionMoved {
        series: number,
        from: from.0,
        to: to.0,
        first: block.from,
        end: block.to,
        lots: block.lots,
        price: 0,
    });
    Ok(())
}

/// Between owners the prepaid money goes along, through the receiver's free balance into its ordered.
fn prepaid(
    work: &mut Work<'_, '_>,
    series: &Series,
    from: DeviceId,
    to: DeviceId,
    block: Block,
) -> Result<(), ContractError> {
    if work.context.same_owner(from, to)? {
        return Ok(());
    }
    let (amount, receiver) = (series.worth(block.total())?, work.context.owner_address(to)?);
    work.till.pay(series.asset, from, amount, &receiver)?;
    Ok(work.till.lock(series.asset, to, amount)?)
}
