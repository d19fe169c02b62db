//! What is issued.

use caplet_forward::issue::{Issue, Issued, Policy};
use caplet_protocol::Bps;
use proptest::prelude::*;

const WEEKS: Policy =
    Policy { reserve: Bps(3_000), window: 168, ahead: 4, quantile: Bps(5_000), least: 20 };

#[test]
fn thirty_percent_of_capacity_are_on_sale_four_weeks_ahead() {
    let now = 168 * 10 + 5;
    let issues = WEEKS.missing(now, 10, &[], 100);
    let firsts: Vec<u32> = issues.iter().map(|issue| issue.first / 168).collect();
    assert_eq!(firsts, [11, 12, 13, 14]);
    assert!(issues.iter().all(|one| (one.slots, one.lots, one.price) == (168, 3, 100)));
    let there = [Issued { first: 168 * 12, slots: 168 }, Issued { first: 168 * 13 + 50, slots: 1 }];
    let firsts: Vec<u32> =
        WEEKS.missing(now, 10, &there, 100).iter().map(|issue| issue.first / 168).collect();
    assert_eq!(firsts, [11, 14]);
    assert!(WEEKS.missing(now, 3, &[], 100).is_empty(), "0.9 lots are none");
    assert!(Policy { window: 0, ..WEEKS }.missing(now, 10, &[], 100).is_empty());
}

#[test]
fn the_strike_is_a_quantile_of_what_cleared_and_never_below_the_least() {
    let prices = [300, 100, 200, 500, 400];
    let at = |bps| Policy { quantile: Bps(bps), ..WEEKS }.strike(&prices, 7);
    assert_eq!([at(0), at(5_000), at(7_499), at(10_000)], [100, 300, 300, 500]);
    assert_eq!(WEEKS.strike(&[], 70), 70);
    assert_eq!(WEEKS.strike(&[], 7), 20);
    assert_eq!(WEEKS.strike(&[3, 4], 70), 20);
}

proptest! {
    #[test]
    fn what_was_issued_is_not_issued_again_and_nothing_overlaps_or_begins_in_the_past(
        now in 0u32..1_000_000, capacity in 0u16..2_000, reserve in 0u16..12_000,
        window in 1u16..168, ahead in 0u16..12, there in prop::collection::vec((0u32..2_000, 1u16..168), 0..6),
    ) {
        let policy = Policy { reserve: Bps(reserve), window, ahead, ..WEEKS };
        let mut there: Vec<Issued> =
            there.iter().map(|(ahead, slots)| Issued { first: now + ahead, slots: *slots }).collect();
        let issues = policy.missing(now, capacity, &there, 100);
        prop_assert!(issues.len() <= ahead.into());
        for Issue { first, slots, lots, .. } in &issues {
            prop_assert!(*first > now && *lots <= capacity && *lots > 0);
            let apart = |one: &Issued| {
                one.first + u32::from(one.slots) <= *first || first + u32::from(*slots) <= one.first
            };
            prop_assert!(there.iter().all(apart));
            there.push(Issued { first: *first, slots: *slots });
        }
        prop_assert!(policy.missing(now, capacity, &there, 100).is_empty());
    }
}
