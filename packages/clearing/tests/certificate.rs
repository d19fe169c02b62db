//! Every reason to refuse a clearing, met by changing a valid one; and that no change passes.

use crate::books::{any_book, check, cleared, id, simple};
use caplet_clearing::{
    Book, Class, ClassIndex, Fill, Reject, certificate::Scan, certificate::Slack, verify,
};
use caplet_protocol::{Lots, OrderId, Tick, VectorId};
use proptest::prelude::*;

fn fill(offer: usize, demand: usize, lots: u16) -> Fill {
    Fill { offer: id(offer), demand: id(demand), lots: Lots(lots) }
}

/// Asks 1, 2, 2, 5 and limits 9, 4, 4, 2 of two lots each, tick 10; at price 40 the first two offers and
/// all of one lot of the third trade: sold 6 of 8, bought 6.
fn book() -> Book {
    simple(10, &[(1, 2), (2, 2), (2, 2), (5, 2)], &[(9, 2), (4, 2), (4, 2), (1, 2)])
}

fn refused(fills: &[Fill], price: u64) -> Reject {
    check(&book(), fills, &[Some(price)]).expect_err("a broken clearing")
}

#[test]
fn the_book_these_tests_start_from_is_clear() {
    let (clearing, verified) = cleared(&book());
    assert_eq!(clearing.fills, [fill(0, 0, 2), fill(1, 1, 2), fill(2, 2, 2)]);
    assert_eq!((verified.low, verified.high), (vec![Some(20)], vec![Some(40)]));
    assert_eq!((verified.welfare, verified.prices), (240, vec![Some(30)]));
    for price in [20, 30, 40] {
        check(&book(), &clearing.fills, &[Some(price)]).unwrap();
    }
}

#[test]
fn fills_out_of_order_or_twice_there_are_refused() {
    let twice = refused(&[fill(0, 0, 1), fill(0, 0, 1)], 30);
    assert_eq!(twice, Reject::FillsUnsorted { offer: id(0), demand: id(0) });
    let unsorted = refused(&[fill(1, 1, 2), fill(0, 0, 2)], 30);
    assert_eq!(unsorted, Reject::FillsUnsorted { offer: id(0), demand: id(0) });
}

#[test]
fn a_fill_of_nothing_is_refused() {
    assert_eq!(refused(&[fill(0, 0, 0)], 30), Reject::Empty { offer: id(0), demand: id(0) });
}

#[test]
fn fills_of_orders_that_are_not_open_are_refused() {
    let unknown = |offer, demand| Reject::UnknownOffer { offer: id(offer), demand: id(demand) };
    assert_eq!(refused(&[fill(0, 0, 2), fill(8, 1, 2)], 30), unknown(8, 1));
    let mut gone = book();
    gone.offers.remove(1);
    let fills = [fill(0, 0, 2), fill(1, 1, 2)];
    assert_eq!(check(&gone, &fills, &[Some(30)]).unwrap_err(), unknown(1, 1));
    gone = book();
    gone.offers[1].lots = Lots(0);
    assert_eq!(check(&gone, &fills, &[Some(30)]).unwrap_err(), unknown(1, 1));
    let unknown = |offer, demand| Reject::UnknownDemand { offer: id(offer), demand: id(demand) };
    assert_eq!(refused(&[fill(0, 8, 2)], 30), unknown(0, 8));
    let mut gone = book();
    gone.demands.remove(1);
    assert_eq!(check(&gone, &fills, &[Some(30)]).unwrap_err(), unknown(1, 1));
    gone.demands.clear();
    assert_eq!(check(&gone, &fills, &[Some(30)]).unwrap_err(), unknown(0, 0));
}

#[test]
fn more_than_is_left_cannot_be_filled() {
    let over = refused(&[fill(0, 0, 2), fill(0, 1, 1)], 30);
    assert_eq!(over, Reject::Oversold { offer: id(0), filled: 3, lots: 2 });
    let over = refused(&[fill(0, 0, 2), fill(1, 0, 1)], 30);
    assert_eq!(over, Reject::Overfilled { demand: id(0), filled: 3, lots: 2 });
}

