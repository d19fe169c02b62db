//! What a lot costs beyond its price.

use crate::books::{class, market, vector};
use caplet_clearing::{Class, MAX_TICK_SIZE, Market, Vector, cost};
use caplet_protocol::CellId;
use proptest::prelude::*;

fn table() -> Market {
    Market {
        tick_size: 1_000,
        fee_per_lot: 7,
        reliability_bps: vec![5_000, 9_950],
        latency_ms: vec![vec![0, 33], vec![41, 0]],
    }
}

#[test]
fn each_part_is_rounded_down_by_itself() {
    let from_the_other_cell = Class { cell: CellId(1), reliability: 1, ..Class::default() };
    let weighing = Vector { rho: 3, lambda: 1, ..Vector::default() };
    // floor(3 * 1000 * 50 / 10000) + floor(1 * 1000 * 41 / 1000) + 7
    assert_eq!(cost(&table(), &from_the_other_cell, &weighing), Some(15 + 41 + 7));
    assert_eq!(cost(&table(), &Class::default(), &Vector::default()), Some(7));
}

#[test]
fn every_hard_requirement_counts() {
    let best = Class {
        latency: 2,
        throughput: 2,
        accuracy: 2,
        reliability: 1,
        tags: 0b110,
        attested: true,
        ..Class::default()
    };
    let demanding = Vector {
        latency: 2,
        throughput: 2,
        accuracy: 2,
        reliability: 1,
        tags: 0b100,
        attested: true,
        ..Vector::default()
    };
    assert_eq!(cost(&table(), &best, &demanding), Some(7));
    for lesser in [
        Class { latency: 1, ..best },
        Class { throughput: 1, ..best },
        Class { accuracy: 1, ..best },
        Class { reliability: 0, ..best },
        Class { tags: 0b010, ..best },
        Class { attested: false, ..best },
        Class { cell: CellId(2), ..best },
        Class { reliability: 2, ..best },
    ] {
        assert_eq!(cost(&table(), &lesser, &demanding), None, "{lesser:?}");
    }
    let mut apart = table();
    apart.latency_ms[0][0] = caplet_clearing::UNREACHABLE;
    assert_eq!(cost(&apart, &best, &demanding), None);
}

proptest! {
    #[test]
    fn it_is_the_formula_in_wide_numbers(
        mut market in market(MAX_TICK_SIZE), class in class(), vector in vector(),
        rho: u16, lambda: u16, fee in 0u64..1 << 61,
    ) {
        market.fee_per_lot = fee;
        let vector = Vector { rho, lambda, ..vector };
        if let Some(found) = cost(&market, &class, &vector) {
            let tick = u128::from(market.tick_size);
            let lost = 10_000 - u128::from(market.reliability_bps[usize::from(class.reliability)]);
            let ms = market.latency_ms[usize::from(class.cell.0)][usize::from(vector.cell.0)];
            let wide = u128::from(rho) * tick * lost / 10_000
                + u128::from(lambda) * tick * u128::from(ms) / 1_000
                + u128::from(fee);
            prop_assert_eq!(u128::from(found), wide);
        }
    }

    #[test]
    fn a_better_class_serves_all_that_a_lesser_one_serves_at_no_higher_cost(
        market in market(1_000_000), a in class(), b in class(), vector in vector(),
    ) {
        if a.dominates(&b) && let Some(lesser) = cost(&market, &b, &vector) {
            prop_assert!(cost(&market, &a, &vector).is_some_and(|better| better <= lesser));
        }
    }
}

#[test]
fn a_market_out_of_range_is_named() {
    let check = |change: &dyn Fn(&mut Market)| {
        let mut market = table();
        change(&mut market);
        market.check().map_err(|e| e.to_string())
    };
    assert_eq!(check(&|_| ()), Ok(()));
    type Case<'a> = (&'a dyn Fn(&mut Market), &'a str);
    let cases: [Case<'_>; 5] = [
        (&|m| m.tick_size = MAX_TICK_SIZE + 1, "tick size is 70368744177665, allowed is 1 to"),
        (&|m| m.fee_per_lot = u64::MAX, "fee per lot is 18446744073709551615, allowed is 0 to"),
        (&|m| m.reliability_bps[1] = 4_000, "tier 1 is 4000 bps, allowed is 5000"),
        (&|m| m.reliability_bps[1] = 10_001, "tier 1 is 10001 bps, allowed is 5000"),
        (&|m| m.latency_ms[1] = vec![0], "row 1 has 1 entries, 2 cells need 2"),
    ];
    for (change, says) in cases {
        let error = check(change).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}
