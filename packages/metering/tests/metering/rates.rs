//! Pay follows quality: what one segment was worth sets the rate of the next, and either side loses at most one
//! segment if the other sees it differently.

use crate::world::World;
use caplet_mechanism::quality::{Measured, Schedule};
use caplet_metering::sqlite::Durable;
use caplet_metering::*;
use caplet_protocol::Bps;
use proptest::prelude::*;

const SEGMENT: u64 = 100;
const SCHEDULE: Schedule = Schedule { floor: Bps(4_000), full: Bps(9_000), step: Bps(10_000) };

fn live(risk: Risk) -> World {
    let mut world = World::new(Pace::vouchers(SEGMENT), risk, true);
    world.connect(4).unwrap();
    world
}

/// The rate for the segment after one in which this share was served.
fn rate_after(served: u16) -> Bps {
    let measured = Measured { latency_ms: 0, served: Bps(served), accuracy: None };
    SCHEDULE.next(Bps(10_000), Schedule::quality(&measured, None))
}

/// Serves up to `units` in all, ten at a time.
fn serve_to(world: &mut World, units: u64) -> Result<(), Gate> {
    while world.had < units {
        world.step(10)?;
    }
    Ok(())
}

#[test]
fn a_bad_segment_makes_the_next_one_cheaper_and_a_good_one_makes_it_dear_again() {
    let mut world = live(Risk { cap: 1_000 });
    serve_to(&mut world, 100).unwrap();
    let low = rate_after(4_500);
    assert_eq!(low, Bps(7_000));
    assert!(world.payer.rate(100, low).unwrap() && world.payee.agree(100, low).unwrap());
    serve_to(&mut world, 200).unwrap();
    let full = rate_after(10_000);
    assert!(world.payer.rate(200, full).unwrap() && world.payee.agree(200, full).unwrap());
    serve_to(&mut world, 1_000).unwrap();
    let last = world.payer.last(caplet_protocol::layout::QosReport::default()).unwrap();
    world.hear(&last).unwrap();
    // 900 units at 3 for ten, 100 at seven tenths of that
    assert_eq!(world.payee.state().worth(), 270 + 21);
}

#[test]
fn a_payee_that_does_not_agree_pauses_and_has_lost_at_most_a_segment() {
    for risk in [Risk::stranger(), Risk { cap: 30 }] {
        let mut world = live(risk);
        serve_to(&mut world, 100).unwrap();
        assert!(world.payer.rate(100, SCHEDULE.floor).unwrap());
        let Err(Gate::Pause(pause)) = serve_to(&mut world, 10_000) else {
            panic!("served on at a rate it had not agreed to")
        };
        assert_eq!(pause.reason, PauseReason::Unpaid);
        assert!(world.loss() <= world.terms.segment_value(), "{}", world.loss());
        assert!(world.loss() <= world.most_loss());
        world.payee.finish(End::ProviderFinished).unwrap();
        assert_eq!(world.serve(1), Gate::End(End::ProviderFinished));
    }
}

/// Garbage comes, ten units at a time, until the payee serves no more. The application takes none of it, so nothing is
/// counted; the payer answers every pause as it always does. How much came, and how it ended.
fn serve_garbage(world: &mut World) -> (u64, Gate) {
    let (mut came, mut reasons) = (0, Vec::new());
    loop {
        match world.serve(10) {
            Gate::Go => {
                came += world.served.drain(..).sum::<u64>();
                reasons.clear();
            }
            Gate::Pause(pause) if !reasons.contains(&pause.reason) => {
                reasons.push(pause.reason);
                let meter = world.payer.on_pause(&pause);
                world.payee.on_meter(&meter, world.now).unwrap();
                for _ in 0..2 {
                    world.say().unwrap();
                    world.payer_disk.land(usize::MAX);
                }
                world.hear_all();
                world.payee_disk.land(usize::MAX);
            }
            end => return (came, end),
        }
    }
}

#[test]
fn a_payer_that_pays_for_garbage_has_lost_at_most_a_segment_when_it_stops() {
    for risk in [Risk::stranger(), Risk { cap: 30 }, Risk { cap: 1_000 }] {
        let mut world = live(risk);
        serve_to(&mut world, 100).unwrap();
        let useful = world.terms.owed(100);
        let (came, end) = serve_garbage(&mut world);
        let Gate::Pause(pause) = end else { panic!("{end:?}: it waits to be paid for what came") };
        assert_eq!(pause.reason, PauseReason::Unpaid);
        assert!(came >= SEGMENT, "{came} units of garbage came");
        // all that it has signed, and signs at the end
        let last = world.payer.last(caplet_protocol::layout::QosReport::default()).unwrap();
        world.hear(&last).unwrap();
        let lost = world.payee.state().worth() - useful;
        assert!(lost <= world.terms.segment_value(), "{lost} for {came} units of garbage");
    }
}

/// What only a check at the end of its segment shows was counted and is paid; a stranger has paid the next segment
/// ahead by then.
#[test]
fn garbage_that_shows_when_its_segment_is_checked_costs_that_segment_and_what_was_paid_ahead() {
    for (risk, segments) in [(Risk { cap: 1_000 }, 1), (Risk::stranger(), 2)] {
        let mut world = live(risk);
        serve_to(&mut world, 100).unwrap();
        let useful = world.terms.owed(100);
        serve_to(&mut world, 200).unwrap();
        world.say().unwrap();
        let last = world.payer.last(caplet_protocol::layout::QosReport::default()).unwrap();
        world.hear(&last).unwrap();
        let lost = world.payee.state().worth() - useful;
        let value = world.terms.segment_value();
        assert!(lost <= segments * value, "{lost} is more than {segments} segments");
        assert!(lost > (segments - 1) * value, "{lost} is less than was paid for");
    }
}

