//! The base price.

use caplet_mechanism::price::{Base, Controller};
use caplet_protocol::{Bps, Tick};
use proptest::prelude::*;

const PLAIN: Controller = Controller {
    gain: Bps(1_250),
    step: Bps(1_250),
    target: Bps(8_000),
    floor: Tick(1),
    ceiling: Tick(u16::MAX),
};

fn controller() -> impl Strategy<Value = Controller> {
    (1..=10_000u16, 1..=10_000u16, 1..=10_000u16, 1..1_000u16, 0..60_000u16).prop_map(
        |(gain, step, target, floor, room)| Controller {
            gain: Bps(gain),
            step: Bps(step),
            target: Bps(target),
            floor: Tick(floor),
            ceiling: Tick(floor + room),
        },
    )
}

fn base() -> impl Strategy<Value = Base> {
    (1u64 << 32..=u64::from(u16::MAX) << 32).prop_map(Base)
}

fn ln(base: Base) -> f64 {
    (base.0 as f64).ln()
}

proptest! {
    #[test]
    fn the_step_is_bounded_and_the_price_stays_in_its_range(
        c in controller(), base in base(), demanded: u64, offered: u64,
    ) {
        let next = c.next(base, demanded, offered);
        prop_assert!(Base::from(c.floor) <= next && next <= Base::from(c.ceiling));
        prop_assert!(c.floor <= next.tick() && next.tick() <= c.ceiling);
        let inside = base.0.clamp(Base::from(c.floor).0, Base::from(c.ceiling).0) == base.0;
        if inside {
            let most = f64::from(c.step.0) / 10_000.0;
            prop_assert!((ln(next) - ln(base)).abs() <= most + 1e-12);
        }
    }

    #[test]
    fn the_target_is_a_fixed_point(c in controller(), base in base(), lots in 1u64..1 << 40) {
        // U = target exactly
        let next = c.next(base, lots * u64::from(c.target.0), lots * 10_000);
        prop_assert_eq!(next.0, base.0.clamp(Base::from(c.floor).0, Base::from(c.ceiling).0));
    }

    #[test]
    fn more_demand_never_lowers_and_more_supply_never_raises(
        c in controller(), base in base(), demanded in 0u64..1 << 50, offered in 0u64..1 << 50,
        more in 0u64..1 << 50,
    ) {
        prop_assert!(c.next(base, demanded.saturating_add(more), offered) >= c.next(base, demanded, offered)
            // from nothing to nothing offered it cannot rise
            || demanded == 0 && offered == 0);
        if offered > 0 {
            prop_assert!(c.next(base, demanded, offered + more) <= c.next(base, demanded, offered));
        }
    }

    #[test]
    fn a_dearer_price_stays_the_dearer(
        c in controller(), a in base(), b in base(), demanded: u64, offered: u64,
    ) {
        prop_assert!(c.next(a.max(b), demanded, offered) >= c.next(a.min(b), demanded, offered));
    }

    #[test]
    fn it_is_the_formula(base in base(), demanded in 1u64..1 << 40, offered in 1u64..1 << 40) {
        let next = PLAIN.next(base, demanded, offered);
        let u = demanded as f64 / offered as f64;
        let step = (0.125 * (u / 0.8 - 1.0)).clamp(-0.125, 0.125);
        let exact = ln(base) + step;
        let bounded = exact.clamp(ln(Base::from(PLAIN.floor)), ln(Base::from(PLAIN.ceiling)));
        prop_assert!((ln(next) - bounded).abs() < 1e-9, "{} for {}", ln(next), bounded);
    }

    #[test]
    fn over_a_stretch_where_nothing_binds_the_mean_use_is_the_target(
        uses in proptest::collection::vec(0u64..16_000, 1..200),
    ) {
        // U / U* in 0..2 never meets the clamp at d = delta; prices start in the middle and stay free
        let start = Base::from(Tick(256));
        let wide = Controller { gain: Bps(100), step: Bps(100), ..PLAIN };
        let end = uses.iter().fold(start, |price, &demanded| wide.next(price, demanded, 10_000));
        let n = uses.len() as f64;
        let mean = uses.iter().map(|&u| u as f64 / 8_000.0).sum::<f64>() / n;
        let bound = (ln(end) - ln(start)).abs() / (0.01 * n);
        if end > Base::from(PLAIN.floor) && end < Base::from(PLAIN.ceiling) {
            prop_assert!((mean - 1.0).abs() <= bound + 1e-6, "{mean} {bound}");
        }
    }
}

