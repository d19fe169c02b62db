//! One side of a market's book, by pages.

use super::order::Order;
use super::posted::Posted;
use caplet_protocol::{DeviceId, OrderId};
use std::collections::BTreeMap;

/// Open orders of one side, and cancelled ones that a clearing may still fill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SideBook {
    open: BTreeMap<OrderId, Order>,
    /// Of the open ones, those of the instant lane.
    posted: Posted,
    /// Maps a cancelled order to the epoch whose frozen book it is in, and the order.
    cancelled: BTreeMap<OrderId, (u32, Order)>,
}

impl SideBook {
    /// Replaces a page by what the chain says of it.
    pub(super) fn put_page(&mut self, page: u32, orders: BTreeMap<u8, Order>) {
        let old = OrderId { page, slot: 0 }..=OrderId { page, slot: u8::MAX };
        let gone: Vec<_> = self.open.range(old).map(|(id, _)| *id).collect();
        for id in gone {
            if let Some(order) = self.open.remove(&id) {
                self.posted.remove(id, &order);
            }
        }
        for (slot, order) in orders {
            let id = OrderId { page, slot };
            self.posted.put(id, &order);
            self.open.insert(id, order);
        }
    }

    /// Notes a cancelled order that the clearing of an epoch may still fill.
    pub(super) fn put_cancelled(&mut self, id: OrderId, epoch: u32, order: Order) {
        self.cancelled.insert(id, (epoch, order));
    }

    /// Drops cancelled orders of epochs that can no longer be cleared.
    pub(super) fn forget_cancelled(&mut self, clearable: Option<u32>) {
        self.cancelled.retain(|_, (epoch, _)| Some(*epoch) == clearable);
    }

    /// Numbers of the pages with open orders that were placed in an epoch or before it.
    pub(super) fn pages_up_to(&self, epoch: u32) -> Vec<u32> {
        let mut pages: Vec<u32> =
            self.open.iter().filter(|(_, o)| o.epoch <= epoch).map(|(id, _)| id.page).collect();
        pages.dedup();
        pages
    }

    /// Open orders, ascending.
    pub(super) fn open(&self) -> impl Iterator<Item = (OrderId, &Order)> {
        self.open.iter().map(|(id, order)| (*id, order))
    }

    /// Of a class's offers with instant lots the oldest that fits at each ask, the lowest ask first.
    pub(super) fn oldest_posted(
        &self,
        class: u16,
        fits: impl Fn(&Order) -> bool,
    ) -> impl Iterator<Item = (OrderId, &Order)> {
        self.posted.of_class(class).filter_map(move |orders| {
            let mut orders = orders.iter().filter_map(|id| Some((*id, self.open.get(id)?)));
            orders.find(|(_, order)| fits(order))
        })
    }

    /// Open orders and cancelled ones, as the contract counts them.
    pub(super) fn len(&self) -> usize {
        self.open.len().saturating_add(self.cancelled.len())
    }

    /// Open orders of a device, ascending.
    pub(super) fn of_device(&self, device: DeviceId) -> impl Iterator<Item = (OrderId, &Order)> {
        self.open().filter(move |(_, order)| order.device == device)
    }

    /// Orders void at `now`, Unix seconds, ascending. `frozen` is the epoch that may still be cleared and
    /// the moment it froze: what stood in that book waits for its clearing.
    pub(super) fn past_their_end(&self, now: u64, frozen: Option<(u32, u64)>) -> Vec<OrderId> {
        let waits =
            |order: &Order| frozen.is_some_and(|(epoch, freeze)| order.is_frozen_in(epoch, freeze));
        let over = self.open().filter(|(_, order)| order.is_over(now) && !waits(order));
        over.map(|(id, _)| id).collect()
    }