#[test]
fn a_class_without_a_price_is_refused_while_it_has_offers() {
    let none = check(&book(), &[], &[None]).unwrap_err();
    assert_eq!(none, Reject::NoPrice { class: ClassIndex(0), offer: id(0) });
    assert_eq!(check(&book(), &[], &[]).unwrap_err(), none);
}

#[test]
fn a_provider_is_never_paid_less_than_its_ask() {
    let low = refused(&[fill(3, 0, 2)], 40);
    assert_eq!(low, Reject::BelowAsk { offer: id(3), ask: 50, paid: 40 });
}

#[test]
fn a_buyer_never_bears_more_than_its_limit() {
    let high = refused(&[fill(0, 3, 1)], 20);
    let limit =
        |cost, limit| Reject::AboveLimit { offer: id(0), demand: id(3), paid: 20, cost, limit };
    assert_eq!(high, limit(0, 10));
    // the cost counts: at 15 a lot, a limit of 20 does not bear 20
    let mut dear = book();
    dear.market.fee_per_lot = 15;
    dear.demands[3].limit = Tick(3);
    assert_eq!(check(&dear, &[fill(0, 3, 1)], &[Some(20)]).unwrap_err(), limit(15, 30));
}

#[test]
fn an_older_order_of_the_same_bucket_goes_first() {
    let skipped = [fill(0, 0, 2), fill(1, 1, 1), fill(2, 1, 1)];
    let mut book = book();
    book.demands[2].lots = Lots(0);
    let jumped = check(&book, &skipped, &[Some(20)]).unwrap_err();
    assert_eq!(jumped, Reject::OfferJumped { older: id(1), offer: id(2) });
    let mut book = self::book();
    book.offers[2].lots = Lots(0);
    let jumped = check(&book, &[fill(0, 0, 2), fill(1, 2, 2)], &[Some(40)]).unwrap_err();
    assert_eq!(jumped, Reject::DemandJumped { older: id(1), demand: id(2) });
    // behind an older order that is wholly filled is in turn
    check(&book, &[fill(0, 0, 2), fill(1, 1, 2)], &[Some(40)]).unwrap();
}

#[test]
fn an_offer_cannot_serve_what_it_does_not_meet() {
    let mut book = book();
    book.vectors[0].tags = 1;
    let fills = [fill(0, 0, 2)];
    let (offer, demand) = (id(0), id(0));
    assert_eq!(
        check(&book, &fills, &[Some(30)]).unwrap_err(),
        Reject::Incompatible { offer, demand, class: ClassIndex(0), vector: VectorId(0) }
    );
}

#[test]
fn leaving_out_a_profitable_order_shows_a_gap() {
    let left_out = refused(&[fill(0, 0, 2), fill(1, 1, 2)], 30);
    let slack = Slack::Unfilled { demand: id(2), limit: 40, best: 30, left: 2 };
    assert_eq!(left_out, Reject::Gap { welfare: 200, bound: 240, slack: Some(slack) });
    let unsold = refused(&[fill(1, 0, 2), fill(2, 1, 2)], 40);
    assert!(matches!(unsold, Reject::Gap { slack: Some(Slack::Unsold { .. }), .. }), "{unsold}");
    assert!(unsold.to_string().contains("offer 0 asks 10, its class is worth 40, and 2 lots"));
}

#[test]
fn a_gap_of_one_base_unit_is_a_gap() {
    let book = simple(1, &[(1, 1)], &[(2, 1)]);
    let slack = Some(Slack::Unfilled { demand: id(0), limit: 2, best: 1, left: 1 });
    let gap = Reject::Gap { welfare: 0, bound: 1, slack };
    assert_eq!(check(&book, &[], &[Some(1)]).unwrap_err(), gap);
}

#[test]
fn prices_that_do_not_support_the_clearing_show_a_gap() {
    let (clearing, _) = cleared(&book());
    assert!(matches!(refused(&clearing.fills, 19), Reject::BelowAsk { .. }));
    assert!(matches!(refused(&clearing.fills, 41), Reject::AboveLimit { .. }));
    // an inflated bound on the supply side, with no fill to break a limit
    assert!(matches!(refused(&[], 60), Reject::Gap { welfare: 0, .. }));
}

