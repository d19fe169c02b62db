//! The tie-break of `docs/adr/0002-canonical-clearing.md`, against all optimal clearings of small books.

use crate::{
    books::{SMALL, Shape, book, cleared, demand, offer, simple},
    search::optimal_fills,
};
use caplet_clearing::{Book, Class, ClassIndex, Fill};
use caplet_protocol::{OrderId, Tick, VectorId};
use proptest::prelude::*;
use std::{cmp::Reverse, collections::BTreeMap};

/// What is least in the canonical clearing: minus the lots, the oldest ids of the buckets they are of, and
/// the hashes of their routes.
fn rank(book: &Book, fills: &[Fill]) -> (Reverse<u64>, u64, u128) {
    let oldest_offer = |f: &Fill| {
        let of = offer(book, f.offer);
        let bucket = book.offers.iter().filter(|o| (o.class, o.ask) == (of.class, of.ask));
        bucket.map(|o| o.id.to_u64()).min().unwrap()
    };
    let oldest_demand = |f: &Fill| {
        let of = demand(book, f.demand);
        let bucket = book.demands.iter().filter(|d| (d.vector, d.limit) == (of.vector, of.limit));
        bucket.map(|d| d.id.to_u64()).min().unwrap()
    };
    let hash =
        |f: &Fill| u128::from(hash(offer(book, f.offer).class, demand(book, f.demand).vector));
    let sum = |of: &dyn Fn(&Fill) -> u64| fills.iter().map(|f| u64::from(f.lots.0) * of(f)).sum();
    let hashes = fills.iter().map(|f| u128::from(f.lots.0) * hash(f)).sum();
    (Reverse(sum(&|_| 1)), sum(&|f| oldest_offer(f) + oldest_demand(f)), hashes)
}

/// The upper 40 bits of SplitMix64's finaliser over class and vector, one step from zero.
fn hash(class: ClassIndex, vector: VectorId) -> u64 {
    let mut z = (u64::from(class.0) << 16) + u64::from(vector.0);
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) >> 24
}

#[test]
fn the_hash_is_that_of_the_published_generator() {
    // first outputs of SplitMix64 from seed 0
    assert_eq!(hash(ClassIndex(0), VectorId(0)), 0xE220_A839_7B1D_CDAF >> 24);
}

#[test]
fn of_two_classes_that_are_equal_the_older_order_sells() {
    for older in [0, 1] {
        let mut book = simple(10, &[(2, 1), (2, 1)], &[(5, 1)]);
        book.classes.push(Some(Class { tags: 1, ..book.classes[0].unwrap() }));
        book.offers[1 - older].class = ClassIndex(1);
        book.offers.swap(0, older); // whichever class it is in
        let (clearing, _) = cleared(&book);
        assert_eq!(clearing.fills[0].offer, OrderId { page: 0, slot: 0 });
    }
}

#[test]
fn more_lots_come_before_older_orders() {
    // one lot at limit 3: no surplus either way, but the old offer of two lots is no better than the new
    let mut book = simple(10, &[(3, 1), (2, 2)], &[(3, 1), (2, 2)]);
    book.demands[1].limit = Tick(2);
    let (_, verified) = cleared(&book);
    assert_eq!((verified.welfare, verified.lots), (10, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_optimal_clearing_ranks_before_the_canonical_one(
        book in book(Shape { ticks: 3, tick_size: 1, offers: 5, demands: 5, ..SMALL }),
    ) {
        let (clearing, _) = cleared(&book);
        let (all, complete) = optimal_fills(&book, clearing.welfare, usize::MAX);
        let least = rank(&book, &clearing.fills);
        let found = all.iter().map(|fills| rank(&book, fills)).min();
        prop_assert!(found.is_none_or(|found| least <= found));
        // where the search gave up, the canonical one may be among those that it has not seen
        prop_assert!(!complete || found == Some(least));
        // and it is the only one that ranks so, up to who is dealt to whom within routes
        let routes = |fills: &[Fill]| {
            let mut routes = BTreeMap::new();
            for f in fills {
                let route = (offer(&book, f.offer).class, demand(&book, f.demand).vector);
                *routes.entry(route).or_insert(0) += f.lots.0;
            }
            routes
        };
        let equals = all.iter().filter(|fills| rank(&book, fills) == least);
        for other in equals {
            prop_assert_eq!(routes(other), routes(&clearing.fills));
        }
    }
}
