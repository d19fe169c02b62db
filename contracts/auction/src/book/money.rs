//! What is locked for a demand, in base units: limit and close bond for each lot that is left (every
//! lot may become a lease of its own), and the order bond until it is done.

use super::{Book, Order};
use caplet_api::packed::UnlockItem;
use caplet_protocol::{Tick, layout::Side};
use cosmwasm_std::{StdError, StdResult};

impl Book {
    /// Base units a lot at a tick.
    pub(crate) fn price(&self, tick: Tick) -> u64 {
        // below 2^62: the tick size was checked when the market was made
        u64::from(tick.0).saturating_mul(self.config.tick_size.u64())
    }

    /// Locked for some lots of a demand, without the order bond; `None` past 64 bits.
    pub(crate) fn locked_for(&self, tick: Tick, lots: u16) -> Option<u64> {
        let a_lot = self.price(tick).checked_add(self.config.close_bond.u64())?;
        a_lot.checked_mul(lots.into())
    }

    /// Locked for an order as it stands; nothing for an offer. `None` past 64 bits, which no order that
    /// was placed reaches.
    pub(crate) fn may_lock(&self, order: &Order) -> Option<u64> {
        if order.side == Side::Offer || order.left.is_none() {
            return Some(0);
        }
        self.locked_for(order.tick, order.left.batch)?.checked_add(order.bond)
    }

    /// Locked for an order that was placed.
    pub(crate) fn locked(&self, order: &Order) -> StdResult<u64> {
        let lost = || StdError::msg("what is locked for an open order exceeds 64 bits");
        self.may_lock(order).ok_or_else(lost)
    }

    /// Asks escrow to give money of an ended order back.
    pub(crate) fn unlock(&mut self, order: &Order, amount: u64) {
        self.unlock_forfeit(order, amount, 0);
    }

    /// Asks escrow to give money of an ended order back, and a part to the message's sender.
    pub(crate) fn unlock_forfeit(&mut self, order: &Order, amount: u64, forfeit: u64) {
        if amount == 0 && forfeit == 0 {
            return;
        }
        let (device, flags) = (order.device.0, order.owner_bit());
        self.calls.unlock.push(UnlockItem { device, amount, forfeit, flags });
    }
}
