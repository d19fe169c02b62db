//! Rates follow quality, within bounds; thresholds follow what is measured.

use caplet_mechanism::quality::{Band, Measured, Schedule, ScheduleError, Sketch};
use caplet_protocol::Bps;
use proptest::prelude::*;

const SCHEDULE: Schedule = Schedule { floor: Bps(4_000), full: Bps(9_000), step: Bps(10_000) };

fn schedule() -> impl Strategy<Value = Schedule> {
    (0..=10_000u16, 1..=10_000u16, 1..=10_000u16).prop_map(|(floor, full, step)| Schedule {
        floor: Bps(floor),
        full: Bps(full),
        step: Bps(step),
    })
}

#[test]
fn rates_by_hand() {
    let rates = [0, 4_500, 9_000, 10_000].map(|quality| SCHEDULE.rate(Bps(quality)).0);
    assert_eq!(rates, [4_000, 7_000, 10_000, 10_000]);
    let slow = Schedule { step: Bps(1_000), ..SCHEDULE };
    assert_eq!(slow.next(Bps(10_000), Bps(0)), Bps(9_000));
    assert_eq!(slow.next(Bps(4_200), Bps(0)), Bps(4_000));
    assert_eq!(slow.next(Bps(4_000), Bps(9_000)), Bps(10_000), "it rises at once");
}

#[test]
fn schedules_out_of_range_are_named() {
    assert_eq!(SCHEDULE.check(), Ok(()));
    let none = Schedule { full: Bps(0), ..SCHEDULE }.check();
    assert_eq!(none, Err(ScheduleError::Range { field: "full", found: Bps(0), least: 1 }));
    assert!(Schedule { floor: Bps(10_001), ..SCHEDULE }.check().is_err());
    assert!(Schedule { step: Bps(0), ..SCHEDULE }.check().is_err());
}

#[test]
fn a_latency_that_everybody_has_costs_nobody_anything_and_twice_that_does() {
    let mut live = Sketch::default();
    (0..1_000).for_each(|i| live.add(40 + i % 20));
    let band = Band::of(&live, Bps(9_000), Bps(9_500), 100).unwrap();
    let measured = |latency_ms| Measured { latency_ms, served: Bps(10_000), accuracy: None };
    assert_eq!(Schedule::quality(&measured(55), Some(band)), Bps(10_000));
    assert!(Schedule::quality(&measured(110), Some(band)) < Bps(2_000));
    // the whole market is slower: the same latency is what everybody has
    let mut slow = Sketch::default();
    (0..1_000).for_each(|i| slow.add(100 + i % 20));
    let band = Band::of(&slow, Bps(9_000), Bps(9_500), 100).unwrap();
    assert_eq!(Schedule::quality(&measured(110), Some(band)), Bps(10_000));
    assert_eq!(Band::of(&Sketch::default(), Bps(9_000), Bps(9_500), 1), None);
}

#[test]
fn what_fades_makes_room_for_what_is() {
    let mut live = Sketch::default();
    (0..1_000).for_each(|_| live.add(50));
    (0..6).for_each(|_| live.fade());
    (0..1_000).for_each(|_| live.add(500));
    assert!(live.quantile(Bps(5_000)).unwrap() >= 500);
}

proptest! {
    #[test]
    fn rates_are_bounded_and_rise_with_quality(s in schedule(), a in 0..=10_000u16, b in 0..=10_000u16) {
        let (low, high) = (s.rate(Bps(a.min(b))), s.rate(Bps(a.max(b))));
        prop_assert!(s.floor <= low && low <= high && high <= Bps(10_000));
        prop_assert_eq!(s.rate(s.full), Bps(10_000));
    }

    #[test]
    fn a_rate_falls_by_a_step_at_most_and_never_under_the_floor(
        s in schedule(), last in 0..=10_000u16, a in 0..=10_000u16, b in 0..=10_000u16,
    ) {
        let (low, high) = (s.next(Bps(last), Bps(a.min(b))), s.next(Bps(last), Bps(a.max(b))));
        prop_assert!(s.floor <= low && low <= high && high <= Bps(10_000));
        prop_assert!(u32::from(low.0) + u32::from(s.step.0) >= u32::from(last));
    }

    #[test]
    fn quality_never_rises_with_latency_or_what_was_not_served(
        good: u32, width in 0u32..10_000, a: u32, b: u32, served in 0..=10_000u16, less in 0..=10_000u16,
    ) {
        let band = Some(Band { good, bad: good.saturating_add(width) });
        let of = |latency_ms, served| Schedule::quality(&Measured { latency_ms, served: Bps(served), accuracy: None }, band);
        prop_assert!(of(a.max(b), served) <= of(a.min(b), served));
        prop_assert!(of(a, served.min(less)) <= of(a, served.max(less)));
    }

    #[test]
    fn a_quantile_is_never_under_the_exact_one_and_a_sixteenth_over_it_at_most(
        mut values in proptest::collection::vec(any::<u32>(), 1..200), share in 0..=10_000u16,
    ) {
        let mut sketch = Sketch::default();
        values.iter().for_each(|value| sketch.add(*value));
        values.sort_unstable();
        let rank = (values.len() * usize::from(share)).div_ceil(10_000).max(1);
        let exact = u64::from(values[rank - 1]);
        let found = u64::from(sketch.quantile(Bps(share)).unwrap());
        prop_assert!(exact <= found && found <= exact + exact / 16, "{found} for {exact}");
    }

    #[test]
    fn sketches_add_up(a in proptest::collection::vec(any::<u32>(), 0..50), b in proptest::collection::vec(any::<u32>(), 0..50)) {
        let sketch = |values: &[u32]| {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.add(*value));
            sketch
        };
        let (mut one, mut other) = (sketch(&a), sketch(&b));
        one.merge(&sketch(&b));
        other.merge(&sketch(&a));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one, sketch(&[a, b].concat()));
    }
}
