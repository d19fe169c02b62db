//! The pending log: orders that were cancelled while their frozen book could still be cleared.
//!
//! The cancel ends the order at once, so nobody meets it outside the clearing; the entry is all that
//! is left of it. While its epoch can be cleared it is part of the frozen book; afterwards (cleared or
//! lapsed) it is due: its money returns, a bounded number of entries with every message of the market.

use super::order::{Lanes, Order, WIDTH};
use crate::keys;
use caplet_api::layout::OrderPageHeader;
use caplet_protocol::{MarketId, OrderId, layout::Side};
use cosmwasm_std::{StdError, StdResult, Storage};

/// Header fields that a record lacks: epoch u32, bond u64.
const HEAD: usize = 12;

/// Stores an entry of `epoch`'s frozen book; one with nothing left is removed.
pub(crate) fn put(storage: &mut dyn Storage, market: MarketId, epoch: u32, order: &Order) {
    let key = keys::pending_entry(market, epoch, order.side, order.id);
    if order.left.is_none() {
        storage.remove(&key);
        return;
    }
    let mut bytes = order.epoch.to_be_bytes().to_vec();
    bytes.extend_from_slice(&order.bond.to_be_bytes());
    bytes.extend_from_slice(&order.encode());
    storage.set(&key, &bytes);
}

/// Removes an entry.
pub(crate) fn remove(storage: &mut dyn Storage, market: MarketId, epoch: u32, order: &Order) {
    storage.remove(&keys::pending_entry(market, epoch, order.side, order.id));
}

/// Every entry with its epoch, oldest epoch first, offers before demands, ascending.
pub(crate) fn all(
    storage: &dyn Storage,
    market: MarketId,
) -> impl Iterator<Item = StdResult<(u32, Order)>> {
    let prefix = keys::pending(market);
    let stored =
        storage.range(Some(&prefix), Some(&keys::after(&prefix)), cosmwasm_std::Order::Ascending);
    let skip = prefix.len();
    stored.map(move |(key, bytes)| {
        let (epoch, side, id) = key.get(skip..).and_then(place).ok_or_else(damaged)?;
        Ok((epoch, decode(side, id, &bytes)?))
    })
}

/// Entries of one epoch and side above `after`, ascending.
pub(crate) fn of(
    storage: &dyn Storage,
    market: MarketId,
    epoch: u32,
    side: Side,
    after: Option<OrderId>,
) -> impl Iterator<Item = StdResult<Order>> {
    let mut first = keys::pending_entry(market, epoch, side, after.unwrap_or_default());
    let end = keys::after(first.get(..first.len().saturating_sub(8)).unwrap_or_default());
    if after.is_some() {
        first.push(0); // the first key past that of `after`
    }
    let stored = storage.range(Some(&first), Some(&end), cosmwasm_std::Order::Ascending);
    stored.map(move |(key, bytes)| {
        let id = key.last_chunk().and_then(|id| OrderId::from_u64(u64::from_be_bytes(*id)));
        decode(side, id.ok_or_else(damaged)?, &bytes)
    })
}

/// An entry.
pub(crate) fn get(
    storage: &dyn Storage,
    market: MarketId,
    epoch: u32,
    side: Side,
    id: OrderId,
) -> StdResult<Option<Order>> {
    let bytes = storage.get(&keys::pending_entry(market, epoch, side, id));
    bytes.map(|bytes| decode(side, id, &bytes)).transpose()
}

/// At most `most` entries whose epoch can no longer be cleared.
pub(crate) fn due(
    storage: &dyn Storage,
    market: MarketId,
    clearable: Option<u32>,
    most: usize,
) -> StdResult<Vec<(u32, Order)>> {
    // entries of the clearable epoch are the newest, so everything before them is due
    all(storage, market)
        .take_while(|entry| !matches!(entry, Ok((epoch, _)) if Some(*epoch) == clearable))
        .take(most)
        .collect()
}

fn place(key: &[u8]) -> Option<(u32, Side, OrderId)> {
    let (epoch, rest) = key.split_first_chunk()?;
    let (side, id) = rest.split_first()?;
    let side = [Side::Offer, Side::Demand].into_iter().find(|s| *s as u8 == *side)?;
    let id = OrderId::from_u64(u64::from_be_bytes(id.try_into().ok()?))?;
    Some((u32::from_be_bytes(*epoch), side, id))
}

fn decode(side: Side, id: OrderId, bytes: &[u8]) -> StdResult<Order> {
    let (head, record) =
        bytes.split_at_checked(HEAD).filter(|(_, r)| r.len() == WIDTH).ok_or_else(damaged)?;
    let header = OrderPageHeader::decode(head);
    let order = Order::decode(side, id, &header, record);
    // instant lots ended with the cancel
    Ok(Order { left: Lanes::batch(order.left.batch), ..order })
}

fn damaged() -> StdError {
    StdError::msg("the pending log is of another version")
}
