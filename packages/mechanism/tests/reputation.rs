//! Evidence, score, bound, tier, weight.

use caplet_mechanism::reputation::{Evidence, Ladder, LadderError, Prior, weight};
use caplet_protocol::Bps;
use proptest::prelude::*;
use std::num::NonZeroU32;

const MONTH: NonZeroU32 = NonZeroU32::new(30 * 86_400).unwrap();
const PRIOR: Prior = Prior { mean: Bps(5_000), weight: 2_000 };

fn evidence() -> impl Strategy<Value = Evidence> {
    (0u64..1 << 45, 0u64..1 << 45).prop_map(|(alpha, beta)| Evidence { alpha, beta })
}

fn prior() -> impl Strategy<Value = Prior> {
    (0..=10_000u16, 1..100_000u64).prop_map(|(mean, weight)| Prior { mean: Bps(mean), weight })
}

fn half_life() -> impl Strategy<Value = NonZeroU32> {
    (1..=u32::MAX).prop_map(|secs| NonZeroU32::new(secs).unwrap())
}

proptest! {
    #[test]
    fn decay_is_the_power_of_two(e in evidence(), elapsed in 0u64..1 << 30, half in half_life()) {
        let left = e.decayed(elapsed, half);
        let f = (-(elapsed as f64) / f64::from(half.get())).exp2();
        prop_assert!((left.alpha as f64 - e.alpha as f64 * f).abs() <= 1.0 + e.alpha as f64 * 1e-12);
        prop_assert!(left.alpha <= e.alpha && left.beta <= e.beta);
    }

    #[test]
    fn decay_composes(e in evidence(), a in 0u64..1 << 28, b in 0u64..1 << 28, half in half_life()) {
        let once = e.decayed(a + b, half);
        let twice = e.decayed(a, half).decayed(b, half);
        prop_assert!(once.alpha.abs_diff(twice.alpha) <= 1 && once.beta.abs_diff(twice.beta) <= 1);
    }

    #[test]
    fn longer_is_never_less_decay(e in evidence(), a: u64, b: u64, half in half_life()) {
        prop_assert!(e.decayed(a.max(b), half).alpha <= e.decayed(a.min(b), half).alpha);
    }

    #[test]
    fn a_rating_adds_exactly_its_weight(e in evidence(), w in 0u64..1 << 40, r in 0..=10_000u16) {
        let after = e.rated(w, Bps(r));
        prop_assert_eq!(after.alpha + after.beta, e.alpha + e.beta + w * 1_000);
    }

    #[test]
    fn scores_stay_between_nothing_and_all(e in evidence(), p in prior()) {
        let (mean, bound) = (p.mean_of(e), p.bound_of(e));
        prop_assert!(bound <= mean && mean <= Bps(10_000));
    }

    #[test]
    fn a_better_rating_never_lowers_score_or_bound(
        e in evidence(), p in prior(), w in 0u64..1 << 40, a in 0..=10_000u16, b in 0..=10_000u16,
    ) {
        let (worse, better) = (e.rated(w, Bps(a.min(b))), e.rated(w, Bps(a.max(b))));
        prop_assert!(p.mean_of(better) >= p.mean_of(worse));
        prop_assert!(p.bound_of(better) >= p.bound_of(worse));
    }

    #[test]
    fn perfect_service_never_lowers_the_bound(e in evidence(), p in prior(), w in 0u64..1 << 40) {
        prop_assert!(p.bound_of(e.rated(w, Bps(10_000))) >= p.bound_of(e));
    }

    #[test]
    fn the_bound_is_its_formula_and_never_above_it(e in evidence(), p in prior()) {
        let (a, b) = (e.alpha as f64 / 1e6, e.beta as f64 / 1e6);
        let w0 = p.weight as f64 / 1e3;
        let n = a + b + w0;
        let r = (a + f64::from(p.mean.0) / 1e4 * w0) / n;
        let exact = (r - 1.644_854 * (r * (1.0 - r) / (n + 1.0)).sqrt()).max(0.0) * 1e4;
        let found = f64::from(p.bound_of(e).0);
        prop_assert!(found <= exact + 0.1 && exact - found <= 1.1, "{found} for {exact}");
    }

    #[test]
    fn without_service_the_score_returns_to_the_prior(e in evidence(), p in prior()) {
        let faded = e.decayed(64 * u64::from(MONTH.get()), MONTH);
        prop_assert_eq!(faded, Evidence::default());
        prop_assert_eq!(p.mean_of(faded), p.mean);
    }

    #[test]
    fn no_split_of_fees_over_payers_weighs_more(
        fees in proptest::collection::vec(0u64..1 << 40, 1..20), standard in 1u64..1 << 40,
    ) {
        let split: u64 = fees.iter().map(|&fee| weight(fee, standard, 0, u64::MAX)).sum();
        let whole = fees.iter().sum::<u64>();
        prop_assert!(split <= weight(whole, standard, 0, u64::MAX));
        prop_assert!(u128::from(split) * u128::from(standard) <= u128::from(whole) * 1_000);
    }

    #[test]
    fn a_payer_never_weighs_more_than_its_cap(
        fees in proptest::collection::vec(any::<u64>(), 1..20), standard: u64, cap: u64,
    ) {
        let used = fees.iter().fold(0u64, |used, &fee| used + weight(fee, standard, used, cap));
        prop_assert!(used <= cap);
    }

    #[test]
    fn raising_a_score_by_wash_trading_costs_its_price(good in 1u64..10_000, to in 5_100..9_900u16) {
        // fee * W (R' - R) / (1 - R') at a standard fee of 1,000 base units a lease
        let before = Evidence { alpha: good * 1_000_000, beta: good * 1_000_000 };
        let w = (2 * good + 2) as f64;
        let cost = 1_000.0 * w * (f64::from(to) / 1e4 - 0.5) / (1.0 - f64::from(to) / 1e4);
        let spent = (cost * 0.999) as u64;
        let after = before.rated(weight(spent, 1_000, 0, u64::MAX), Bps(10_000));
        prop_assert!(PRIOR.mean_of(after) < Bps(to + 1));
        let after = before.rated(weight((cost * 1.001) as u64 + 2, 1_000, 0, u64::MAX), Bps(10_000));
        prop_assert!(PRIOR.mean_of(after) >= Bps(to - 2));
    }

    #[test]
    fn tiers_rise_with_the_bound_and_the_unrated_are_in_the_lowest(
        p in prior(), mut bounds in proptest::collection::vec(1..=10_000u16, 0..7), a: u16, b: u16,
    ) {
        bounds.sort_unstable();
        let bounds: Vec<_> = bounds.into_iter().map(Bps).collect();
        let ladder = Ladder(&bounds);
        prop_assert!(ladder.tier(Bps(a.min(b))) <= ladder.tier(Bps(a.max(b))));
        if ladder.check(p).is_ok() {
            prop_assert_eq!(ladder.tier(p.bound_of(Evidence::default())), 0);
        }
    }

    #[test]
    fn over_the_same_good_leases_a_new_identity_is_never_ahead_of_a_record_without_a_blemish(
        p in prior(), had in 0u64..1 << 40, w in 0u64..1 << 40,
    ) {
        let fresh = Evidence::default().rated(w, Bps(10_000));
        let back = Evidence::default().rated(had, Bps(10_000)).rated(w, Bps(10_000));
        prop_assert!(p.mean_of(back) >= p.mean_of(fresh));
        prop_assert!(p.bound_of(back) >= p.bound_of(fresh));
    }

    /// A bad record is worth leaving behind: this much of the score, and less with every good lease.
    #[test]
    fn over_the_same_good_leases_a_new_identity_is_ahead_of_a_bad_record_by_its_share_at_most(
        p in prior(), e in evidence(), w in 0u64..1 << 40,
    ) {
        let (fresh, back) = (Evidence::default().rated(w, Bps(10_000)), e.rated(w, Bps(10_000)));
        let bad = e.beta as f64;
        let share = bad / (bad + 1e3 * (w + p.weight) as f64);
        let ahead = f64::from(p.mean_of(fresh).0) - f64::from(p.mean_of(back).0);
        prop_assert!(ahead <= 1e4 * share + 1.001, "{ahead} for a share of {share}");
    }
}