#[test]
fn one_side_alone_moves_by_the_whole_step() {
    let base = Base::from(Tick(1_000));
    let ratio = |next: Base| ln(next) - ln(base);
    assert!((ratio(PLAIN.next(base, 7, 0)) - 0.125).abs() < 1e-9);
    assert!((ratio(PLAIN.next(base, 0, 7)) + 0.125).abs() < 1e-9);
    assert_eq!(PLAIN.next(base, 0, 0), base);
}

#[test]
fn both_ways_are_rounded_towards_the_old_price() {
    // 1000 e^(1/8) and 1000 e^(-1/8) in 2^-32 ticks, to 60 digits, rounded down and up
    let base = Base::from(Tick(1_000));
    assert_eq!(PLAIN.next(base, 1, 0), Base(4_866_835_547_435));
    assert_eq!(PLAIN.next(base, 0, 1), Base(3_790_295_335_423));
}

#[test]
fn scarcity_raises_as_fast_as_glut_lowers() {
    // a use capped at 1 would let the price rise by a quarter of the step only
    let base = Base::from(Tick(1_000));
    let up = ln(PLAIN.next(base, 16, 10)) - ln(base);
    assert!((up - 0.125).abs() < 1e-9);
}

#[test]
fn a_low_price_moves_too() {
    let mut base = Base::from(Tick(3));
    for _ in 0..3 {
        base = PLAIN.next(base, 9, 10);
    }
    assert!(base > Base::from(Tick(3)));
    for _ in 0..20 {
        base = PLAIN.next(base, 9, 10);
    }
    assert_eq!(base.tick(), Tick(4));
}

/// Largest distance of ln p from its rest in the last rounds, with demand of elasticity `e` near the rest.
fn swing(elasticity: f64) -> f64 {
    let rest = Base::from(Tick(4_000));
    let mut price = Base(rest.0 + rest.0 / 50);
    let mut last = vec![];
    for _ in 0..400 {
        let demand = 0.8 * ((ln(price) - ln(rest)) * -elasticity).exp();
        price = PLAIN.next(price, (demand * 1e9) as u64, 1_000_000_000);
        last.push((ln(price) - ln(rest)).abs());
    }
    last[350..].iter().copied().fold(0.0, f64::max)
}

#[test]
fn it_settles_below_twice_and_swings_above() {
    assert!(swing(1.875 / 0.125) < 1e-6);
    assert!(swing(2.125 / 0.125) > 1e-2);
}

#[test]
fn it_does_not_overshoot_up_to_once() {
    let rest = Base::from(Tick(4_000));
    let mut price = Base::from(Tick(4_800));
    for _ in 0..400 {
        let demand = 0.8 * ((ln(price) - ln(rest)) * -8.0).exp();
        price = PLAIN.next(price, (demand * 1e9) as u64, 1_000_000_000);
        assert!(ln(price) >= ln(rest) - 1e-6);
    }
    assert_eq!(price.tick(), rest.tick());
}

#[test]
fn parameters_out_of_range_are_named() {
    let says = |c: Controller| c.check().unwrap_err().to_string();
    assert!(PLAIN.check().is_ok());
    assert!(says(Controller { gain: Bps(0), ..PLAIN }).contains("gain is 0 bps"));
    assert!(says(Controller { step: Bps(10_001), ..PLAIN }).contains("step is 10001 bps"));
    assert!(says(Controller { target: Bps(0), ..PLAIN }).contains("target is 0 bps"));
    assert!(says(Controller { floor: Tick(0), ..PLAIN }).contains("floor is 0"));
    assert!(says(Controller { ceiling: Tick(0), ..PLAIN }).contains("ceiling 0"));
}

#[test]
fn ticks_round_to_the_nearest() {
    assert_eq!(Base((7 << 32) + (1 << 31)).tick(), Tick(8));
    assert_eq!(Base((7 << 32) + (1 << 31) - 1).tick(), Tick(7));
    assert_eq!(Base(u64::MAX).tick(), Tick(u16::MAX));
}
