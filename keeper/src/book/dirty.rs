//! What block events say has to be read again. Events are hints, never amounts: state is read after
//! them, so reading it once too often or a block too late changes nothing.

use caplet_api::event::{
    EpochCleared, EpochLapsed, EventError, OfferTaken, OffersMoved, OrdersEnded, OrdersPlaced,
    PriceMoved,
};
use caplet_chain::Event;
use caplet_protocol::{MarketId, OrderId, layout::Side};
use std::collections::{BTreeMap, BTreeSet};

/// What to read again of one market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dirty {
    /// Pages with a change.
    pub(super) pages: BTreeSet<(Side, u32)>,
    /// Orders that were cancelled, but stay in the frozen book.
    pub(super) cancelled: BTreeSet<(Side, OrderId)>,
    /// An epoch that was cleared: every page in its frozen book may have changed.
    pub(super) cleared: Option<u32>,
}

/// Markets with something to read again.
pub(super) type DirtyMarkets = BTreeMap<MarketId, Dirty>;

/// Gathers hints from events of the auction contract.
///
/// # Errors
/// If an event of ours does not decode: contract and keeper are of different versions.
pub(super) fn gather(events: &[Event]) -> Result<DirtyMarkets, EventError> {
    let mut dirty = DirtyMarkets::new();
    for event in events {
        note(&mut dirty, event)?;
    }
    Ok(dirty)
}

fn note(dirty: &mut DirtyMarkets, event: &Event) -> Result<(), EventError> {
    match event.ty.strip_prefix("wasm-").unwrap_or(&event.ty) {
        OrdersPlaced::NAME => {
            let placed = OrdersPlaced::try_from(event)?;
            at(dirty, placed.market)
                .pages
                .extend(side(placed.side).map(|side| (side, placed.page)));
        }
        OrdersEnded::NAME => {
            let ended = OrdersEnded::try_from(event)?;
            let market = at(dirty, ended.market);
            let Some(side) = side(ended.side) else { return Ok(()) };
            for id in ended.orders.into_iter().filter_map(OrderId::from_u64) {
                market.pages.insert((side, id.page));
                if ended.pending {
                    market.cancelled.insert((side, id));
                }
            }
        }
        OffersMoved::NAME => {
            let moved = OffersMoved::try_from(event)?;
            let left = moved.orders.into_iter().filter_map(OrderId::from_u64).map(|id| id.page);
            let pages = left.chain([moved.page]).map(|page| (Side::Offer, page));
            at(dirty, moved.market).pages.extend(pages);
        }
        OfferTaken::NAME => {
            let taken = OfferTaken::try_from(event)?;
            let page = OrderId::from_u64(taken.offer).map(|id| (Side::Offer, id.page));
            at(dirty, taken.market).pages.extend(page);
        }
        EpochCleared::NAME => {
            let cleared = EpochCleared::try_from(event)?;
            let market = at(dirty, cleared.market);
            market.cleared = market.cleared.max(Some(cleared.epoch));
        }
        PriceMoved::NAME => {
            at(dirty, PriceMoved::try_from(event)?.market);
        }
        EpochLapsed::NAME => {
            at(dirty, EpochLapsed::try_from(event)?.market);
        }
        _ => {}
    }
    Ok(())
}

fn at(dirty: &mut DirtyMarkets, market: u32) -> &mut Dirty {
    dirty.entry(MarketId(market)).or_default()
}

fn side(number: u8) -> Option<Side> {
    [Side::Offer, Side::Demand].into_iter().find(|side| *side as u8 == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_book_marks_what_to_read() {
        let placed = OrdersPlaced { market: 1, side: 2, page: 7, count: 3, epoch: 4 };
        let ended = OrdersEnded {
            market: 1,
            side: 1,
            orders: vec![OrderId { page: 2, slot: 9 }.to_u64()],
            expired: false,
            pending: true,
        };
        let taken = OfferTaken { market: 2, offer: 256, consumer: 1, lots: 1, price: 5 };
        let reclassed =
            OffersMoved { market: 4, orders: vec![OrderId { page: 3, slot: 1 }.to_u64()], page: 8 };
        let moved = PriceMoved { market: 3, epoch: 1, from: 1, to: 2, utilisation: 0 };
        let other = Event::new("wasm-caplet_opened");
        let events =
            [placed.into(), ended.into(), taken.into(), moved.into(), reclassed.into(), other];
        let dirty = gather(&events).unwrap();
        let first = &dirty[&MarketId(1)];
        assert_eq!(first.pages, [(Side::Offer, 2), (Side::Demand, 7)].into());
        assert_eq!(first.cancelled, [(Side::Offer, OrderId { page: 2, slot: 9 })].into());
        assert_eq!(dirty[&MarketId(2)].pages, [(Side::Offer, 1)].into());
        assert_eq!(dirty[&MarketId(3)], Dirty::default());
        assert_eq!(dirty[&MarketId(4)].pages, [(Side::Offer, 3), (Side::Offer, 8)].into());
    }

    #[test]
    fn an_event_of_ours_that_does_not_read_is_an_error() {
        let broken = Event::new("wasm-caplet_placed").add_attribute("market", "1");
        assert!(gather(&[broken]).is_err());
    }
}
