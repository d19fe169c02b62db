//! The frozen book of the epoch that may be cleared, order by order.

use super::{Book, Order, pending};
use crate::market;
use crate::tables::{Pinned, Terms};
use caplet_clearing::{ClassIndex, Fill};
use caplet_protocol::{
    Lots, OrderId, VectorId,
    layout::{OrderFlags, Side},
};
use cosmwasm_std::{StdError, StdResult, Storage};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry::Vacant;

/// An order of the frozen book, and whether it is there only by the pending log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The order.
    pub(crate) order: Order,
    /// Cancelled since the freeze.
    pub(crate) cancelled: bool,
}

/// Orders of the frozen book by id, a side each: those that a clearing fills.
#[derive(Default)]
pub(crate) struct Frozen {
    pub(crate) offers: BTreeMap<OrderId, Entry>,
    pub(crate) demands: BTreeMap<OrderId, Entry>,
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

    /// The orders that fills of a proven clearing of `epoch` name.
    pub(crate) fn frozen(
        &mut self,
        storage: &dyn Storage,
        epoch: u32,
        fills: &[Fill],
    ) -> StdResult<Frozen> {
        let mut frozen = Frozen::default();
        for fill in fills {
            if let Vacant(place) = frozen.offers.entry(fill.offer) {
                place.insert(self.frozen_order(storage, epoch, Side::Offer, fill.offer)?);
            }
            if let Vacant(place) = frozen.demands.entry(fill.demand) {
                place.insert(self.frozen_order(storage, epoch, Side::Demand, fill.demand)?);
            }
        }
        Ok(frozen)
    }

    fn frozen_order(
        &mut self,
        storage: &dyn Storage,
        epoch: u32,
        side: Side,
        id: OrderId,
    ) -> StdResult<Entry> {
        let open = self.pages(side).get(storage, id.page)?.map(|page| page.order(id.slot));
        let open = open.transpose()?.flatten().filter(|order| self.frozen_in(order).is_some());
        let cancelled = open.is_none();
        let order = match open {
            Some(order) => Some(order),
            None => pending::get(storage, self.market, epoch, side, id)?,
        };
        let order = order.ok_or_else(|| StdError::msg("a proven fill is of no frozen order"))?;
        Ok(Entry { order, cancelled })
    }

    /// What of the terms a clearing has to keep.
    pub(crate) fn pin(&mut self, storage: &dyn Storage) -> StdResult<Pinned> {
        let market = self.market;
        Pinned::now(storage, market, self.classes(storage)?)
    }

    /// The market as the clearing arithmetic sees it.
    pub(crate) fn arithmetic(&self, storage: &dyn Storage, pinned: Pinned) -> StdResult<Terms> {
        Terms::of(storage, self.market, &self.config, pinned)
    }

    /// Shows orders of a side of the frozen book above `after`, ascending, until `visit` says enough;
    /// whether there are no more. Orders without batch lots, and those that were void at the freeze, are not
    /// in it; those cancelled since are. Pages that were read are kept.
    pub(crate) fn each_frozen<E: From<StdError>>(
        &mut self,
        storage: &dyn Storage,
        epoch: u32,
        side: Side,
        after: Option<OrderId>,
        mut visit: impl FnMut(&Order) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut log = pending::of(storage, self.market, epoch, side, after).peekable();
        let (from, below) = (after.map_or(0, |after| after.page), self.state.frozen_pages(side));
        let mut next = from;
        while let Some(number) = self.pages(side).load_next(storage, next, below)? {
            next = number.saturating_add(1);
            let open = self.pages(side).held(storage, number)?.open();
            let open = open.collect::<StdResult<Vec<Order>>>()?;
            for order in open.iter().filter(|order| Some(order.id) > after) {
                if self.frozen_in(order).is_none() {
                    continue;
                }
                // what was cancelled since stands before it, where it stood at the freeze
                while let Some(older) =
                    log.next_if(|entry| !matches!(entry, Ok(other) if other.id > order.id))
                {
                    if !visit(&older?)? {
                        return Ok(false);
                    }
                }
                if !visit(order)? {
                    return Ok(false);
                }
            }
        }
        for cancelled in log {
            if !visit(&cancelled?)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
