//! Lists lots for sale, and takes listings back.

use super::positions::Block;
use super::{Work, within};
use crate::ContractError;
use crate::state::listings::{self, Listing};
use crate::state::{positions, series};
use caplet_api::event::ListingChanged;
use caplet_protocol::DeviceId;

/// Lists lots that the position has now; they stay in it, and a sale asks again.
pub(super) fn list(
    work: &mut Work<'_, '_>,
    number: u32,
    device: DeviceId,
    slots: (u16, u16),
    lots: u16,
    price: u64,
) -> Result<(), ContractError> {
    work.context.own(work.storage, device)?;
    let series = series::load(work.storage, number)?;
    let block = Block::of(&series, work.context.now, slots, lots)?;
    block.out_of(&positions::load(work.storage, number, device)?)?;
    within("price", price, 1, u64::MAX)?;
    let listing = Listing { series: number, device, from: block.from, to: block.to, lots, price };
    let listed = listings::add(work.storage, &listing)?;
    say(work, listed, &listing);
    Ok(())
}

/// Takes a listing back.
pub(super) fn unlist(work: &mut Work<'_, '_>, number: u64) -> Result<(), ContractError> {
    let mut listing = listings::load(work.storage, number)?;
    if !over(work, &listing)? {
        work.context.own(work.storage, listing.device)?;
    }
    listing.lots = 0;
    listings::save(work.storage, number, &listing)?;
    say(work, number, &listing);
    Ok(())
}

/// Whether nothing of it can be taken any more.
fn over(work: &Work<'_, '_>, listing: &Listing) -> Result<bool, ContractError> {
    match series::load(work.storage, listing.series) {
        Ok(series) => Ok(series.check_slots(work.context.now, listing.from, listing.to).is_err()),
        Err(ContractError::UnknownSeries { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Says how a listing stands.
pub(super) fn say(work: &mut Work<'_, '_>, number: u64, listing: &Listing) {
    let Listing { series, device, lots, price, .. } = *listing;
    let device = device.0;
    work.till.say(ListingChanged { listing: number, series, device, lots, price });
}
