//! What must hold of every clearing.

use crate::books::{any_book, check, class, cleared, demand, id, offer, simple};
use caplet_clearing::{Book, ClassIndex, Offer, paid, solve};
use caplet_protocol::{DeviceId, Lots, Tick};
use proptest::prelude::*;

/// Who pays whom how much a lot, cost aside.
fn each_fill_pays_between_ask_and_limit(book: &Book, prices: &[Option<u64>]) {
    for fill in &cleared(book).0.fills {
        let (o, d) = (offer(book, fill.offer), demand(book, fill.demand));
        let paid = paid(&book.market, &o, &d, prices).unwrap();
        let cost = book.terms().cost(o.class, d.vector).unwrap();
        assert!(book.market.price(o.ask) <= paid && paid + cost <= book.market.price(d.limit));
    }
}

#[test]
fn the_price_is_the_midpoint_rounded_down() {
    let (_, verified) = cleared(&simple(1, &[(2, 1)], &[(5, 1)]));
    assert_eq!((verified.low, verified.high), (vec![Some(2)], vec![Some(5)]));
    assert_eq!(verified.prices, [Some(3)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_clearing_is_the_same_however_the_book_is_sorted(
        (book, shuffled) in any_book().prop_flat_map(|book| {
            let (offers, demands) = (book.offers.clone(), book.demands.clone());
            (Just(book), Just(offers).prop_shuffle(), Just(demands).prop_shuffle())
        }).prop_map(|(book, offers, demands)| (book.clone(), Book { offers, demands, ..book })),
    ) {
        prop_assert_eq!(solve(&book).unwrap(), solve(&book).unwrap());
        prop_assert_eq!(solve(&book).unwrap(), solve(&shuffled).unwrap());
    }

    #[test]
    fn no_order_gives_or_gets_more_than_it_has(book in any_book()) {
        let (clearing, verified) = cleared(&book);
        for o in &book.offers {
            let sold = clearing.fills.iter().filter(|f| f.offer == o.id);
            prop_assert!(sold.map(|f| u32::from(f.lots.0)).sum::<u32>() <= u32::from(o.lots.0));
        }
        for d in &book.demands {
            let bought = clearing.fills.iter().filter(|f| f.demand == d.id);
            prop_assert!(bought.map(|f| u32::from(f.lots.0)).sum::<u32>() <= u32::from(d.lots.0));
        }
        let lots: u64 = clearing.fills.iter().map(|f| u64::from(f.lots.0)).sum();
        prop_assert_eq!(lots, verified.lots);
    }

    #[test]
    fn both_sides_of_every_fill_are_within_what_they_said(book in any_book()) {
        let (clearing, verified) = cleared(&book);
        for prices in [&clearing.prices, &verified.low, &verified.high, &verified.prices] {
            each_fill_pays_between_ask_and_limit(&book, prices);
        }
    }

    #[test]
    fn the_midpoint_and_both_extremes_are_witnesses_too(book in any_book()) {
        let (clearing, verified) = cleared(&book);
        for prices in [&verified.low, &verified.high, &verified.prices] {
            let again = check(&book, &clearing.fills, prices);
            prop_assert_eq!(again.as_ref(), Ok(&verified));
        }
    }

    #[test]
    fn a_better_class_is_never_cheaper_than_a_lesser_one(book in any_book()) {
        let (_, verified) = cleared(&book);
        for (a, better) in book.terms().live() {
            for (b, lesser) in book.terms().live().filter(|(_, c)| better.dominates(c)) {
                for p in [&verified.low, &verified.high, &verified.prices] {
                    if let (Some(pa), Some(pb)) = (p[a.at()], p[b.at()]) {
                        prop_assert!(pa >= pb, "{better:?} at {pa}, {lesser:?} at {pb}");
                    }
                }
            }
        }
    }

    #[test]
    fn only_classes_with_offers_have_a_price(book in any_book()) {
        let (clearing, verified) = cleared(&book);
        for class in 0..book.classes.len() {
            let offered = book.offers.iter().any(|o| o.class.at() == class);
            for prices in [&clearing.prices, &verified.low, &verified.high, &verified.prices] {
                prop_assert_eq!(prices[class].is_some(), offered);
            }
        }
    }

    #[test]
    fn adding_an_offer_that_is_never_chosen_changes_no_ranking(
        book in any_book(), extra in class(), lots in 1..5u16,
    ) {
        // too dear for every demand, in a class of its own
        let mut larger = book.clone();
        larger.classes.push(Some(extra));
        larger.offers.push(Offer {
            id: id(1_000),
            device: DeviceId(77),
            class: ClassIndex(book.classes.len() as u16),
            ask: Tick(40_000),
            lots: Lots(lots),
        });
        let (before, after) = (solve(&book).unwrap(), solve(&larger).unwrap());
        prop_assert_eq!(before.fills, after.fills);
        prop_assert_eq!(before.welfare, after.welfare);
    }

    #[test]
    fn no_clearing_of_equal_welfare_has_more_lots(book in any_book()) {
        // raising every limit of a divisible demand by less than anything is worth (a doubled scale and
        // one base unit) adds one a lot: were more lots possible at equal welfare, this would show it
        let (clearing, _) = cleared(&book);
        let divisible: u64 = clearing.fills.iter()
            .filter(|f| !demand(&book, f.demand).is_whole())
            .map(|f| u64::from(f.lots.0)).sum();
        let scale = 1 + book.demands.iter().map(|d| u64::from(d.lots.0)).sum::<u64>();
        let mut finer = book.clone();
        finer.market.tick_size *= scale;
        finer.market.fee_per_lot *= scale;
        // rounding of c is by tick, so compare only where it is exact
        let same = book.terms().live().all(|(c, _)| (0..book.vectors.len() as u16).all(|v| {
            let v = caplet_protocol::VectorId(v);
            book.terms().cost(c, v).map(|c| c * scale) == finer.terms().cost(c, v)
        }));
        if same && book.market.fee_per_lot > 0 {
            finer.market.fee_per_lot -= 1;
            let sweet = solve(&finer).unwrap().welfare;
            prop_assert_eq!(sweet, clearing.welfare * i128::from(scale) + i128::from(divisible));
        }
    }
}
