//! Pages to the byte, and against a list.
#![allow(clippy::arithmetic_side_effects)] // lots of a few orders

use super::*;
use crate::book::Pages;
use caplet_api::layout::ORDER_PAGE_VERSION;
use caplet_protocol::{DeviceId, Tick, layout::OrderFlags};
use cosmwasm_std::testing::MockStorage;
use proptest::prelude::*;

const MARKET: MarketId = MarketId(3);

fn order(lanes: Lanes) -> Order {
    Order {
        on_ledger: false,
        traded: false,
        side: Side::Offer,
        id: OrderId::default(),
        device: DeviceId(0x0102_0304),
        tick: Tick(0x0506),
        group: 7,
        flags: OrderFlags(4),
        by_owner: true,
        left: lanes,
        not_after: 0x0708_090A,
        epoch: 9,
        bond: 0,
    }
}

fn write(storage: &mut MockStorage, lanes: &[Lanes]) {
    let orders: Vec<Order> = lanes.iter().map(|lanes| order(*lanes)).collect();
    Pages::new(MARKET, Side::Offer).write(storage, 5, 9, 0, &orders).unwrap();
}

#[test]
fn pages_are_as_documented_to_the_byte() {
    let mut storage = MockStorage::new();
    write(&mut storage, &[Lanes { batch: 258, instant: 1 }; 10]);
    let page = storage.get(&order_page_key(MARKET, Side::Offer, 5)).unwrap();
    let record = [1, 2, 3, 4, 7, 0x84, 5, 6, 1, 2, 0, 1, 7, 8, 9, 10];
    assert_eq!(page[..16], [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 2]);
    // ten records; each byte of them stands ten times, a column after the other
    assert_eq!(page[16], 9);
    assert_eq!(page[17..], record.map(|byte| [247, byte]).concat());
    assert_eq!(OrderPageHeader::read(&page).unwrap().1, record.repeat(10));
    let mut pages = Pages::new(MARKET, Side::Offer);
    let held = pages.held(&storage, 5).unwrap();
    held.end(9);
    assert!(!held.take(1, Lanes { batch: 257, instant: 0 }).unwrap());
    pages.flush(&mut storage);
    let state = storage.get(&order_state_key(MARKET, Side::Offer, 5)).unwrap();
    assert_eq!(state[..2], [0, 2]);
    assert_eq!(state[2..32], [0; 30]);
    assert_eq!(state[32..], [1, 1, 1, 0, 0]);
}

#[test]
fn what_is_damaged_is_an_error_and_never_an_empty_page() {
    let header = |version| OrderPageHeader { epoch: 0, bond: 0, count: 1, version };
    let whole = |version| [header(version).encode().to_vec(), vec![1; WIDTH]].concat();
    let small = header(ORDER_PAGE_VERSION).page(&[1; WIDTH]).unwrap();
    for (bytes, state) in [
        (whole(1)[..9].to_vec(), vec![]),
        (whole(7), vec![]),
        (whole(1), vec![0; 31]),
        (whole(1), vec![0; 35]),
        (whole(1)[..31].to_vec(), vec![]),
        (small[..16].to_vec(), vec![]),
        (header(ORDER_PAGE_VERSION).page(&[1; 32]).unwrap(), vec![]),
    ] {
        assert!(Page::decode(Side::Offer, 0, &bytes, &state).is_err());
    }
    for bytes in [whole(1), small] {
        assert!(Page::decode(Side::Offer, 0, &bytes, &[]).is_ok());
    }
}

proptest! {
    #[test]
    fn a_page_is_what_a_list_of_lots_would_be(
        mut model in prop::collection::vec((0u16..4, 0u16..4), 1..20),
        steps in prop::collection::vec((0usize..20, 0u16..3, 0u16..3, any::<bool>()), 0..60),
    ) {
        model.iter_mut().for_each(|lots| lots.0 += u16::from(*lots == (0, 0)));
        let mut storage = MockStorage::new();
        let lanes = |&(batch, instant): &(u16, u16)| Lanes { batch, instant };
        write(&mut storage, &model.iter().map(lanes).collect::<Vec<_>>());
        for (slot, batch, instant, end) in steps {
            let Some(left) = model.get_mut(slot).filter(|left| **left != (0, 0)) else { continue };
            let mut pages = Pages::new(MARKET, Side::Offer);
            let page = pages.held(&storage, 5).unwrap();
            let at = u8::try_from(slot).unwrap();
            if end {
                page.end(at);
                *left = (0, 0);
            } else if batch <= left.0 && instant <= left.1 {
                *left = (left.0 - batch, left.1 - instant);
                prop_assert_eq!(page.take(at, Lanes { batch, instant }).unwrap(), *left == (0, 0));
            } else {
                let taken = page.take(at, Lanes { batch, instant });
                prop_assert!(taken.is_err());
            }
            pages.flush(&mut storage);
        }
        let mut pages = Pages::new(MARKET, Side::Offer);
        let open: Vec<(u8, Lanes)> = match pages.get(&storage, 5).unwrap() {
            Some(page) => page.open().map(|order| order.map(|o| (o.id.slot, o.left)).unwrap()).collect(),
            None => Vec::new(),
        };
        let wanted: Vec<(u8, Lanes)> =
            (0..).zip(&model).filter(|(_, left)| **left != (0, 0)).map(|(at, l)| (at, lanes(l))).collect();
        prop_assert_eq!(storage.get(&order_page_key(MARKET, Side::Offer, 5)).is_none(), wanted.is_empty());
        prop_assert_eq!(open, wanted);
    }
}
