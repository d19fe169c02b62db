//! Trade reduction in markets of one class.

use crate::books::{Shape, book, cleared, demand, id, offer, simple};
use caplet_clearing::{Book, ClassIndex, Fill, Reduction, Reject, certificate::Scan, solve};
use caplet_protocol::{Lots, Tick};
use proptest::prelude::*;

const ONE_CLASS: Shape = Shape {
    classes: 1,
    vectors: 3,
    offers: 8,
    demands: 8,
    ticks: 12,
    lots: 3,
    tick_size: 7,
    whole: false,
};

fn reduced(book: &Book) -> Result<Reduction, Reject> {
    let clearing = solve(book).unwrap();
    let mut scan = Scan::start(book.terms(), &clearing.fills, &clearing.prices)?;
    book.demands.iter().try_for_each(|d| scan.demand(d))?;
    book.offers.iter().try_for_each(|o| scan.offer(o))?;
    scan.finish_reduced().map(|(_, reduction)| reduction)
}

fn lots(fills: &[Fill]) -> u64 {
    fills.iter().map(|f| u64::from(f.lots.0)).sum()
}

/// What an order of one lot gains, seen by its true ask or limit.
fn gain(
    book: &Book,
    r: &Reduction,
    ask: Option<(usize, u64)>,
    limit: Option<(usize, u64)>,
) -> i128 {
    let price = i128::from(r.price.unwrap_or(0));
    let sells = ask.filter(|(at, _)| r.fills.iter().any(|f| f.offer == id(*at)));
    let buys = limit.filter(|(at, _)| r.fills.iter().any(|f| f.demand == id(*at)));
    let sold = sells.map_or(0, |(_, ask)| price - i128::from(ask));
    let bought = buys.map_or(0, |(at, limit)| {
        let cost = book.terms().cost(ClassIndex(0), book.demands[at].vector).unwrap();
        i128::from(limit) - price - i128::from(cost)
    });
    sold + bought
}

#[test]
fn the_lot_that_is_left_sets_the_price_if_a_buyer_would_take_it() {
    let r = reduced(&simple(10, &[(1, 1), (2, 1), (4, 1)], &[(9, 1), (5, 1), (3, 1)])).unwrap();
    assert_eq!((r.price, lots(&r.fills), r.dropped), (Some(40), 2, None));
}

#[test]
fn else_the_marginal_buyer_sets_it_and_leaves_with_the_youngest_seller() {
    let r = reduced(&simple(10, &[(1, 1), (2, 1), (8, 1)], &[(9, 1), (5, 1), (3, 1)])).unwrap();
    assert_eq!((r.price, r.dropped), (Some(50), Some((id(1), id(1)))));
    assert_eq!(r.fills, [Fill { offer: id(0), demand: id(0), lots: Lots(1) }]);
}

#[test]
fn who_loses_its_partner_takes_the_other_who_lost_one() {
    // the cheap offer is the youngest: the dear one takes over its buyer
    let r = reduced(&simple(10, &[(2, 1), (1, 1)], &[(5, 1), (9, 1)])).unwrap();
    assert_eq!((r.price, r.dropped), (Some(50), Some((id(1), id(0)))));
    assert_eq!(r.fills, [Fill { offer: id(0), demand: id(1), lots: Lots(1) }]);
}

#[test]
fn a_lone_pair_trades_nothing() {
    let r = reduced(&simple(10, &[(1, 1)], &[(9, 1)])).unwrap();
    assert_eq!((r.fills, r.price), (vec![], None));
    assert_eq!(reduced(&simple(10, &[], &[])).unwrap().dropped, None);
}

#[test]
fn two_classes_with_offers_are_refused() {
    let mut book = simple(10, &[(1, 1), (1, 1)], &[(9, 2)]);
    book.classes.push(book.classes[0]);
    assert!(reduced(&book).is_ok(), "a class without offers is no second one");
    book.offers[1].class = ClassIndex(1);
    assert_eq!(reduced(&book), Err(Reject::Classes(2)));
}

#[test]
fn demands_that_take_all_or_nothing_keep_their_fills() {
    let mut book = simple(10, &[(1, 1), (2, 4)], &[(9, 1), (5, 3)]);
    book.demands[1].all_or_nothing = true;
    let r = reduced(&book).unwrap();
    assert_eq!(r.price, Some(20));
    assert!(r.fills.contains(&Fill { offer: id(1), demand: id(1), lots: Lots(3) }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn one_price_within_every_ask_and_limit_and_one_lot_lost_at_most(book in book(ONE_CLASS)) {
        let (clearing, _) = cleared(&book);
        let r = reduced(&book).unwrap();
        let kept = lots(&r.fills);
        prop_assert_eq!(kept + u64::from(r.dropped.is_some()), lots(&clearing.fills));
        prop_assert!(r.fills.windows(2).all(|p| (p[0].offer, p[0].demand) < (p[1].offer, p[1].demand)));
        for f in &r.fills {
            let (o, d) = (offer(&book, f.offer), demand(&book, f.demand));
            let (price, cost) = (r.price.unwrap(), book.terms().cost(o.class, d.vector).unwrap());
            prop_assert!(book.market.price(o.ask) <= price);
            prop_assert!(price + cost <= book.market.price(d.limit));
        }
        for o in &book.offers {
            prop_assert!(lots(&r.fills.iter().filter(|f| f.offer == o.id).copied().collect::<Vec<_>>()) <= u64::from(o.lots.0));
        }
        for d in &book.demands {
            prop_assert!(lots(&r.fills.iter().filter(|f| f.demand == d.id).copied().collect::<Vec<_>>()) <= u64::from(d.lots.0));
        }
    }

    #[test]
    fn nobody_with_one_lot_gains_by_another_ask_or_limit(
        book in book(Shape { lots: 1, ..ONE_CLASS }), at: prop::sample::Index, other in 0..14u16,
    ) {
        let truth = reduced(&book).unwrap();
        let mut lie = book.clone();
        let orders = book.offers.len() + book.demands.len();
        prop_assume!(orders > 0);
        let at = at.index(orders);
        let (ask, limit) = if let Some(o) = lie.offers.get_mut(at) {
            let honest = book.market.price(o.ask);
            o.ask = Tick(other);
            (Some((at, honest)), None)
        } else {
            let at = at - book.offers.len();
            let honest = book.market.price(book.demands[at].limit);
            lie.demands[at].limit = Tick(other);
            (None, Some((at, honest)))
        };
        let lied = reduced(&lie).unwrap();
        prop_assert!(gain(&book, &lied, ask, limit) <= gain(&book, &truth, ask, limit));
    }
}