#[test]
fn a_fill_from_a_dearer_class_shows_a_gap() {
    let mut book = simple(10, &[(1, 1), (1, 1)], &[(9, 1)]);
    let near = book.classes[0].unwrap();
    book.classes.push(Some(Class { cell: caplet_protocol::CellId(1), ..near }));
    book.market.latency_ms = vec![vec![0, 0], vec![100, 0]];
    book.vectors[0].lambda = 10; // 10 base units for 100 ms
    book.offers[1].class = ClassIndex(1);
    let far = check(&book, &[fill(1, 0, 1)], &[Some(10), Some(10)]).unwrap_err();
    let slack = Slack::Dearer { offer: id(1), demand: id(0), bears: 20, best: 10 };
    assert!(
        matches!(far, Reject::Gap { slack: Some(s), .. } if s == Slack::Unfilled { demand: id(0), limit: 90, best: 10, left: 1 } || s == slack),
        "{far}"
    );
    assert_eq!(cleared(&book).0.fills, [fill(0, 0, 1)]);
}

#[test]
fn a_self_trade_hides_nothing() {
    // a tolerance in shares of welfare would be drowned by one huge trade of the clearer with itself
    let honest = [(1, 1), (2, 1)];
    let mut book = simple(1_000_000, &honest, &[(4, 1), (5, 1), (u16::MAX, 1)]);
    book.offers.push(caplet_clearing::Offer { id: id(2), ask: Tick(0), ..book.offers[0] });
    let gap = check(&book, &[fill(2, 2, 1)], &[Some(4_000_000)]).unwrap_err();
    assert!(matches!(gap, Reject::Gap { .. }), "{gap}");
}

#[test]
fn the_scan_insists_on_its_order() {
    let book = book();
    let (offers, mut demands) = (book.offers.clone(), book.demands.clone());
    demands.swap(0, 1);
    let unsorted = verify(book.terms(), offers.clone(), demands, &[], &[Some(30)]).unwrap_err();
    assert_eq!(unsorted, Reject::BookUnsorted { previous: id(1), order: id(0) });
    let twice = [offers[0], offers[0]];
    let unsorted = verify(book.terms(), twice, [], &[], &[Some(30)]).unwrap_err();
    assert_eq!(unsorted, Reject::BookUnsorted { previous: id(0), order: id(0) });
    let mut scan = Scan::start(book.terms(), &[], &[Some(30)]).unwrap();
    scan.offer(&offers[0]).unwrap();
    assert_eq!(scan.demand(&book.demands[0]), Err(Reject::DemandTooLate(id(0))));
}

#[test]
fn orders_of_classes_or_vectors_that_are_not_there_are_refused() {
    let mut book = book();
    book.offers[0].class = ClassIndex(1);
    let class = Reject::NoClass { offer: id(0), class: ClassIndex(1) };
    assert_eq!(check(&book, &[], &[Some(30)]).unwrap_err(), class);
    book.demands[0].vector = VectorId(1);
    let vector = Reject::NoVector { demand: id(0), vector: VectorId(1) };
    assert_eq!(check(&book, &[], &[Some(30)]).unwrap_err(), vector);
    book.market.tick_size = 0;
    assert!(matches!(check(&book, &[], &[Some(30)]).unwrap_err(), Reject::Market(_)));
}

#[test]
fn all_messages_differ_and_name_a_remedy() {
    let (offer, demand, class) = (id(1), id(2), ClassIndex(3));
    let all = [
        Reject::TooMany(1),
        Reject::FillsUnsorted { offer, demand },
        Reject::Empty { offer, demand },
        Reject::BookUnsorted { previous: offer, order: demand },
        Reject::DemandTooLate(demand),
        Reject::NoClass { offer, class },
        Reject::NoVector { demand, vector: VectorId(4) },
        Reject::UnknownOffer { offer, demand },
        Reject::UnknownDemand { offer, demand },
        Reject::NoPrice { class, offer },
        Reject::Incompatible { offer, demand, class, vector: VectorId(4) },
        Reject::Oversold { offer, filled: 3, lots: 2 },
        Reject::Overfilled { demand, filled: 3, lots: 2 },
        Reject::Split { demand, filled: 1, lots: 2 },
        Reject::BelowAsk { offer, ask: 2, paid: 1 },
        Reject::AboveLimit { offer, demand, paid: 1, cost: 2, limit: 2 },
        Reject::OfferJumped { older: demand, offer },
        Reject::DemandJumped { older: offer, demand },
        Reject::Gap { welfare: 1, bound: 2, slack: None },
        Reject::Contradiction { welfare: 2, bound: 1 },
        Reject::Overflow(offer),
    ];
    let texts: std::collections::BTreeSet<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), all.len());
    assert!(texts.iter().all(|text| text.contains(": ")), "{texts:#?}");
}

