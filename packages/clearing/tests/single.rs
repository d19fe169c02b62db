//! The instant lane: the seed's pseudocode, line by line, and the batch solver on one demand.

use crate::books::{Shape, book, cleared, id, simple};
use caplet_clearing::{
    Book, Class, ClassIndex, Demand, Terms, Vector,
    single::{Choice, Posted, Wanted, best, score},
};
use caplet_protocol::{DeviceId, Lots, Tick, VectorId};
use proptest::prelude::*;

/// `match_capabilities` of the seed as it is written: filter, sort, take the first.
fn match_capabilities(terms: Terms<'_>, demand: &Wanted, profiles: &[Posted]) -> Option<Posted> {
    let requirements = terms.vector(demand.vector).unwrap();
    let mut filtered_profiles: Vec<Posted> = vec![];
    for profile in profiles {
        let class = terms.class(profile.class).unwrap();
        let meets = requirements.accepts(class)
            && terms.market.latency(class.cell, requirements.cell).is_some();
        let wanted = profile.lots > 0 && profile.device != demand.device;
        let affordable = terms
            .cost(profile.class, demand.vector)
            .is_some_and(|cost| profile.price + cost <= demand.limit);
        if meets && wanted && affordable {
            filtered_profiles.push(*profile);
        }
    }
    let mut sorted_profiles = filtered_profiles;
    sorted_profiles.sort_by_key(|profile| {
        // price, reliability and proximity, in the money the demand weighs them by
        (profile.price + terms.cost(profile.class, demand.vector).unwrap(), profile.id)
    });
    sorted_profiles.first().copied()
}

/// What `create_contract` of the seed makes: who serves whom, and for how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Contract {
    provider: DeviceId,
    consumer: DeviceId,
    price: u64,
    executed: bool,
}

/// Money by device, as `execute_contract` moves it.
type Purses = std::collections::BTreeMap<DeviceId, i128>;

/// The seed's pseudocode to its last line; `None` where `sorted_profiles[0]` is not there.
fn the_seed(
    terms: Terms<'_>,
    demand: &Wanted,
    profiles: &[Posted],
    purses: &mut Purses,
) -> Option<Contract> {
    let best_capability = match_capabilities(terms, demand, profiles)?;
    let create_contract = |best: Posted| Contract {
        provider: best.device,
        consumer: demand.device,
        price: best.price,
        executed: false,
    };
    let mut contract = create_contract(best_capability);
    let mut execute_contract = |contract: &mut Contract| {
        *purses.entry(contract.consumer).or_default() -= i128::from(contract.price);
        *purses.entry(contract.provider).or_default() += i128::from(contract.price);
        contract.executed = true;
    };
    execute_contract(&mut contract);
    Some(contract)
}

/// The same with a clearing of one demand: match, verify, pay what the certificate says.
fn the_batch(book: &Book, purses: &mut Purses) -> Option<Contract> {
    let (clearing, verified) = cleared(book);
    let [fill] = clearing.fills.as_slice() else { return None };
    let (of, to) = (crate::books::offer(book, fill.offer), crate::books::demand(book, fill.demand));
    let price = caplet_clearing::paid(&book.market, &of, &to, &verified.prices)?;
    *purses.entry(to.device).or_default() -= i128::from(price);
    *purses.entry(of.device).or_default() += i128::from(price);
    Some(Contract { provider: of.device, consumer: to.device, price, executed: true })
}

fn posted(book: &Book) -> Vec<Posted> {
    let price = |o: &caplet_clearing::Offer| book.market.price(o.ask);
    book.offers
        .iter()
        .map(|o| Posted {
            id: o.id,
            device: o.device,
            class: o.class,
            price: price(o),
            lots: o.lots.0,
        })
        .collect()
}

fn one_demand() -> impl Strategy<Value = Book> {
    let shape = Shape {
        classes: 6,
        vectors: 1,
        offers: 30,
        demands: 0,
        ticks: 15,
        lots: 3,
        tick_size: 50,
        whole: false,
    };
    (book(shape), 0..40u16, 0..8u32).prop_map(|(book, limit, device)| Book {
        demands: vec![Demand {
            id: id(0),
            device: DeviceId(device),
            vector: VectorId(0),
            limit: Tick(limit),
            lots: Lots(1),
            all_or_nothing: false,
        }],
        ..book
    })
}

