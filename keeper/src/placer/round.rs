//! What may go out together. An order is refused once a later one of its device is placed, so a device
//! is in one transaction of a round only, with as many of its orders as keep their order there.

use super::orders::Kept;
use caplet_api::auction::MAX_PAGE;
use caplet_protocol::{DeviceId, MarketId, layout::Side};
use std::collections::BTreeMap;

/// One round of transactions.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// For each market what is relayed in one message: offers first, then demands.
    pub(super) relays: BTreeMap<MarketId, Vec<Kept>>,
    /// What is taken at once, each alone.
    pub(super) takes: Vec<Kept>,
}

impl Round {
    /// The first round of `pending`, which is sorted by device and sequence.
    pub(super) fn of(pending: Vec<Kept>, is_take: impl Fn(&Kept) -> bool) -> Self {
        let mut round = Self::default();
        let mut rows = pending.into_iter().peekable();
        while let Some(first) = rows.next() {
            let device = first.body.device();
            if is_take(&first) {
                round.takes.push(first);
            } else {
                let (market, mut side) = (first.body.market(), first.body.side());
                let mut open = round.add(first);
                while open && let Some(next) = rows.next_if(|n| n.body.device() == device) {
                    let fits =
                        next.body.market() == market && next.body.side() >= side && !is_take(&next);
                    side = next.body.side();
                    open = fits && round.add(next);
                }
            }
            skip(&mut rows, device);
        }
        for orders in round.relays.values_mut() {
            orders.sort_by_key(|o| (o.body.side(), o.body.device(), o.body.sequence()));
        }
        round
    }

    /// Adds an order to its market's message; `false` if its side is full.
    fn add(&mut self, order: Kept) -> bool {
        let orders = self.relays.entry(order.body.market()).or_default();
        let side = order.body.side();
        let full = orders.iter().filter(|o| o.body.side() == side).count() >= MAX_PAGE;
        if !full {
            orders.push(order);
        }
        !full
    }

    pub(super) fn is_empty(&self) -> bool {
        self.relays.is_empty() && self.takes.is_empty()
    }

    /// Everything in it.
    pub(super) fn all(&self) -> impl Iterator<Item = &Kept> {
        self.relays.values().flatten().chain(&self.takes)
    }
}

/// Offers and demands of a relayed message.
pub(super) fn sides(orders: &[Kept]) -> (Vec<&Kept>, Vec<&Kept>) {
    orders.iter().partition(|order| order.body.side() == Side::Offer)
}

fn skip(rows: &mut std::iter::Peekable<std::vec::IntoIter<Kept>>, device: DeviceId) {
    while rows.next_if(|next| next.body.device() == device).is_some() {}
}

#[cfg(test)]
mod tests {
    use super::super::orders::{Body, State};
    use super::*;
    use caplet_protocol::{
        Lots,
        layout::{Demand, Offer, OrderFlags},
        wire::Ack,
    };
    use proptest::prelude::*;

    fn order(side: Side, device: u32, sequence: u32, market: u32) -> Kept {
        let (device, market) = (DeviceId(device), MarketId(market));
        let flags = OrderFlags(0);
        let body = if side == Side::Offer {
            Body::Offer(Offer {
                device,
                sequence,
                market,
                latency: 0,
                throughput: 0,
                accuracy: 0,
                flags,
                tags: 0,
                ask: 1,
                batch: Lots(1),
                instant: Lots(0),
                not_after: 9,
                relay_fee: 0,
            })
        } else {
            Body::Demand(Demand {
                device,
                sequence,
                market,
                latency: 0,
                throughput: 0,
                accuracy: 0,
                reliability: 0,
                flags,
                tags: 0,
                rho: 0,
                lambda: 0,
                limit: 1,
                lots: Lots(1),
                not_after: 9,
                relay_fee: 0,
            })
        };
        Kept { body, signature: [0; 64], reference: 0, answer: Ack::default(), state: State::New }
    }

    fn sequences(round: &Round, market: u32) -> Vec<(u32, u32)> {
        let orders = round.relays.get(&MarketId(market)).map_or(&[][..], Vec::as_slice);
        orders.iter().map(|o| (o.body.device().0, o.body.sequence())).collect()
    }

    #[test]
    fn a_device_is_in_one_transaction_with_a_run_of_its_orders() {
        let pending = vec![
            order(Side::Offer, 1, 1, 1),
            order(Side::Demand, 1, 2, 1),
            order(Side::Offer, 1, 3, 1),
            order(Side::Offer, 2, 5, 2),
            order(Side::Offer, 2, 6, 1),
            order(Side::Demand, 3, 1, 1),
        ];
        let round = Round::of(pending, |_| false);
        assert_eq!(sequences(&round, 1), vec![(1, 1), (1, 2), (3, 1)]);
        assert_eq!(sequences(&round, 2), vec![(2, 5)]);
    }

    #[test]
    fn a_take_goes_alone_and_in_its_turn() {
        let is_take = |o: &Kept| o.body.sequence() == 2;
        let pending = vec![
            order(Side::Demand, 1, 1, 1),
            order(Side::Demand, 1, 2, 1),
            order(Side::Demand, 2, 2, 1),
            order(Side::Demand, 2, 3, 1),
        ];
        let round = Round::of(pending, is_take);
        assert_eq!(sequences(&round, 1), vec![(1, 1)]);
        assert_eq!(round.takes.len(), 1);
        assert_eq!(round.takes[0].body.device(), DeviceId(2));
    }

    fn pending() -> impl Strategy<Value = Vec<Kept>> {
        proptest::collection::vec((any::<bool>(), 1u32..6, 1u32..4), 0..60).prop_map(|items| {
            let mut orders: Vec<Kept> = items
                .into_iter()
                .zip(1u32..)
                .map(|((offer, device, market), sequence)| {
                    order(if offer { Side::Offer } else { Side::Demand }, device, sequence, market)
                })
                .collect();
            orders.sort_by_key(|o| (o.body.device(), o.body.sequence()));
            orders
        })
    }

    proptest! {
        #[test]
        fn whatever_order_transactions_land_in_no_order_is_overtaken(
            pending in pending(), swap: bool,
        ) {
            let is_take = |o: &Kept| o.body.sequence().is_multiple_of(7);
            let mut left = pending.clone();
            let mut last: BTreeMap<DeviceId, u32> = BTreeMap::new();
            while !left.is_empty() {
                let round = Round::of(left.clone(), is_take);
                prop_assert!(!round.is_empty());
                let mut txs: Vec<Vec<Kept>> = round.relays.values().cloned().collect();
                txs.extend(round.takes.iter().map(|take| vec![take.clone()]));
                if swap {
                    txs.reverse();
                }
                for order in txs.into_iter().flatten() {
                    let last = last.entry(order.body.device()).or_default();
                    prop_assert!(order.body.sequence() > *last);
                    *last = order.body.sequence();
                    left.retain(|o| o != &order);
                }
            }
        }
    }
}
