//! Pairs that are kept apart: only partners change, and as many lots as can be are kept apart.

use crate::books::any_book;
use caplet_clearing::{Book, Fill, keep_apart, solve, verify};
use caplet_protocol::{DeviceId, OrderId};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A rule that keeps about one pair in `rarity` apart.
fn rule(seed: u32, rarity: u32) -> impl Fn(DeviceId, DeviceId) -> bool + Copy {
    move |provider: DeviceId, consumer: DeviceId| {
        let mixed =
            (provider.0 ^ seed).wrapping_mul(0x9E37_79B1) ^ consumer.0.wrapping_mul(0x85EB_CA6B);
        (mixed >> 7).is_multiple_of(rarity)
    }
}

type Totals = (BTreeMap<OrderId, u32>, BTreeMap<OrderId, u32>);

fn totals(fills: &[Fill]) -> Totals {
    let (mut offers, mut demands) = Totals::default();
    for fill in fills {
        *offers.entry(fill.offer).or_default() += u32::from(fill.lots.0);
        *demands.entry(fill.demand).or_default() += u32::from(fill.lots.0);
    }
    (offers, demands)
}

fn device(book: &Book, fill: &Fill) -> (DeviceId, DeviceId) {
    let offer = book.offers.iter().find(|offer| offer.id == fill.offer).unwrap();
    let demand = book.demands.iter().find(|demand| demand.id == fill.demand).unwrap();
    (offer.device, demand.device)
}

/// Lots of divisible demands in pairs that a rule keeps apart.
fn wrong(book: &Book, fills: &[Fill], apart: impl Fn(DeviceId, DeviceId) -> bool) -> u64 {
    let whole = |fill: &Fill| {
        book.demands.iter().any(|demand| demand.id == fill.demand && demand.is_whole())
    };
    let wrong = fills.iter().filter(|fill| {
        let (provider, consumer) = device(book, fill);
        !whole(fill) && apart(provider, consumer)
    });
    wrong.map(|fill| u64::from(fill.lots.0)).sum()
}

/// The least lots in wrong pairs that any pairing has, class by class: all lots less a maximum flow over the others,
/// found by another algorithm (depth-first, a lot at a time).
fn least_wrong(book: &Book, fills: &[Fill], apart: impl Fn(DeviceId, DeviceId) -> bool) -> u64 {
    let class = |fill: &Fill| book.offers.iter().find(|o| o.id == fill.offer).unwrap().class;
    let whole = |fill: &Fill| book.demands.iter().any(|d| d.id == fill.demand && d.is_whole());
    let mut by_class: BTreeMap<_, Vec<Fill>> = BTreeMap::new();
    for fill in fills.iter().filter(|fill| !whole(fill)) {
        by_class.entry(class(fill)).or_default().push(*fill);
    }
    let mut least = 0;
    for fills in by_class.values() {
        let (mut givers, mut takers) = (Vec::new(), Vec::new());
        for fill in fills {
            let (provider, consumer) = device(book, fill);
            for _ in 0..fill.lots.0 {
                givers.push(provider);
                takers.push(consumer);
            }
        }
        let mut partner: Vec<Option<usize>> = vec![None; takers.len()];
        for giver in 0..givers.len() {
            let mut seen = vec![false; takers.len()];
            match_lot(giver, &givers, &takers, &mut partner, &mut seen, &apart);
        }
        least += partner.iter().filter(|partner| partner.is_none()).count() as u64;
    }
    least
}

fn match_lot(
    giver: usize,
    givers: &[DeviceId],
    takers: &[DeviceId],
    partner: &mut [Option<usize>],
    seen: &mut [bool],
    apart: &impl Fn(DeviceId, DeviceId) -> bool,
) -> bool {
    for taker in 0..takers.len() {
        if seen[taker] || apart(givers[giver], takers[taker]) {
            continue;
        }
        seen[taker] = true;
        let free = match partner[taker] {
            None => true,
            Some(other) => match_lot(other, givers, takers, partner, seen, apart),
        };
        if free {
            partner[taker] = Some(giver);
            return true;
        }
    }
    false
}

proptest! {
    #[test]
    fn only_partners_change_and_the_certificate_accepts_it(book in any_book(), seed: u32, rarity in 2u32..9) {
        let clearing = solve(&book).unwrap();
        let mut fills = clearing.fills.clone();
        let apart = rule(seed, rarity);
        keep_apart(&book, &mut fills, apart);
        prop_assert_eq!(totals(&fills), totals(&clearing.fills));
        let (mut offers, mut demands) = (book.offers.clone(), book.demands.clone());
        offers.sort_by_key(|offer| offer.id);
        demands.sort_by_key(|demand| demand.id);
        let check = |fills: &[Fill]| {
            verify(book.terms(), offers.clone(), demands.clone(), fills, &clearing.prices).unwrap()
        };
        let (before, after) = (check(&clearing.fills), check(&fills));
        prop_assert_eq!((before.welfare, before.prices), (after.welfare, after.prices));
    }

    #[test]
    fn no_pairing_keeps_more_lots_apart(book in any_book(), seed: u32, rarity in 2u32..9) {
        let clearing = solve(&book).unwrap();
        let mut fills = clearing.fills.clone();
        let apart = rule(seed, rarity);
        let left = keep_apart(&book, &mut fills, apart);
        prop_assert_eq!(left, wrong(&book, &fills, apart));
        prop_assert_eq!(left, least_wrong(&book, &clearing.fills, apart));
    }

    #[test]
    fn who_has_nobody_to_avoid_stays_with_its_partner(book in any_book(), seed: u32) {
        let clearing = solve(&book).unwrap();
        let mut fills = clearing.fills.clone();
        prop_assert_eq!(keep_apart(&book, &mut fills, |_, _| false), 0);
        prop_assert_eq!(&fills, &clearing.fills);
        // one pair that is not there changes nothing either
        let pairs: Vec<_> = clearing.fills.iter().map(|fill| device(&book, fill)).collect();
        let other = (DeviceId(seed | 1 << 31), DeviceId(seed));
        keep_apart(&book, &mut fills, |a, b| (a, b) == other && !pairs.contains(&(a, b)));
        prop_assert_eq!(&fills, &clearing.fills);
    }
}
