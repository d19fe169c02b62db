//! Books for benchmarks.

use caplet_clearing::{Incremental, solve};
use caplet_simulation::Random;
use caplet_simulation::books::{MARKET, Shape, book, change_a_hundredth};

const SMALL: Shape = Shape { offers: 900, demands: 200, ..MARKET };

#[test]
fn a_seed_gives_one_book_which_hangs_together_and_trades() {
    let first = book(SMALL, 3);
    assert_eq!(first, book(SMALL, 3));
    assert_ne!(first, book(SMALL, 4));
    assert_eq!((first.classes.len(), first.offers.len(), first.demands.len()), (64, 900, 200));
    assert!(!solve(&first).unwrap().fills.is_empty());
}

#[test]
fn changes_told_one_by_one_and_the_changed_book_are_the_same() {
    let mut book = book(SMALL, 3);
    let (before, mut random) = (book.clone(), Random::new(7));
    let mut kept = Incremental::new(before.clone()).unwrap();
    let changes = change_a_hundredth(&mut book, SMALL.ticks, &mut random);
    assert_eq!(changes.len(), 11);
    assert_ne!(book, before);
    changes.into_iter().for_each(|change| kept.apply(change).unwrap());
    assert_eq!(kept.clear().fills, solve(&book).unwrap().fills);
}