    /// The orders of the book that froze when `epoch` ended, at `freeze` in Unix seconds: placed by
    /// then, not void by then, with lots in the batch lane, and cancelled since at the earliest.
    pub(super) fn frozen(
        &self,
        epoch: u32,
        freeze: u64,
    ) -> impl Iterator<Item = (OrderId, &Order)> {
        let cancelled = self.cancelled.iter().filter(move |(_, (of, _))| *of == epoch);
        let cancelled = cancelled.map(|(id, (_, order))| (*id, order));
        let mut all: BTreeMap<OrderId, &Order> =
            self.open().filter(|(_, order)| order.is_frozen_in(epoch, freeze)).collect();
        all.extend(cancelled);
        all.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::{Tick, layout::OrderFlags};
    use proptest::prelude::*;

    fn order(epoch: u32, batch: u16, not_after: u64) -> Order {
        Order {
            device: DeviceId(1),
            group: 0,
            tick: Tick(1),
            flags: OrderFlags(0),
            batch,
            instant: 1,
            not_after,
            epoch,
        }
    }

    const fn id(page: u32, slot: u8) -> OrderId {
        OrderId { page, slot }
    }

    fn frozen(side: &SideBook, epoch: u32, freeze: u64) -> Vec<OrderId> {
        side.frozen(epoch, freeze).map(|(id, _)| id).collect()
    }

    #[test]
    fn the_frozen_book_is_what_stood_at_the_boundary() {
        let mut side = SideBook::default();
        let page = [(0, order(3, 1, 50)), (1, order(3, 1, 49)), (2, order(3, 0, 99))];
        side.put_page(0, page.into());
        side.put_page(1, [(0, order(4, 1, 99))].into());
        // Void just before the boundary, without batch lots, placed after it: none of them is in.
        assert_eq!(frozen(&side, 3, 50), [id(0, 0)]);
        assert_eq!(frozen(&side, 4, 50), [id(0, 0), id(1, 0)]);
        assert_eq!(side.pages_up_to(3), [0]);
    }

    #[test]
    fn what_is_over_waits_for_the_clearing_of_the_book_it_stood_in() {
        let mut side = SideBook::default();
        side.put_page(0, [(0, order(3, 1, 55)), (1, order(3, 1, 49)), (2, order(3, 0, 55))].into());
        side.put_page(1, [(0, order(4, 1, 55)), (1, order(3, 1, 56))].into());
        assert_eq!(side.past_their_end(56, Some((3, 50))), [id(0, 1), id(0, 2), id(1, 0)]);
        assert_eq!(side.past_their_end(56, None), [id(0, 0), id(0, 1), id(0, 2), id(1, 0)]);
    }

    proptest! {
        #[test]
        fn of_each_class_and_ask_the_oldest_posted_offer_that_fits_is_found(
            pages in prop::collection::vec(
                (0..3u32, prop::collection::vec((0..3u16, 0..4u16, 0..3u16), 0..6)), 1..8,
            ),
            least in 1..3u16,
        ) {
            let mut side = SideBook::default();
            for (page, orders) in pages {
                let posted = |(group, tick, instant)| {
                    Order { group, tick: Tick(tick), instant, ..order(1, 1, 99) }
                };
                side.put_page(page, (0u8..).zip(orders.into_iter().map(posted)).collect());
            }
            let fits = |order: &Order| order.instant >= least;
            for class in 0..3 {
                let found = side.oldest_posted(class, fits).map(|(id, order)| (order.tick, id));
                let mut oldest = BTreeMap::new();
                for (id, order) in side.open().filter(|(_, o)| o.group == class && fits(o)) {
                    oldest.entry(order.tick).or_insert(id);
                }
                prop_assert_eq!(found.collect::<Vec<_>>(), oldest.into_iter().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_cancelled_order_stays_in_the_frozen_book_of_its_epoch_only() {
        let mut side = SideBook::default();
        side.put_page(0, [(0, order(3, 1, 99)), (1, order(3, 2, 99))].into());
        side.put_page(0, [(0, order(3, 1, 99))].into());
        side.put_cancelled(id(0, 1), 3, order(3, 2, 99));
        assert_eq!(frozen(&side, 3, 50), [id(0, 0), id(0, 1)]);
        assert_eq!(frozen(&side, 4, 60), [id(0, 0)]);
        assert_eq!(side.open().count(), 1);
        side.forget_cancelled(Some(4));
        assert_eq!(frozen(&side, 3, 50), [id(0, 0)]);
    }
}