/// Thousandths of a standard lease, all of it good, that take a record to each of three tiers.
fn climbs(from: Evidence) -> [u64; 3] {
    let bound = |w: u64| PRIOR.bound_of(from.rated(w, Bps(10_000)));
    [3_000, 6_000, 8_000].map(|tier| (0..).step_by(10).find(|w| bound(*w) >= Bps(tier)).unwrap())
}

#[test]
fn a_new_identity_burns_fees_for_every_tier_and_fewer_than_who_comes_back_with_a_bad_record() {
    assert_eq!(climbs(Evidence::default()), [1_120, 3_980, 10_600]);
    // back when half of the three bad leases that suspended it had faded
    assert_eq!(climbs(Evidence { alpha: 0, beta: 1_499_000 }), [2_750, 8_290, 21_080]);
    // the same with half of it good
    assert_eq!(climbs(Evidence { alpha: 749_000, beta: 750_000 }), [1_250, 5_510, 15_350]);
    // suspended for faults, with a record: nothing is left to climb
    assert_eq!(climbs(Evidence { alpha: 40_000_000, beta: 0 }), [0, 0, 0]);
}

#[test]
fn a_month_halves() {
    let e = Evidence { alpha: 8_000_001, beta: 4_000_000 };
    let month = u64::from(MONTH.get());
    assert_eq!(e.decayed(month, MONTH), Evidence { alpha: 4_000_000, beta: 2_000_000 });
    assert_eq!(e.decayed(3 * month, MONTH), Evidence { alpha: 1_000_000, beta: 500_000 });
    assert_eq!(e.decayed(0, MONTH), e);
    assert_eq!(e.decayed(u64::MAX, MONTH), Evidence::default());
}