/// One change to a clearing.
#[derive(Clone, Debug)]
enum Change {
    Drop(usize),
    More(usize),
    Less(usize),
    Redirect(usize, usize),
    Add(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let i = || 0..64usize;
    prop_oneof![
        i().prop_map(Change::Drop),
        i().prop_map(Change::More),
        i().prop_map(Change::Less),
        (i(), i()).prop_map(|(a, b)| Change::Redirect(a, b)),
        (i(), i()).prop_map(|(a, b)| Change::Add(a, b)),
    ]
}

fn apply(book: &Book, fills: &mut Vec<Fill>, change: &Change) {
    let len = fills.len().max(1);
    let at = |i: usize| i % len;
    match *change {
        Change::Drop(i) if !fills.is_empty() => drop(fills.remove(at(i))),
        Change::More(i) if !fills.is_empty() => fills[at(i)].lots.0 += 1,
        Change::Less(i) if !fills.is_empty() => {
            fills[at(i)].lots.0 = fills[at(i)].lots.0.saturating_sub(1)
        }
        Change::Redirect(i, to) if !fills.is_empty() => {
            fills[at(i)].demand = book.demands[to % book.demands.len()].id;
        }
        Change::Add(o, d) if !book.offers.is_empty() && !book.demands.is_empty() => {
            let offer = book.offers[o % book.offers.len()].id;
            let demand = book.demands[d % book.demands.len()].id;
            fills.push(Fill { offer, demand, lots: Lots(1) });
        }
        _ => {}
    }
    fills.sort_unstable();
}

/// The plain meaning of a clearing: feasible for every order, and its divisible welfare.
fn plain_welfare(book: &Book, fills: &[Fill]) -> Option<i128> {
    let lots_of = |pick: &dyn Fn(&Fill) -> OrderId, id| {
        fills.iter().filter(|f| pick(f) == id).map(|f| u32::from(f.lots.0)).sum::<u32>()
    };
    let fits = book.offers.iter().all(|o| lots_of(&|f| f.offer, o.id) <= u32::from(o.lots.0))
        && book.demands.iter().all(|d| {
            let filled = lots_of(&|f| f.demand, d.id);
            filled <= u32::from(d.lots.0)
                && (!d.is_whole() || filled == 0 || filled == u32::from(d.lots.0))
        });
    let mut welfare = 0;
    for f in fills {
        let (o, d) = (crate::books::offer(book, f.offer), crate::books::demand(book, f.demand));
        let cost = i128::from(book.terms().cost(o.class, d.vector)?);
        let worth =
            i128::from(book.market.price(d.limit)) - i128::from(book.market.price(o.ask)) - cost;
        if d.is_whole() && worth < 0 {
            return None;
        }
        welfare += if d.is_whole() { 0 } else { worth * i128::from(f.lots.0) };
    }
    fits.then_some(welfare)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_changed_only_an_optimal_feasible_clearing_passes(
        book in any_book(),
        changes in proptest::collection::vec(change(), 1..4),
        shift in proptest::collection::vec(-3i64..=3, 12),
        shifted: bool,
    ) {
        let (clearing, _) = cleared(&book);
        let mut fills = clearing.fills.clone();
        changes.iter().for_each(|c| apply(&book, &mut fills, c));
        let witness: Vec<_> = clearing.prices.iter().zip(&shift).map(|(price, by)| {
            price.map(|p| p.saturating_add_signed(if shifted { *by } else { 0 }))
        }).collect();
        if let Ok(verified) = check(&book, &fills, &witness) {
            prop_assert_eq!(plain_welfare(&book, &fills), Some(clearing.welfare));
            prop_assert_eq!(verified.welfare, clearing.welfare);
        }
    }
}
