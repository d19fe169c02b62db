//! Pairs that stay together: only partners change, nobody who is together is parted, nobody is paired who is to be kept
//! apart.

use crate::books::{any_book, check, demand, id, offer, simple};
use caplet_clearing::{Book, Fill, keep_apart, keep_together, solve};
use caplet_protocol::{DeviceId, Lots, OrderId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Pairs = BTreeSet<(DeviceId, DeviceId)>;

fn pair(book: &Book, fill: &Fill) -> (DeviceId, DeviceId) {
    (offer(book, fill.offer).device, demand(book, fill.demand).device)
}

/// Lots of divisible demands in pairs of a kind.
fn lots(book: &Book, fills: &[Fill], of: impl Fn(&(DeviceId, DeviceId)) -> bool) -> u64 {
    let divisible = fills.iter().filter(|fill| !demand(book, fill.demand).is_whole());
    divisible.filter(|fill| of(&pair(book, fill))).map(|fill| u64::from(fill.lots.0)).sum()
}

fn totals(fills: &[Fill]) -> (BTreeMap<OrderId, u32>, BTreeMap<OrderId, u32>) {
    let (mut offers, mut demands) = (BTreeMap::new(), BTreeMap::new());
    for fill in fills {
        *offers.entry(fill.offer).or_default() += u32::from(fill.lots.0);
        *demands.entry(fill.demand).or_default() += u32::from(fill.lots.0);
    }
    (offers, demands)
}

/// Pairs of the devices that random books have.
fn pairs() -> impl Strategy<Value = Pairs> {
    let pair = (0..5u32, 100..105u32).prop_map(|(one, other)| (DeviceId(one), DeviceId(other)));
    prop::collection::btree_set(pair, 0..8)
}

fn never(_: DeviceId, _: DeviceId) -> bool {
    false
}

#[test]
fn partners_of_before_find_each_other_again() {
    let book = simple(1, &[(1, 2), (1, 2)], &[(9, 2), (9, 2)]);
    let fills = solve(&book).unwrap().fills;
    let crossed = Pairs::from([(DeviceId(1), DeviceId(1001)), (DeviceId(2), DeviceId(1000))]);
    assert_eq!(lots(&book, &fills, |pair| crossed.contains(pair)), 0, "{fills:?}");
    let mut paired = fills.clone();
    keep_together(&book, &mut paired, &crossed, never);
    assert_eq!(lots(&book, &paired, |pair| crossed.contains(pair)), 4, "{paired:?}");
    // one of them alone draws the other along
    let one = Pairs::from([(DeviceId(1), DeviceId(1001))]);
    let mut alone = fills.clone();
    keep_together(&book, &mut alone, &one, never);
    assert_eq!(alone, paired);
    assert_eq!(check(&book, &paired, &solve(&book).unwrap().prices).unwrap().lots, 4);
    // a pair that is to be kept apart is not brought together, nor made on the way
    for apart in [(DeviceId(1), DeviceId(1001)), (DeviceId(2), DeviceId(1000))] {
        let mut left = fills.clone();
        keep_together(&book, &mut left, &one, |provider, consumer| (provider, consumer) == apart);
        assert_eq!(left, fills, "{apart:?}");
    }
}

#[test]
fn lots_of_several_orders_come_together_as_far_as_there_are_any() {
    // the first offer serves the first demand, the second both
    let book = simple(1, &[(1, 3), (1, 5)], &[(9, 4), (9, 4)]);
    let mut fills = solve(&book).unwrap().fills;
    let wanted = Pairs::from([(DeviceId(1), DeviceId(1001))]);
    keep_together(&book, &mut fills, &wanted, never);
    let fill =
        |offer, demand, lots| Fill { offer: id(offer), demand: id(demand), lots: Lots(lots) };
    assert_eq!(fills, [fill(0, 1, 3), fill(1, 0, 4), fill(1, 1, 1)]);
}

proptest! {
    #[test]
    fn only_partners_change_and_no_pair_of_before_is_parted(
        book in any_book(), together in pairs(), avoided in pairs(),
    ) {
        let clearing = solve(&book).unwrap();
        let apart = |provider, consumer| avoided.contains(&(provider, consumer));
        let mut before = clearing.fills.clone();
        let left = keep_apart(&book, &mut before, apart);
        let mut fills = before.clone();
        keep_together(&book, &mut fills, &together, apart);
        prop_assert_eq!(totals(&fills), totals(&clearing.fills));
        prop_assert!(lots(&book, &fills, |pair| avoided.contains(pair)) <= left);
        let wanted = |pair: &(DeviceId, DeviceId)| together.contains(pair) && !avoided.contains(pair);
        prop_assert!(lots(&book, &fills, wanted) >= lots(&book, &before, wanted));
        let verified = |fills: &[Fill]| check(&book, fills, &clearing.prices).unwrap();
        let (one, other) = (verified(&clearing.fills), verified(&fills));
        prop_assert_eq!((one.welfare, one.prices), (other.welfare, other.prices));
        // where nobody is kept apart, all that can be brought together is
        keep_together(&book, &mut before, &together, never);
        let mut again = before.clone();
        keep_together(&book, &mut again, &together, never);
        prop_assert_eq!(again, before);
    }
}
