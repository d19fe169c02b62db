//! What is locked for an order, in base units: for a demand limit and close bond for each lot that is left
//! (every lot may become a lease of its own); for both sides the order bond until it is done.
//!
//! A bond is there so that a flood costs its sender. It is lost by an order that ends without having been
//! of use to anybody: one that was neither in a frozen book nor traded. See `docs/contracts/auction.md`.

use super::{Book, Order};
use caplet_api::packed::{LockItem, UnlockItem};
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

    /// Locked for an order as it stands; only its bond for an offer. `None` past 64 bits, which no order that
    /// was placed reaches.
    pub(crate) fn may_lock(&self, order: &Order) -> Option<u64> {
        if order.left.is_none() {
            return Some(0);
        }
        if order.side == Side::Offer {
            return Some(order.bond);
        }
        self.locked_for(order.tick, order.left.batch)?.checked_add(order.bond)
    }

    /// Locked for an order that was placed.
    pub(crate) fn locked(&self, order: &Order) -> StdResult<u64> {
        let lost = || StdError::msg("what is locked for an open order exceeds 64 bits");
        self.may_lock(order).ok_or_else(lost)
    }

    /// Whether an order that ends now was of use: a book froze with it, or some of it was traded.
    pub(crate) fn was_of_use(&self, order: &Order) -> bool {
        let frozen = crate::market::ends(&self.state, self.config.epoch_secs, order.epoch);
        order.traded || self.state.collecting > order.epoch && !order.is_over(frozen)
    }

    /// Asks escrow to give the money of an order back that its device ended. The bond of one that was of no
    /// use goes to the protocol's fees.
    pub(crate) fn unlock_cancelled(&mut self, order: &Order) -> StdResult<()> {
        let locked = self.locked(order)?;
        if order.bond == 0 || self.was_of_use(order) {
            self.unlock(order, locked);
            return Ok(());
        }
        let (device, flags) = (order.device.0, order.owner_bit());
        let amount = locked.saturating_sub(order.bond);
        self.calls.lost.push(UnlockItem { device, amount, forfeit: order.bond, flags });
        Ok(())
    }

    /// Asks escrow to lock an order's money, and to pay whoever relayed it.
    pub(crate) fn lock(&mut self, order: &Order, amount: u64, relay_fee: u64) {
        if amount > 0 || relay_fee > 0 {
            let (device, flags) = (order.device.0, order.owner_bit());
            self.calls.lock.push(LockItem { device, amount, relay_fee, flags });
        }
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
