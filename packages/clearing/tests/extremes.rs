//! The lowest and highest prices against a search over all price vectors of small books.

use crate::{
    books::{SMALL, Shape, book, check, cleared},
    search::optimal_fills,
};
use caplet_clearing::{Book, ClassIndex, Reject};
use proptest::prelude::*;

/// D(pi) straight from its definition; classes without offers serve nobody.
fn bound(book: &Book, prices: &[Option<u64>]) -> u64 {
    let offers = book.offers.iter().map(|o| {
        let price = prices[o.class.at()].unwrap();
        u64::from(o.lots.0) * price.saturating_sub(book.market.price(o.ask))
    });
    let demands = book.demands.iter().map(|d| {
        let bears = (0..prices.len())
            .filter_map(|c| Some(prices[c]? + book.terms().cost(ClassIndex(c as u16), d.vector)?));
        let surplus = bears.min().map_or(0, |m| book.market.price(d.limit).saturating_sub(m));
        u64::from(d.lots.0) * surplus
    });
    offers.sum::<u64>() + demands.sum::<u64>()
}

/// Every vector of prices up to `most` for the classes with offers.
fn all_prices(book: &Book, most: u64) -> Vec<Vec<Option<u64>>> {
    let mut all = vec![vec![]];
    for class in 0..book.classes.len() {
        let offered = book.offers.iter().any(|o| o.class.at() == class);
        let choices: Vec<_> = if offered { (0..=most).map(Some).collect() } else { vec![None] };
        all = all
            .iter()
            .flat_map(|head| choices.iter().map(|&c| [head.as_slice(), &[c]].concat()))
            .collect();
    }
    all
}

/// Whether no better class is cheaper than a lesser one.
fn nested(book: &Book, prices: &[Option<u64>]) -> bool {
    let n = prices.len();
    (0..n).flat_map(|a| (0..n).map(move |b| (a, b))).all(|(a, b)| {
        match (book.classes[a], book.classes[b], prices[a], prices[b]) {
            (Some(better), Some(lesser), Some(pa), Some(pb)) => {
                !better.dominates(&lesser) || pa >= pb
            }
            _ => true,
        }
    })
}

/// Lowest and highest by search.
fn searched(book: &Book) -> (Vec<Option<u64>>, Vec<Option<u64>>) {
    let all = all_prices(book, book.market.price(caplet_protocol::Tick(SMALL.ticks)));
    let least = all.iter().map(|p| bound(book, p)).min().unwrap();
    let mut best = all.iter().filter(|p| bound(book, p) == least && nested(book, p));
    let first = best.next().expect("some optimal prices are nested").clone();
    best.fold((first.clone(), first), |(low, high), p| {
        let merge = |a: &[Option<u64>], f: fn(u64, u64) -> u64| {
            a.iter().zip(p).map(|(a, b)| Some(f((*a)?, (*b)?))).collect()
        };
        (merge(&low, u64::min), merge(&high, u64::max))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn extremes_are_those_that_a_search_finds(book in book(SMALL)) {
        let (_, verified) = cleared(&book);
        let (low, high) = searched(&book);
        prop_assert_eq!(&verified.low, &low);
        prop_assert_eq!(&verified.high, &high);
    }

    #[test]
    fn prices_do_not_depend_on_which_optimal_clearing_they_are_read_from(
        book in book(Shape { ticks: 3, tick_size: 1, ..SMALL }),
        pick in any::<u64>(),
    ) {
        let (clearing, verified) = cleared(&book);
        let (all, complete) = optimal_fills(&book, clearing.welfare, 200);
        // a book that has too many to be searched through shows nothing
        prop_assume!(complete || !all.is_empty());
        prop_assert!(!all.is_empty());
        let other = &all[(pick % all.len() as u64) as usize];
        match check(&book, other, &clearing.prices) {
            Ok(also) => prop_assert_eq!(also.prices, verified.prices),
            // optimal, but not in turn
            Err(e) => prop_assert!(
                matches!(e, Reject::OfferJumped { .. } | Reject::DemandJumped { .. }), "{}", e
            ),
        }
    }
}
