//! One order page: immutable records, and beside them what became of each.

use super::order::{Lanes, Order, WIDTH};
use caplet_api::layout::{OrderPageHeader, order_page_key, order_state_key};
use caplet_protocol::{MarketId, OrderId, layout::Side};
use cosmwasm_std::{StdError, StdResult, Storage};
use std::collections::BTreeMap;

const BITMAP: usize = 32;
const PARTIAL: usize = 5;

/// A page as one message sees and changes it.
pub(crate) struct Page {
    side: Side,
    number: u32,
    header: OrderPageHeader,
    records: Vec<u8>,
    done: [u8; BITMAP],
    /// Maps a slot that was used in part to the lots used.
    used: BTreeMap<u8, Lanes>,
    changed: bool,
}

impl Page {
    /// The page of these bytes.
    pub(super) fn decode(side: Side, number: u32, bytes: &[u8], state: &[u8]) -> StdResult<Self> {
        let damaged = || StdError::msg("an order page is of another version");
        let (header, records) = OrderPageHeader::read(bytes).map_err(|_| damaged())?;
        if records.len() != usize::from(header.count).saturating_mul(WIDTH) {
            return Err(damaged());
        }
        let (done, used) = decode_state(state).ok_or_else(damaged)?;
        Ok(Self { side, number, header, records, done, used, changed: false })
    }

    /// Its number.
    pub(crate) const fn number(&self) -> u32 {
        self.number
    }

    /// The order in a slot as it was placed; `None` where there is none.
    fn placed(&self, slot: u8) -> Option<Order> {
        if u16::from(slot) >= self.header.count {
            return None;
        }
        let from = usize::from(slot).checked_mul(WIDTH)?;
        let record = self.records.get(from..from.checked_add(WIDTH)?)?;
        let id = OrderId { page: self.number, slot };
        Some(Order::decode(self.side, id, &self.header, record))
    }

    /// The order in a slot with what is left of it, nothing if it is done.
    pub(crate) fn order(&self, slot: u8) -> StdResult<Option<Order>> {
        let Some(mut order) = self.placed(slot) else { return Ok(None) };
        if self.is_done(slot) {
            order.left = Lanes::default();
        } else if let Some(used) = self.used.get(&slot) {
            order.left = order.left.less(*used).ok_or_else(overdrawn)?;
            order.traded = true;
        }
        Ok(Some(order))
    }

    /// Open orders in the order of their slots.
    pub(crate) fn open(&self) -> impl Iterator<Item = StdResult<Order>> {
        (0..=u8::MAX)
            .take(self.header.count.into())
            .filter(|slot| !self.is_done(*slot))
            .filter_map(|slot| self.order(slot).transpose())
    }

    /// Takes lots of an open order; whether it is done now.
    pub(crate) fn take(&mut self, slot: u8, lots: Lanes) -> StdResult<bool> {
        let order = self.order(slot)?.ok_or_else(overdrawn)?;
        let left = order.left.less(lots).ok_or_else(overdrawn)?;
        if left.is_none() {
            self.end(slot);
            return Ok(true);
        }
        let used = self.used.entry(slot).or_default();
        used.batch = used.batch.checked_add(lots.batch).ok_or_else(overdrawn)?;
        used.instant = used.instant.checked_add(lots.instant).ok_or_else(overdrawn)?;
        self.changed = true;
        Ok(false)
    }

    /// Ends an order, whatever is left of it.
    pub(crate) fn end(&mut self, slot: u8) {
        if let Some(byte) = self.done.get_mut(usize::from(slot / 8)) {
            *byte |= 1 << (slot % 8);
        }
        self.used.remove(&slot);
        self.changed = true;
    }

    fn is_done(&self, slot: u8) -> bool {
        self.done.get(usize::from(slot / 8)).is_some_and(|byte| byte & (1 << (slot % 8)) != 0)
    }

    fn is_over(&self) -> bool {
        let done: u32 = self.done.iter().map(|byte| byte.count_ones()).sum();
        done >= u32::from(self.header.count)
    }

    /// Stores what became of the orders; a page without open ones leaves nothing behind.
    pub(super) fn flush(self, storage: &mut dyn Storage, market: MarketId) {
        if !self.changed {
            return;
        }
        let state = order_state_key(market, self.side, self.number);
        if self.is_over() {
            storage.remove(&order_page_key(market, self.side, self.number));
            storage.remove(&state);
        } else {
            storage.set(&state, &encode_state(&self.done, &self.used));
        }
    }
}

fn overdrawn() -> StdError {
    StdError::msg("more lots would be used of an order than it has")
}

fn encode_state(done: &[u8; BITMAP], used: &BTreeMap<u8, Lanes>) -> Vec<u8> {
    let mut out = done.to_vec();
    for (slot, used) in used {
        out.push(*slot);
        out.extend_from_slice(&used.batch.to_be_bytes());
        out.extend_from_slice(&used.instant.to_be_bytes());
    }
    out
}

fn decode_state(bytes: &[u8]) -> Option<([u8; BITMAP], BTreeMap<u8, Lanes>)> {
    if bytes.is_empty() {
        return Some(([0; BITMAP], BTreeMap::new()));
    }
    let (done, partials) = bytes.split_first_chunk()?;
    let used = partials.chunks(PARTIAL).map(|partial| match *partial {
        [slot, b0, b1, i0, i1] => {
            let lanes = Lanes {
                batch: u16::from_be_bytes([b0, b1]),
                instant: u16::from_be_bytes([i0, i1]),
            };
            Some((slot, lanes))
        }
        _ => None,
    });
    Some((*done, used.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests;
