//! A device on a market's capacity ledger.

use crate::ContractError;
use crate::book::Book;
use caplet_api::auction::CapacityResponse;
use caplet_protocol::{DeviceId, MarketId};
use cosmwasm_std::Storage;

/// Most slots shown.
const MOST: u16 = 100;

pub(super) fn of(
    storage: &dyn Storage,
    market: MarketId,
    now: u64,
    device: DeviceId,
    first: Option<u32>,
    slots: Option<u16>,
) -> Result<CapacityResponse, ContractError> {
    let mut book = Book::open(storage, market, now)?;
    Ok(book.ledger.answer(storage, device, first, slots.unwrap_or(1).min(MOST))?)
}
