//! The solver against an independent one, and at the limits of its numbers.

use crate::books::{any_book, cleared, simple};
use caplet_clearing::{Book, MAX_TICK_SIZE, solve};
use mcmf::{Capacity, Cost, GraphBuilder, Vertex};
use proptest::prelude::*;

/// The optimum of the divisible book, every order a node of its own, by another solver (LEMON's).
fn optimum_by_mcmf(book: &Book) -> i128 {
    let mut graph = GraphBuilder::new();
    let price = |tick| i32::try_from(book.market.price(tick)).unwrap();
    graph.add_edge(Vertex::Source, Vertex::Sink, Capacity(1), Cost(0)); // never empty
    for offer in &book.offers {
        let node = (false, offer.id);
        let lots = Capacity(i32::from(offer.lots.0));
        graph.add_edge(Vertex::Source, node, lots, Cost(price(offer.ask)));
        // an unsold lot costs nothing, so the largest flow is always all lots
        graph.add_edge(node, Vertex::Sink, lots, Cost(-price(offer.ask)));
        for demand in book.demands.iter().filter(|d| !d.is_whole()) {
            if let Some(cost) = book.terms().cost(offer.class, demand.vector) {
                let cost = Cost(i32::try_from(cost).unwrap());
                graph.add_edge(node, (true, demand.id), lots, cost);
            }
        }
    }
    for demand in book.demands.iter().filter(|d| !d.is_whole()) {
        let lots = Capacity(i32::from(demand.lots.0));
        graph.add_edge((true, demand.id), Vertex::Sink, lots, Cost(-price(demand.limit)));
    }
    -i128::from(graph.mcmf().0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_welfare_is_that_of_another_solver_and_the_gap_is_zero(book in any_book()) {
        let (clearing, verified) = cleared(&book);
        prop_assert_eq!(clearing.welfare, optimum_by_mcmf(&book));
        prop_assert_eq!(clearing.welfare, verified.welfare);
        prop_assert_eq!(verified.bound, verified.welfare);
    }
}

#[test]
fn an_empty_book_clears_to_nothing() {
    let (clearing, verified) = cleared(&simple(1, &[], &[]));
    assert_eq!((clearing.fills.len(), clearing.welfare), (0, 0));
    assert_eq!(verified.prices, [None]);
}

#[test]
fn one_side_alone_trades_nothing() {
    let (offers, verified) = cleared(&simple(10, &[(3, 2), (1, 1)], &[]));
    assert_eq!(
        (offers.fills.len(), verified.low, verified.high),
        (0, vec![Some(0)], vec![Some(10)])
    );
    let (demands, verified) = cleared(&simple(10, &[], &[(3, 2), (1, 1)]));
    assert_eq!((demands.fills.len(), verified.prices), (0, vec![None]));
}

#[test]
fn the_largest_prices_and_quantities_stay_exact() {
    let most = u16::MAX;
    let mut book = simple(MAX_TICK_SIZE, &[(0, most); 40], &[(most, most); 40]);
    book.market.fee_per_lot = 1;
    let (clearing, verified) = cleared(&book);
    let surplus = i128::from(u64::from(most) * MAX_TICK_SIZE - 1);
    assert_eq!(clearing.welfare, 40 * i128::from(most) * surplus);
    assert_eq!(verified.lots, 40 * u64::from(most));
}

#[test]
fn weights_beyond_every_limit_only_rule_a_pair_out() {
    let mut book = simple(MAX_TICK_SIZE, &[(0, 1)], &[(u16::MAX, 1)]);
    book.vectors[0].rho = u16::MAX;
    book.vectors[0].lambda = u16::MAX;
    book.market.latency_ms = vec![vec![65_534]];
    assert_eq!(cleared(&book).0.fills, []);
}

#[test]
fn a_trade_without_surplus_is_made() {
    // as many lots as possible among equals: an ask at the limit trades
    let (clearing, verified) = cleared(&simple(7, &[(4, 3)], &[(4, 2)]));
    assert_eq!((clearing.welfare, verified.lots, verified.prices), (0, 2, vec![Some(28)]));
}

#[test]
fn four_thousand_classes_clear() {
    let mut book = simple(5, &[], &[]);
    let class = book.classes[0];
    book.classes =
        (0..4096u32).map(|i| class.map(|c| caplet_clearing::Class { tags: i, ..c })).collect();
    book.vectors =
        (0..12).map(|bit| caplet_clearing::Vector { tags: 1 << bit, ..book.vectors[0] }).collect();
    let template = simple(5, &[(0, 1); 8192], &[(0, 1); 6000]);
    book.offers = template.offers;
    book.demands = template.demands;
    for (i, offer) in book.offers.iter_mut().enumerate() {
        offer.class = caplet_clearing::ClassIndex((i % 4096) as u16);
        offer.ask = caplet_protocol::Tick((i * 7919 % 64) as u16);
    }
    for (i, demand) in book.demands.iter_mut().enumerate() {
        demand.vector = caplet_protocol::VectorId((i % 12) as u16);
        demand.limit = caplet_protocol::Tick((i * 104_729 % 64) as u16);
    }
    let (clearing, verified) = cleared(&book);
    assert!(clearing.welfare > 0);
    assert_eq!(verified.bound, clearing.welfare);
}

proptest! {
    #[test]
    fn prices_near_the_integer_limit_clear_like_small_ones(mut book in any_book()) {
        book.market.fee_per_lot = 0;
        book.market.tick_size = 1;
        for vector in &mut book.vectors {
            (vector.rho, vector.lambda) = (0, 0);
        }
        let small = solve(&book).unwrap();
        // ticks are below 12, so that prices come close to 2^62
        book.market.tick_size = MAX_TICK_SIZE;
        book.offers.iter_mut().for_each(|offer| offer.ask.0 *= 5_000);
        book.demands.iter_mut().for_each(|demand| demand.limit.0 *= 5_000);
        let large = solve(&book).unwrap();
        prop_assert_eq!(large.fills, small.fills);
        let factor = i128::from(MAX_TICK_SIZE) * 5_000;
        prop_assert_eq!(large.welfare, small.welfare * factor);
    }
}

#[test]
fn a_book_that_does_not_hang_together_is_refused() {
    let mut book = simple(1, &[(1, 1), (1, 1)], &[(1, 1)]);
    book.offers[1].id = book.offers[0].id;
    assert!(solve(&book).unwrap_err().to_string().contains("the id 0"));
    book.offers[1].class = caplet_clearing::ClassIndex(3);
    assert!(solve(&book).unwrap_err().to_string().contains("class 3"));
    book.demands[0].vector = caplet_protocol::VectorId(9);
    book.offers.clear();
    assert!(solve(&book).unwrap_err().to_string().contains("vector 9"));
    book.market.tick_size = 0;
    assert!(solve(&book).unwrap_err().to_string().contains("tick size is 0"));
}
