//! Clearing again after small changes, and several markets at a time.

use crate::books::{Shape, any_book, book, id, vector};
use caplet_clearing::{
    Book, BookError, Change, ChangeError, ClassIndex, Demand, Following, Incremental, Offer, solve,
    solve_many,
};
use caplet_protocol::{DeviceId, Lots, Tick, VectorId};
use proptest::{collection::vec, prelude::*};

/// Puts an order in a list, or takes it out when it has no lots.
fn put<T: Copy>(list: &mut Vec<T>, order: T, same: impl Fn(&T) -> bool, stays: bool) {
    list.retain(|old| !same(old));
    if stays {
        list.push(order);
    }
}

/// The plain way to the same book.
fn apply(book: &mut Book, change: Change) {
    match change {
        Change::Offer(o) => put(&mut book.offers, o, |old| old.id == o.id, o.lots.0 > 0),
        Change::Demand(d) => put(&mut book.demands, d, |old| old.id == d.id, d.lots.0 > 0),
        Change::Vector(at, v) if usize::from(at.0) == book.vectors.len() => book.vectors.push(v),
        Change::Vector(at, v) => book.vectors[usize::from(at.0)] = v,
    }
}

fn change() -> impl Strategy<Value = (bool, usize, u16, u16, u16, bool)> {
    (any::<bool>(), 0..30usize, any::<u16>(), 0..12u16, 0..4u16, any::<bool>())
}

/// None where the book has nothing such an order could name: rounds may take its last vector.
fn made(
    (offers, at, of, tick, lots, whole): (bool, usize, u16, u16, u16, bool),
    book: &Book,
) -> Option<Change> {
    if offers {
        let class = ClassIndex(of.checked_rem(book.classes.len() as u16)?);
        let device = DeviceId(at as u32);
        Some(Change::Offer(Offer { id: id(at), device, class, ask: Tick(tick), lots: Lots(lots) }))
    } else {
        Some(Change::Demand(Demand {
            id: id(at),
            device: DeviceId(100 + at as u32),
            vector: VectorId(of.checked_rem(book.vectors.len() as u16)?),
            limit: Tick(tick),
            lots: Lots(lots),
            all_or_nothing: whole,
        }))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn after_any_changes_it_clears_what_a_fresh_solver_clears(
        first in any_book(), rounds in vec((vec(change(), 0..8), proptest::option::of(vector())), 1..5),
    ) {
        let mut plain = first.clone();
        let mut kept = Incremental::new(first).unwrap();
        prop_assert_eq!(kept.clear(), solve(&plain).unwrap());
        for (changes, new) in rounds {
            if let Some(new) = new {
                let change = Change::Vector(VectorId(plain.vectors.len() as u16), new);
                kept.apply(change).unwrap();
                apply(&mut plain, change);
            }
            for change in changes {
                let Some(change) = made(change, &plain) else { continue };
                match kept.apply(change) {
                    Ok(()) => apply(&mut plain, change),
                    Err(e) => {
                        let no_class = matches!(e, ChangeError::Book(BookError::Class { .. }));
                        prop_assert!(no_class, "{}", e);
                    }
                }
            }
            let (again, fresh) = (kept.clear(), solve(&plain).unwrap());
            prop_assert_eq!(&again.fills, &fresh.fills);
            prop_assert_eq!(again.welfare, fresh.welfare);
            // the witness is any supporting prices: the certificate takes these too
            crate::books::check(&plain, &again.fills, &again.prices).unwrap();
        }
    }

    #[test]
    fn whole_books_one_after_another_clear_as_each_does_alone(
        first in any_book(), rounds in vec((vec(change(), 0..8), vec((any::<prop::sample::Index>(), vector()), 0..3), 0..9usize), 1..6),
        other in any_book(),
    ) {
        let mut following = Following::default();
        let mut book = first.clone();
        for (changes, vectors, drop) in rounds {
            let cleared = following.clear(book.clone()).unwrap();
            let fresh = solve(&book).unwrap();
            prop_assert_eq!(&cleared.fills, &fresh.fills);
            prop_assert_eq!(cleared.welfare, fresh.welfare);
            crate::books::check(&book, &cleared.fills, &cleared.prices).unwrap();
            for change in changes {
                let Some(change) = made(change, &book) else { continue };
                let class = match change {
                    Change::Offer(offer) => book.classes[offer.class.at()].is_some(),
                    _ => true,
                };
                if class {
                    apply(&mut book, change);
                }
            }
            // numbers get other vectors while demands have them, come, and go
            for (at, vector) in vectors {
                let count = book.vectors.len();
                match at.index(count + 1) {
                    new if new == count => book.vectors.push(vector),
                    old => book.vectors[old] = vector,
                }
            }
            match drop {
                0 => book.demands.clear(),
                1 => book.offers.clear(),
                2 if book.demands.iter().all(|d| usize::from(d.vector.0) + 1 < book.vectors.len()) => {
                    book.vectors.pop();
                }
                3 => book = other.clone(),
                4 => book.market.fee_per_lot += 1,
                _ => {}
            }
        }
    }

    #[test]
    fn side_by_side_each_market_clears_as_it_does_alone(books in vec(any_book(), 0..6), threads in 0..4usize) {
        let alone: Vec<_> = books.iter().map(solve).collect();
        prop_assert_eq!(solve_many(&books, threads), alone);
    }

    #[test]
    fn many_orders_sort_as_few_do(mut large in book(Shape {
        classes: 4, vectors: 4, offers: 25_000, demands: 50, ticks: 40, lots: 3, tick_size: 2, whole: false,
    }).no_shrink()) {
        let sorted = solve(&large).unwrap();
        large.offers.reverse();
        prop_assert_eq!(solve(&large).unwrap(), sorted);
    }
}

#[test]
fn a_vector_in_use_does_not_change_and_the_book_is_as_it_was() {
    let mut plain = crate::books::simple(1, &[(1, 2)], &[(5, 1)]);
    let mut kept = Incremental::new(plain.clone()).unwrap();
    let other = caplet_clearing::Vector { tags: 1, ..plain.vectors[0] };
    let refused = kept.apply(Change::Vector(VectorId(0), other)).unwrap_err();
    assert_eq!(refused, ChangeError::Vector(VectorId(0), 1));
    assert!(kept.apply(Change::Vector(VectorId(2), other)).is_err(), "1 would be next");
    assert_eq!(kept.clear(), solve(&plain).unwrap());
    // once the demand is gone it may, and what was known of the old one is forgotten
    let gone = Change::Demand(Demand { lots: Lots(0), ..plain.demands[0] });
    let back = Change::Demand(plain.demands[0]);
    for change in [gone, Change::Vector(VectorId(0), other), back] {
        kept.apply(change).unwrap();
        apply(&mut plain, change);
    }
    assert_eq!(kept.clear().fills, []);
    assert_eq!(solve(&plain).unwrap().fills, []);
}
