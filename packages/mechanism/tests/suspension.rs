//! Suspension and return.

use caplet_mechanism::reputation::{
    Cause, Evidence, Fitness, Prior, Suspension, SuspensionError, recent_faults,
};
use caplet_protocol::Bps;
use proptest::prelude::*;
use std::num::NonZeroU32;

const RULES: Suspension = Suspension {
    below: Bps(3_000),
    above: Bps(5_000),
    evidence: 5_000,
    faults: 3,
    cooldown_secs: 3_600,
};
const PRIOR: Prior = Prior { mean: Bps(5_000), weight: 2_000 };
const MONTH: NonZeroU32 = NonZeroU32::new(30 * 86_400).unwrap();

fn fitness(e: Evidence, faults: u32) -> Fitness {
    Fitness { score: PRIOR.mean_of(e), bound: PRIOR.bound_of(e), evidence: e.weight(), faults }
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (0u64..1 << 30, 0u64..1 << 30).prop_map(|(alpha, beta)| Evidence { alpha, beta })
}

/// At which of its leases a device is suspended that serves `good` ones and then only bad ones.
fn suspended_after(good: u64) -> Option<usize> {
    let mut e = Evidence::default().rated(good * 1_000, Bps(10_000));
    (0..100).find(|_| {
        let before = fitness(e, 0);
        e = e.rated(1_000, Bps(0));
        RULES.due(before, fitness(e, 0)).is_some()
    })
}

#[test]
fn bad_service_suspends_once_there_is_enough_of_it() {
    // nothing but bad service: the bound is at 0 at once, the fifth lease is enough evidence
    assert_eq!(suspended_after(0), Some(4));
    assert_eq!(suspended_after(1), Some(3));
    // after three good ones the second bad one takes the bound under 30 % and is the fifth in all
    assert_eq!(suspended_after(3), Some(1));
    // a longer history bears more
    assert!(suspended_after(30) > suspended_after(10));
}

#[test]
fn faults_suspend_whatever_the_bound() {
    let good = fitness(Evidence { alpha: 900_000_000, beta: 0 }, 2);
    let third = Fitness { faults: 3, ..good };
    assert_eq!(RULES.due(good, third), Some(Cause::Faults));
    // not again for the same faults
    assert_eq!(RULES.due(third, third), None);
    assert_eq!(Suspension { faults: 0, ..RULES }.due(good, third), None);
}

#[test]
fn each_repeat_doubles_the_cooldown_up_to_sixty_four_fold() {
    let found: Vec<_> = (0..9).map(|times| RULES.cooldown(times) / 3_600).collect();
    assert_eq!(found, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
    assert_eq!(
        Suspension { cooldown_secs: u32::MAX, ..RULES }.cooldown(u32::MAX),
        64 * 0xFFFF_FFFF
    );
}

#[test]
fn faults_count_within_the_window_however_it_is_cut() {
    let mut times = vec![];
    let counts: Vec<_> =
        [0, 99, 100, 101, 500].map(|now| recent_faults(&mut times, now, 100, 3)).into();
    assert_eq!(counts, [1, 2, 2, 3, 1]);
    assert_eq!(times, [500]);
}

#[test]
fn evidence_that_only_just_sufficed_holds_until_half_of_it_has_faded() {
    let bad = Evidence::default().rated(RULES.evidence, Bps(0));
    let after = |secs| fitness(bad.decayed(secs, MONTH), 0);
    let month = u64::from(MONTH.get());
    assert!(!RULES.may_return(0, 1, after(3_600)));
    assert!(!RULES.may_return(0, 1, after(month - 1)));
    assert!(RULES.may_return(0, 1, after(month + 3_600)));
}

#[test]
fn rules_without_room_or_end_are_refused() {
    assert_eq!(RULES.check(), Ok(()));
    let flat = Suspension { above: Bps(3_000), ..RULES }.check();
    assert_eq!(flat, Err(SuspensionError::Hysteresis { below: Bps(3_000), above: Bps(3_000) }));
    let none = Suspension { evidence: 0, ..RULES }.check();
    assert_eq!(none, Err(SuspensionError::NoEvidence));
}

proptest! {
    #[test]
    fn time_alone_and_good_service_never_suspend(e in evidence(), elapsed in 0u64..1 << 28, w in 0u64..100_000) {
        let now = e.decayed(elapsed, MONTH);
        prop_assert_eq!(RULES.due(fitness(now, 0), fitness(now, 0)), None);
        prop_assert_eq!(RULES.due(fitness(now, 0), fitness(now.rated(w, Bps(10_000)), 0)), None);
    }

    #[test]
    fn nobody_returns_before_the_cooldown_is_over(e in evidence(), until in 1u64..1 << 40, early in 1u64..1 << 20) {
        let now = until.saturating_sub(early);
        prop_assert!(!RULES.may_return(until, now, fitness(e, 0)));
    }

    #[test]
    fn everybody_may_return_in_the_end(e in evidence(), until in 0u64..1 << 28) {
        let later = until + 64 * u64::from(MONTH.get());
        let faded = e.decayed(64 * u64::from(MONTH.get()), MONTH);
        prop_assert!(RULES.may_return(until, later, fitness(faded, 0)));
    }

    #[test]
    fn who_returns_is_not_suspended_again_without_new_faults_of_its_own(
        e in evidence(), elapsed in 0u64..1 << 28, later in 0u64..1 << 24, w in 0u64..100_000,
    ) {
        let then = e.decayed(elapsed, MONTH);
        if RULES.may_return(0, 1, fitness(then, 0)) {
            let later = then.decayed(later, MONTH);
            let served_well = later.rated(w, Bps(10_000));
            prop_assert_eq!(RULES.due(fitness(later, 0), fitness(served_well, 0)), None);
        }
    }

    #[test]
    fn between_suspension_and_return_lies_the_whole_band(e in evidence(), w in 1u64..100_000, r in 0..10_000u16) {
        // a device that comes back by its bound has to lose the whole band before it is suspended again
        let before = fitness(e, 0);
        let after = fitness(e.rated(w, Bps(r)), 0);
        if RULES.may_return(0, 1, before) && before.evidence >= RULES.evidence
            && RULES.due(before, after).is_some() {
            prop_assert!(before.bound.0 - after.bound.0 > RULES.above.0 - RULES.below.0);
        }
    }
}