#[test]
fn the_bound_by_hand() {
    // one lease's weight of nothing but good on a prior of two halves: R = 2/3, n = 3
    let e = Evidence::default().rated(1_000, Bps(10_000));
    assert_eq!(PRIOR.mean_of(e), Bps(6_666));
    // 0.666667 - sqrt(2.7055 * 0.222222 / 4) = 0.666667 - 0.387693
    assert_eq!(PRIOR.bound_of(e), Bps(2_789));
    // a hundred: R = 101/102, n = 102
    let e = Evidence::default().rated(100_000, Bps(10_000));
    assert_eq!((PRIOR.mean_of(e), PRIOR.bound_of(e)), (Bps(9_901), Bps(9_742)));
}

#[test]
fn ladders_that_do_not_rise_are_refused() {
    assert_eq!(Ladder(&[Bps(3_000), Bps(6_000), Bps(9_000)]).check(PRIOR), Ok(()));
    let flat = Ladder(&[Bps(3_000), Bps(3_000)]).check(PRIOR);
    assert_eq!(flat, Err(LadderError::Bounds { tier: 2, bps: Bps(3_000) }));
    let beyond = Ladder(&[Bps(10_001)]).check(PRIOR);
    assert_eq!(beyond, Err(LadderError::Bounds { tier: 1, bps: Bps(10_001) }));
    // the prior alone is at 0.5 - sqrt(2.7055 * 0.25 / 3) = 0.0252
    let low = Ladder(&[Bps(200)]).check(PRIOR);
    assert_eq!(low, Err(LadderError::Unrated { first: Bps(200), unrated: Bps(251) }));
}

#[test]
fn nothing_burned_weighs_nothing() {
    assert_eq!(weight(0, 10, 0, 100), 0);
    assert_eq!(weight(10, 0, 0, 100), 0);
    assert_eq!(weight(5, 10, 0, 10_000), 500);
    assert_eq!(weight(500, 10, 200, 1_000), 800);
    assert_eq!(weight(500, 10, 2_000, 1_000), 0);
}
