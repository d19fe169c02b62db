//! Offers of the instant lane by class and ask: the best for a taker is found without a walk through the book.

use super::order::Order;
use caplet_protocol::{OrderId, Tick};
use std::collections::{BTreeMap, BTreeSet};

/// Maps a class slot and an ask to the offers there that have instant lots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Posted(BTreeMap<(u16, Tick), BTreeSet<OrderId>>);

impl Posted {
    pub(super) fn put(&mut self, id: OrderId, order: &Order) {
        if order.instant > 0 {
            self.0.entry((order.group, order.tick)).or_default().insert(id);
        }
    }

    pub(super) fn remove(&mut self, id: OrderId, order: &Order) {
        let at = (order.group, order.tick);
        if let Some(orders) = self.0.get_mut(&at) {
            orders.remove(&id);
            if orders.is_empty() {
                self.0.remove(&at);
            }
        }
    }

    /// Offers of a class, those at the lowest ask first.
    pub(super) fn of_class(&self, class: u16) -> impl Iterator<Item = &BTreeSet<OrderId>> {
        let asks = (class, Tick(0))..=(class, Tick(u16::MAX));
        self.0.range(asks).map(|(_, orders)| orders)
    }
}
