//! Standing orders between two slots: what was filled of them waits here until its slot is over, and is
//! then placed anew (`execute::renew`).

use super::order::{Lanes, Order, WIDTH};
use crate::keys;
use caplet_api::layout::OrderPageHeader;
use caplet_protocol::{MarketId, OrderId, layout::Side};
use cosmwasm_std::{Order as Way, StdError, StdResult, Storage};

/// A standing order that waits.
pub(crate) struct Waiting {
    /// The order; what is left of it are the lots to renew.
    pub(crate) order: Order,
    /// Unix seconds when its last lease ends.
    pub(crate) due: u32,
    /// Class or vector it snapped to, as `tables` writes it: its slot may have another owner by then.
    pub(crate) group: Vec<u8>,
}

/// The waiting entry of an order.
pub(crate) fn get(
    storage: &dyn Storage,
    market: MarketId,
    side: Side,
    id: OrderId,
) -> StdResult<Option<Waiting>> {
    let bytes = storage.get(&keys::standing_order(market, side, id));
    bytes.map(|bytes| decode(side, id, &bytes)).transpose()
}

/// Adds filled lots to what waits of an order, until `due`.
pub(crate) fn add(
    storage: &mut dyn Storage,
    market: MarketId,
    order: &Order,
    filled: Lanes,
    due: u32,
    group: Vec<u8>,
) -> StdResult<()> {
    let before = get(storage, market, order.side, order.id)?;
    let left = match before {
        Some(before) => before.order.left.plus(filled).ok_or_else(damaged)?,
        None => filled,
    };
    let mut bytes = due.to_be_bytes().to_vec();
    bytes.extend_from_slice(&order.epoch.to_be_bytes());
    bytes.extend_from_slice(&Order { left, ..*order }.encode());
    bytes.extend_from_slice(&group);
    storage.set(&keys::standing_order(market, order.side, order.id), &bytes);
    Ok(())
}

/// Removes an entry; whether there was one.
pub(crate) fn remove(storage: &mut dyn Storage, market: MarketId, side: Side, id: OrderId) -> bool {
    let key = keys::standing_order(market, side, id);
    let there = storage.get(&key).is_some();
    storage.remove(&key);
    there
}

/// Entries of a side above `after`, ascending.
pub(crate) fn list(
    storage: &dyn Storage,
    market: MarketId,
    side: Side,
    after: Option<OrderId>,
) -> impl Iterator<Item = StdResult<Waiting>> {
    let mut first = keys::standing_order(market, side, after.unwrap_or_default());
    if after.is_some() {
        first.push(0); // the first key past that of `after`
    }
    let end = keys::after(&keys::standing(market, side));
    storage.range(Some(&first), Some(&end), Way::Ascending).map(move |(key, bytes)| {
        let id = key.last_chunk().and_then(|id| OrderId::from_u64(u64::from_be_bytes(*id)));
        decode(side, id.ok_or_else(damaged)?, &bytes)
    })
}

fn decode(side: Side, id: OrderId, bytes: &[u8]) -> StdResult<Waiting> {
    let (due, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
    let (epoch, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let (record, group) = rest.split_at_checked(WIDTH).ok_or_else(damaged)?;
    let header = OrderPageHeader { epoch: u32::from_be_bytes(*epoch), ..Default::default() };
    let order = Order::decode(side, id, &header, record);
    Ok(Waiting { order, due: u32::from_be_bytes(*due), group: group.to_vec() })
}

fn damaged() -> StdError {
    StdError::msg("a waiting standing order is of another version")
}
