//! Demands that take all their lots or none.

use crate::books::{SHAPES, book, check, cleared, demand, id, simple};
use caplet_clearing::{Book, Fill, Reject};
use caplet_protocol::{Lots, Tick};
use proptest::prelude::*;

fn fill(offer: usize, demand: usize, lots: u16) -> Fill {
    Fill { offer: id(offer), demand: id(demand), lots: Lots(lots) }
}

/// The demands at these places take all or none.
fn whole(mut book: Book, at: &[usize]) -> Book {
    at.iter().for_each(|&i| book.demands[i].all_or_nothing = true);
    book
}

#[test]
fn it_fills_from_the_rest_at_each_offers_ask() {
    let book = whole(simple(10, &[(1, 2), (3, 2), (4, 2)], &[(9, 1), (5, 4)]), &[1]);
    let (clearing, verified) = cleared(&book);
    assert_eq!(clearing.fills, [fill(0, 0, 1), fill(0, 1, 1), fill(1, 1, 2), fill(2, 1, 1)]);
    // the certified book is the one lot at limit 90; the rest of offer 0 stays and holds the price at 10
    assert_eq!((verified.welfare, verified.lots, verified.prices), (80, 5, vec![Some(10)]));
    let (o, d) = (book.offers[2], book.demands[1]);
    assert_eq!(caplet_clearing::paid(&book.market, &o, &d, &[Some(10)]), Some(40));
}

#[test]
fn it_fills_not_at_all_when_the_rest_is_too_small_or_too_dear() {
    assert_eq!(cleared(&whole(simple(1, &[(1, 3)], &[(9, 4)]), &[0])).0.fills, []);
    assert_eq!(cleared(&whole(simple(1, &[(1, 2), (8, 2)], &[(7, 4)]), &[0])).0.fills, []);
}

#[test]
fn a_single_lot_cannot_be_divided_so_it_is_certified() {
    let (clearing, verified) = cleared(&whole(simple(1, &[(1, 3)], &[(9, 1)]), &[0]));
    assert_eq!((clearing.fills, verified.welfare), (vec![fill(0, 0, 1)], 8));
}

#[test]
fn the_higher_limit_goes_first_then_the_older() {
    let book = whole(simple(1, &[(1, 4)], &[(5, 3), (6, 3), (6, 3)]), &[0, 1, 2]);
    assert_eq!(cleared(&book).0.fills, [fill(0, 1, 3)]);
}

#[test]
fn a_part_of_it_is_refused() {
    let book = whole(simple(10, &[(1, 4)], &[(5, 3)]), &[0]);
    let split = check(&book, &[fill(0, 0, 2)], &[Some(10)]).unwrap_err();
    assert_eq!(split, Reject::Split { demand: id(0), filled: 2, lots: 3 });
    // leaving it out is no fault: it is outside the certificate
    check(&book, &[], &[Some(10)]).unwrap();
}

#[test]
fn its_limit_bounds_the_ask_not_the_class_price() {
    let mut book = whole(simple(10, &[(4, 3)], &[(3, 3)]), &[0]);
    let dear = check(&book, &[fill(0, 0, 3)], &[Some(40)]).unwrap_err();
    let (offer, demand) = (id(0), id(0));
    assert_eq!(dear, Reject::AboveLimit { offer, demand, paid: 40, cost: 0, limit: 30 });
    book.demands[0].limit = Tick(4);
    check(&book, &[fill(0, 0, 3)], &[Some(40)]).unwrap();
}

proptest! {
    #[test]
    fn each_is_filled_wholly_or_not_at_all(book in book(SHAPES[6])) {
        let (clearing, _) = cleared(&book);
        for d in book.demands.iter().filter(|d| d.is_whole()) {
            let filled: u16 =
                clearing.fills.iter().filter(|f| f.demand == d.id).map(|f| f.lots.0).sum();
            prop_assert!(filled == 0 || filled == d.lots.0);
        }
    }

    #[test]
    fn they_change_neither_the_certified_fills_nor_the_prices(book in book(SHAPES[6])) {
        let (clearing, verified) = cleared(&book);
        let mut without = book.clone();
        without.demands.retain(|d| !d.is_whole());
        let (alone, verified_alone) = cleared(&without);
        let certified: Vec<_> =
            clearing.fills.iter().filter(|f| !demand(&book, f.demand).is_whole()).copied().collect();
        prop_assert_eq!(certified, alone.fills);
        prop_assert_eq!(verified.prices, verified_alone.prices);
    }
}
