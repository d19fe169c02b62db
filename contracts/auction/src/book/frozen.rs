//! The frozen book of the epoch that may be cleared.

use super::{Book, Order, pending};
use crate::{market, tables::Terms};
use caplet_clearing::ClassIndex;
use caplet_protocol::{
    Lots, OrderId, Tick, VectorId,
    layout::{OrderFlags, Side},
};
use cosmwasm_std::{StdError, StdResult, Storage};
use std::collections::BTreeMap;

/// An order of the frozen book, and whether it is there only by the pending log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The order.
    pub(crate) order: Order,
    /// Cancelled since the freeze.
    pub(crate) cancelled: bool,
}

/// Maps an order's id to the order, a side each. Orders without batch lots, and those that were void at the
/// freeze, are not in it.
pub(crate) struct Frozen {
    pub(crate) offers: BTreeMap<OrderId, Entry>,
    pub(crate) demands: BTreeMap<OrderId, Entry>,
}

impl Frozen {
    /// Offers as the clearing arithmetic takes them, ascending.
    pub(crate) fn clearing_offers(&self) -> impl Iterator<Item = caplet_clearing::Offer> {
        self.offers.values().map(|entry| clearing_offer(&entry.order))
    }

    /// Demands as the clearing arithmetic takes them, ascending.
    pub(crate) fn clearing_demands(&self) -> impl Iterator<Item = caplet_clearing::Demand> {
        self.demands.values().map(|entry| clearing_demand(&entry.order))
    }
}

impl Frozen {
    /// Lots wanted at a base price or above.
    pub(crate) fn lots_demanded_from(&self, base: Tick) -> u64 {
        lots(self.demands.values().filter(|entry| entry.order.tick >= base))
    }

    /// Lots offered at a base price or below.
    pub(crate) fn lots_offered_to(&self, base: Tick) -> u64 {
        lots(self.offers.values().filter(|entry| entry.order.tick <= base))
    }
}

fn lots<'a>(entries: impl Iterator<Item = &'a Entry>) -> u64 {
    // at most 20,000 orders of 16-bit lots
    entries.map(|entry| u64::from(entry.order.left.batch)).sum()
}

/// An offer as the clearing arithmetic takes it.
pub(crate) fn clearing_offer(order: &Order) -> caplet_clearing::Offer {
    caplet_clearing::Offer {
        id: order.id,
        device: order.device,
        class: ClassIndex(order.group),
        ask: order.tick,
        lots: Lots(order.left.batch),
    }
}

/// A demand as the clearing arithmetic takes it.
pub(crate) fn clearing_demand(order: &Order) -> caplet_clearing::Demand {
    caplet_clearing::Demand {
        id: order.id,
        device: order.device,
        vector: VectorId(order.group),
        limit: order.tick,
        lots: Lots(order.left.batch),
        all_or_nothing: order.flags.has(OrderFlags::ALL_OR_NOTHING),
    }
}

impl Book {
    /// The epoch whose frozen book this open order is in, if that may still be cleared.
    pub(crate) fn frozen_in(&self, order: &Order) -> Option<u32> {
        let epoch = self.state.clearable?;
        let freeze = market::freeze_time(&self.state, self.config.epoch_secs)?;
        let inside = order.id.page < self.state.frozen_pages(order.side)
            && order.left.batch > 0
            && !order.is_over(freeze);
        inside.then_some(epoch)
    }

    /// The frozen book of `epoch`, which is the one that may be cleared.
    pub(crate) fn frozen(&mut self, storage: &dyn Storage, epoch: u32) -> StdResult<Frozen> {
        Ok(Frozen {
            offers: self.frozen_side(storage, epoch, Side::Offer)?,
            demands: self.frozen_side(storage, epoch, Side::Demand)?,
        })
    }

    /// The market as the clearing arithmetic sees it.
    pub(crate) fn arithmetic(&mut self, storage: &dyn Storage) -> StdResult<Terms> {
        self.classes(storage)?;
        let classes = self.classes.as_ref();
        let classes = classes.ok_or_else(|| StdError::msg("the class table was not read"))?;
        Terms::load(storage, self.market, &self.config, classes)
    }

    fn frozen_side(
        &mut self,
        storage: &dyn Storage,
        epoch: u32,
        side: Side,
    ) -> StdResult<BTreeMap<OrderId, Entry>> {
        let mut entries = BTreeMap::new();
        let below = self.state.frozen_pages(side);
        self.pages(side).load_below(storage, below)?;
        for order in self.loaded(side) {
            let order = order?;
            if self.frozen_in(&order).is_some() {
                entries.insert(order.id, Entry { order, cancelled: false });
            }
        }
        for order in pending::of(storage, self.market, epoch, side, None) {
            let order = order?;
            entries.insert(order.id, Entry { order, cancelled: true });
        }
        Ok(entries)
    }
}
