//! Reading an order page with what became of its orders.

use super::order::Order;
use caplet_api::layout::{ORDER_PAGE_VERSION, OfferRecord, OrderPageHeader};
use caplet_protocol::layout::Side;
use std::collections::BTreeMap;

const BITMAP: usize = 32;
const PARTIAL: usize = 5;

/// A page that does not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PageError {
    /// Another layout version.
    #[error(
        "order page of layout version {found}, this keeper reads up to {ORDER_PAGE_VERSION}: run a newer keeper"
    )]
    Version {
        /// What the page says.
        found: u16,
    },
    /// Bytes that fit no layout.
    #[error("order page {what}: is this the auction of this keeper's version?")]
    Damaged {
        /// What does not fit.
        what: &'static str,
    },
}

const fn damaged(what: &'static str) -> PageError {
    PageError::Damaged { what }
}

/// Open orders of a page by slot, with what is left of them; layouts as in `caplet_api::layout`.
pub(super) fn open_orders(
    side: Side,
    page: &[u8],
    state: &[u8],
) -> Result<BTreeMap<u8, Order>, PageError> {
    let (header, records) = OrderPageHeader::read(page).map_err(|version| match version {
        0 => damaged("is shorter than its header, or says of itself that it is none"),
        found => PageError::Version { found },
    })?;
    let (done, used) = became(state)?;
    let mut open = BTreeMap::new();
    for (slot, record) in (0..=u8::MAX).zip(records.chunks_exact(OfferRecord::LEN)) {
        if u16::from(slot) >= header.count || is_done(done, slot) {
            continue;
        }
        let mut order = Order::decode(side, header.epoch, record);
        if let Some((batch, instant)) = used.get(&slot) {
            let left = (order.batch.checked_sub(*batch), order.instant.checked_sub(*instant));
            let (Some(batch), Some(instant)) = left else {
                return Err(damaged("uses more lots than an order has"));
            };
            (order.batch, order.instant) = (batch, instant);
        }
        open.insert(slot, order);
    }
    Ok(open)
}

type Became<'a> = (&'a [u8], BTreeMap<u8, (u16, u16)>);

fn became(state: &[u8]) -> Result<Became<'_>, PageError> {
    if state.is_empty() {
        return Ok((&[], BTreeMap::new()));
    }
    let (done, partials) =
        state.split_at_checked(BITMAP).ok_or(damaged("state is shorter than its bitmap"))?;
    let mut used = BTreeMap::new();
    for partial in partials.chunks(PARTIAL) {
        let [slot, b0, b1, i0, i1] = *partial else { return Err(damaged("state is cut off")) };
        used.insert(slot, (u16::from_be_bytes([b0, b1]), u16::from_be_bytes([i0, i1])));
    }
    Ok((done, used))
}

fn is_done(done: &[u8], slot: u8) -> bool {
    done.get(usize::from(slot / 8)).is_some_and(|byte| byte & (1 << (slot % 8)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(count: u16) -> Vec<u8> {
        let header = OrderPageHeader { epoch: 7, bond: 0, count, version: ORDER_PAGE_VERSION };
        let mut records = Vec::new();
        for device in 1..=u32::from(count) {
            let offer = OfferRecord {
                device,
                batch: 5,
                instant: 3,
                not_after: 99,
                ..OfferRecord::default()
            };
            records.extend(offer.encode());
        }
        header.page(&records).unwrap()
    }

    #[test]
    fn an_untouched_page_is_open_in_every_slot() {
        let open = open_orders(Side::Offer, &page(3), &[]).unwrap();
        assert_eq!(open.len(), 3);
        assert_eq!((open[&2].device.0, open[&2].epoch, open[&2].batch), (3, 7, 5));
    }

    #[test]
    fn done_slots_are_gone_and_used_lots_are_taken_off() {
        let mut state = vec![0; BITMAP];
        state[1] = 0b10;
        state.extend([4, 0, 2, 0, 3]);
        let open = open_orders(Side::Offer, &page(12), &state).unwrap();
        assert_eq!(open.len(), 11);
        assert!(!open.contains_key(&9));
        assert_eq!((open[&4].batch, open[&4].instant), (3, 0));
        state.extend([5, 0, 6, 0, 0]);
        assert!(open_orders(Side::Offer, &page(12), &state).is_err());
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let mut bytes = page(1);
        bytes[15] = 3;
        let refused = open_orders(Side::Offer, &bytes, &[]).unwrap_err();
        assert_eq!(refused, PageError::Version { found: 3 });
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(page: Vec<u8>, state: Vec<u8>) {
            let _ = open_orders(Side::Demand, &page, &state);
        }
    }
}