#[test]
fn what_is_counted_keeps_its_price() {
    let mut world = live(Risk { cap: 30 });
    serve_to(&mut world, 100).unwrap();
    assert!(!world.payer.rate(99, Bps(5_000)).unwrap());
    assert!(world.payer.rate(200, Bps(5_000)).unwrap());
    assert!(!world.payer.rate(150, Bps(4_000)).unwrap(), "a later switch is known");
    assert!(!world.payer.rate(300, Bps(4_000)).unwrap(), "that one is still ahead");
    assert_eq!(world.payer.state().rates.off(200), 0);
}

#[test]
fn rates_outlive_a_restart_and_old_records_have_the_full_price() {
    let mut world = live(Risk { cap: 30 });
    serve_to(&mut world, 100).unwrap();
    world.payer.rate(100, Bps(5_000)).unwrap();
    world.payee.agree(100, Bps(5_000)).unwrap();
    world.restart_payer();
    world.restart_payee();
    world.connect(4).unwrap();
    serve_to(&mut world, 1_000).unwrap();
    assert!(world.payee.state().worth() <= 30 + 135 + 30, "{}", world.payee.state().worth());
    let old = PayerState::default().encode();
    assert_eq!(PayerState::decode(&old).unwrap().rates, Rates::default());
}

fn switches() -> impl Strategy<Value = Vec<(u64, u16)>> {
    proptest::collection::vec((0u64..2_000, 0..=10_000u16), 0..8)
}

const ALLOWED: Allowed = Allowed { floor: SCHEDULE.floor, step: Bps(2_500) };

#[test]
fn a_payee_takes_what_the_schedule_may_give_and_nothing_else() {
    let full = Rates::default();
    let allows = |before: &Rates, from, rate| ALLOWED.allows(before, SEGMENT, from, Bps(rate));
    assert!(allows(&full, 100, 7_500) && !allows(&full, 100, 7_499), "a step at a time");
    assert!(!allows(&full, 99, 7_500), "after a whole segment");
    assert!(!allows(&full, 100, 10_001), "never over the price");
    let low = full.switched(100, 100, Bps(5_000)).unwrap();
    assert!(allows(&low, 100, 5_000), "what was agreed, said again");
    assert!(allows(&low, 101, 10_000), "up at any time");
    assert!(allows(&low, 200, 4_000) && !allows(&low, 200, 3_999), "never under the floor");
    assert!(!allows(&low, 150, 4_500), "down after a whole segment only");
}

proptest! {
    #[test]
    fn every_rate_that_the_schedule_gives_is_taken(last in 4_000u16..=10_000, quality in 0u16..=10_000, from in 0u64..1_000, more in 0u64..500) {
        let schedule = Schedule { step: ALLOWED.step, ..SCHEDULE };
        let before = Rates::default().switched(from, from, Bps(last)).unwrap();
        let next = schedule.next(Bps(last), Bps(quality));
        prop_assert!(ALLOWED.allows(&before, SEGMENT, from + SEGMENT + more, next));
    }

    #[test]
    fn whatever_is_taken_a_segment_never_costs_less_than_the_floor_nor_more_than_the_price(asked in proptest::collection::vec((0u64..400, 0u16..=11_000), 0..12)) {
        let terms = crate::lane::terms(Pace::vouchers(SEGMENT));
        let (mut rates, mut counted) = (Rates::default(), 0);
        for (more, rate) in asked {
            counted += more;
            if ALLOWED.allows(&rates, SEGMENT, counted, Bps(rate)) {
                let last = rates.next;
                if let Some(next) = rates.switched(counted, counted, Bps(rate)) {
                    rates = next;
                    prop_assert!(rates.next.0 + ALLOWED.step.0 >= last.0);
                }
            }
            prop_assert!((SCHEDULE.floor.0..=10_000).contains(&rates.next.0));
            let owed = terms.owed_at(&rates, counted);
            prop_assert!(owed <= terms.owed(counted));
            prop_assert!(owed + 1 >= terms.owed(counted) * u128::from(SCHEDULE.floor.0) / 10_000);
        }
    }

    #[test]
    fn what_is_owed_rises_with_units_stays_under_the_full_price_and_is_exact(switches in switches(), a in 0u64..20_000, b in 0u64..20_000) {
        let terms = crate::lane::terms(Pace::vouchers(SEGMENT));
        let mut rates = Rates::default();
        let mut truth = vec![10_000u128; 20_000];
        for (from, rate) in switches {
            // the count has come to the last switch: else a further one is refused
            if let Some(next) = rates.switched(rates.switch, from, Bps(rate)) {
                rates = next;
                truth[usize::try_from(from).unwrap()..].fill(rate.into());
            }
        }
        let (low, high) = (a.min(b).max(rates.start), a.max(b).max(rates.start));
        prop_assert!(terms.owed_at(&rates, low) <= terms.owed_at(&rates, high));
        prop_assert!(terms.owed_at(&rates, high) <= terms.owed(high));
        let worth: u128 = truth[..usize::try_from(high).unwrap()].iter().sum();
        prop_assert_eq!(terms.owed_at(&rates, high), worth * 3 / 100_000);
    }

    #[test]
    fn rates_are_stored_as_they_are(switches in switches(), counted: u64) {
        let rates = switches.iter().fold(Rates::default(), |rates, (from, rate)| {
            rates.switched(*from, *from, Bps(*rate)).unwrap_or(rates)
        });
        let payer = PayerState { rates, counted, ..PayerState::default() };
        prop_assert_eq!(PayerState::decode(&payer.encode()), Some(payer));
        let payee = PayeeState { rates, served: counted, ..PayeeState::default() };
        prop_assert_eq!(PayeeState::decode(&payee.encode()), Some(payee));
    }
}