fn wanted(book: &Book) -> Wanted {
    let Demand { device, vector, limit, .. } = book.demands[0];
    Wanted { device, vector, limit: book.market.price(limit) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_best_is_what_the_seeds_pseudocode_takes(book in one_demand()) {
        let found = best(book.terms(), &wanted(&book), posted(&book)).map(|c| c.offer);
        prop_assert_eq!(found, match_capabilities(book.terms(), &wanted(&book), &posted(&book)));
    }

    #[test]
    fn a_batch_of_one_demand_takes_an_offer_as_good(mut book in one_demand()) {
        book.demands[0].device = DeviceId(99); // in the batch nobody is kept from itself
        let found = best(book.terms(), &wanted(&book), posted(&book));
        let (clearing, _) = cleared(&book);
        prop_assert_eq!(clearing.fills.len(), usize::from(found.is_some()));
        if let (Some(choice), [fill]) = (found, clearing.fills.as_slice()) {
            let offer = crate::books::offer(&book, fill.offer);
            let cost = book.terms().cost(offer.class, VectorId(0)).unwrap();
            prop_assert_eq!(book.market.price(offer.ask) + cost, choice.bears());
        }
    }

    #[test]
    fn a_batch_of_one_demand_makes_and_executes_the_seeds_contract(mut book in one_demand()) {
        book.demands[0].device = DeviceId(99);
        let (mut by_seed, mut by_batch) = (Purses::new(), Purses::new());
        let seed = the_seed(book.terms(), &wanted(&book), &posted(&book), &mut by_seed);
        let batch = the_batch(&book, &mut by_batch);
        prop_assert_eq!(seed.is_some(), batch.is_some());
        if let (Some(seed), Some(batch)) = (seed, batch) {
            prop_assert!(seed.executed && batch.executed);
            prop_assert_eq!(seed.consumer, batch.consumer);
            // the provider is one that the seed might have taken, and is paid its ask at least
            let asks = book.offers.iter().filter(|o| o.device == batch.provider).map(|o| book.market.price(o.ask));
            prop_assert!(asks.min().is_some_and(|ask| batch.price >= ask));
        }
        for purses in [by_seed, by_batch] {
            prop_assert_eq!(purses.values().sum::<i128>(), 0);
        }
    }

    #[test]
    fn an_offer_that_loses_changes_nothing(book in one_demand(), drop: prop::sample::Index) {
        let all = posted(&book);
        let found = best(book.terms(), &wanted(&book), all.clone());
        if let (Some(choice), false) = (found, all.is_empty()) {
            let mut fewer = all.clone();
            let dropped = fewer.remove(drop.index(all.len()));
            if dropped.id != choice.offer.id {
                prop_assert_eq!(best(book.terms(), &wanted(&book), fewer), found);
            }
        }
    }

    #[test]
    fn the_score_falls_as_cost_rises_and_stays_within_a_hundred(limit: u64, a: u64, b: u64) {
        let (less, more) = (a.min(b), a.max(b));
        prop_assert!(score(limit, less) >= score(limit, more));
        prop_assert!(score(limit, less) <= 100);
    }
}

#[test]
fn without_a_candidate_there_is_no_contract_and_no_money_moves() {
    let mut purses = Purses::new();
    let nothing = simple(1, &[], &[(9, 1)]);
    let too_dear = simple(1, &[(10, 1)], &[(9, 1)]);
    let mut unfit = simple(1, &[(1, 1)], &[(9, 1)]);
    unfit.vectors[0].tags = 1;
    for book in [nothing, too_dear, unfit] {
        assert_eq!(the_seed(book.terms(), &wanted(&book), &posted(&book), &mut purses), None);
        assert_eq!(the_batch(&book, &mut purses), None);
        assert_eq!(best(book.terms(), &wanted(&book), posted(&book)), None);
    }
    assert_eq!(purses, Purses::new());
}

#[test]
fn scores_show_the_share_of_the_limit_that_is_saved() {
    assert_eq!([0, 25, 99, 100, 200].map(|bears| score(100, bears)), [100, 75, 1, 0, 0]);
    assert_eq!((score(0, 0), score(u64::MAX, 0)), (0, 100));
}

#[test]
fn nobody_takes_from_itself_and_the_older_wins_a_tie() {
    let book = simple(1, &[(3, 1), (5, 1), (5, 1)], &[]);
    let terms = book.terms();
    assert_eq!((book.classes[0], book.vectors[0]), (Some(Class::default()), Vector::default()));
    let wanted = Wanted { device: DeviceId(1), vector: VectorId(0), limit: 5 };
    let offer = Posted { id: id(1), device: DeviceId(2), class: ClassIndex(0), price: 5, lots: 1 };
    let newest_first = posted(&book).into_iter().rev();
    assert_eq!(best(terms, &wanted, newest_first), Some(Choice { offer, cost: 0 }));
}
