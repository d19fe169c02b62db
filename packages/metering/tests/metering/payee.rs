//! What a payee serves, and what it refuses.

use crate::lane::terms;
use crate::world::World;
use caplet_metering::payer::Connection;
use caplet_metering::*;
use caplet_protocol::{LeaseId, layout::QosReport};
use proptest::prelude::*;

const CREDIT: Risk = Risk { cap: 30 };

fn live(pace: Pace, risk: Risk) -> World {
    let mut world = World::new(pace, risk, true);
    world.connect(4).unwrap();
    world
}

fn why(gate: Gate) -> PauseReason {
    match gate {
        Gate::Pause(pause) => pause.reason,
        other => panic!("{other:?} is no pause"),
    }
}

fn served(world: &mut World) -> u64 {
    let mut units = 0;
    while world.serve(1) == Gate::Go {
        units += 1;
    }
    units
}

#[test]
fn a_stranger_is_served_what_it_has_paid() {
    let mut world = live(Pace::vouchers(100), Risk::stranger());
    assert_eq!(world.payee.room(world.now), 3, "three units are worth less than a base unit");
    world.say().unwrap();
    world.hear_all();
    assert_eq!(world.payee.room(world.now), 103);
    assert_eq!(served(&mut world), 103);
    let Gate::Pause(pause) = world.serve(7) else { panic!("served unpaid") };
    assert_eq!(pause, Pause { reason: PauseReason::Unpaid, wanted: 110 });
}

#[test]
fn service_goes_on_as_soon_as_it_is_paid_and_not_before() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    assert_eq!(served(&mut world), 103, "30 base units on credit");
    assert_eq!(why(world.serve(1)), PauseReason::Unpaid);
    world.accept();
    world.say().unwrap();
    world.hear_all();
    assert_eq!(world.serve(1), Gate::Go);
}

#[test]
fn a_voucher_pays_once_it_is_on_disk() {
    let mut world = World::new(Pace::vouchers(100), Risk::stranger(), false);
    world.connect(4).unwrap();
    world.say().unwrap();
    world.payer_disk.land(9);
    world.say().unwrap();
    world.hear_all();
    assert_eq!(why(world.serve(10)), PauseReason::Storing);
    world.payee_disk.land(9);
    assert_eq!(why(world.serve(10)), PauseReason::Storing, "what is served is reserved first");
    world.payee_disk.land(9);
    assert_eq!(world.serve(10), Gate::Go);
}

#[test]
fn an_old_view_of_the_chain_leaves_only_what_is_paid() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    world.now = ChainTime(world.view.at.0 + View::FRESH_MS + 1);
    assert_eq!(served(&mut world), 3);
    assert_eq!(why(world.serve(1)), PauseReason::StaleView);
    world.see_chain();
    assert_eq!(world.serve(1), Gate::Go);
}

#[test]
fn owed_and_not_redeemed_stays_under_the_exposure_cap() {
    let mut world = World::new(Pace::vouchers(100), Risk { cap: 1_000_000 }, true);
    world.terms.exposure_cap = 60;
    world.restart_payee();
    world.connect(4).unwrap();
    assert_eq!(served(&mut world), 203, "floor(203 * 3 / 10) = 60");
    assert_eq!(why(world.serve(1)), PauseReason::Exposure);
    world.accept();
    world.say().unwrap();
    world.hear_all();
    assert_eq!(why(world.serve(1)), PauseReason::Exposure, "a voucher does not help");
    world.settle();
    world.see_chain();
    assert_eq!(world.serve(1), Gate::Go);
}

#[test]
fn the_lanes_cap_ends_it_until_it_is_topped_up() {
    let mut world = live(Pace::vouchers(100), Risk { cap: 1_000_000 });
    world.view.cap = 30;
    world.see_chain();
    assert_eq!(served(&mut world), 103);
    assert_eq!(world.serve(1), Gate::End(End::Exhausted));
    // the payer's own count says the same
    world.accept();
    assert!(world.payer.is_short_of(1) && !world.payer.is_short_of(0));
    world.view.cap = 40;
    world.now = ChainTime(world.now.0 + 1);
    world.see_chain();
    assert!(!world.payer.is_short_of(1));
    assert_eq!(world.serve(1), Gate::Go);
}

#[test]
fn counts_within_tolerance_are_settled_for_the_consumer() {
    let mut world = live(Pace::vouchers(1_000), Risk { cap: 60 });
    for _ in 0..100 {
        assert_eq!(world.serve(1), Gate::Go);
    }
    world.now = ChainTime(world.now.0 + 5_000);
    let meter = Meter { units: 99, ..world.payer.meter() };
    world.payee.on_meter(&meter, world.now).unwrap();
    // the first mark was set at the first unit, which was counted; the next one is for all
    world.now = ChainTime(world.now.0 + 5_000);
    world.payee.on_meter(&meter, world.now).unwrap();
    assert_eq!((world.payee.state().served, world.payee.state().written_off), (99, 1));
    assert_eq!(world.serve(1), Gate::Go);
}

#[test]
fn three_counts_in_a_row_that_differ_beyond_tolerance_end_it() {
    let mut world = live(Pace::vouchers(1_000), CREDIT);
    for _ in 0..100 {
        assert_eq!(world.serve(1), Gate::Go);
    }
    let meter = Meter { units: 50, ..world.payer.meter() };
    for strikes in 0..3 {
        assert_eq!(world.payee.state().strikes, strikes);
        for _ in 0..2 {
            if world.payee.state().strikes == strikes {
                world.now = ChainTime(world.now.0 + 5_000);
                world.payee.on_meter(&meter, world.now).unwrap();
            }
        }
        world.see_chain();
        if strikes < 2 {
            assert_eq!(why(world.serve(1)), PauseReason::CountMismatch);
        }
    }
    assert_eq!(world.serve(1), Gate::End(End::CountMismatch));
    assert_eq!(world.payee_disk.durable().unwrap().end, Some(End::CountMismatch));
    assert_eq!(world.payee.state().served, 100, "what was served stays owed");
}

#[test]
fn a_count_that_catches_up_resumes_service() {
    let mut world = live(Pace::vouchers(1_000), CREDIT);
    for _ in 0..100 {
        assert_eq!(world.serve(1), Gate::Go);
    }
    let low = Meter { units: 50, ..world.payer.meter() };
    for _ in 0..2 {
        world.now = ChainTime(world.now.0 + 5_000);
        world.payee.on_meter(&low, world.now).unwrap();
    }
    assert_eq!(why(world.serve(1)), PauseReason::CountMismatch);
    let high = Meter { units: 100, ..low };
    world.payee.on_meter(&high, world.now).unwrap();
    world.see_chain();
    assert_eq!(world.serve(1), Gate::Go);
    // a late count says nothing
    world.payee.on_meter(&low, world.now).unwrap();
    assert_eq!(world.payee.state().served, 101);
}

#[test]
fn what_is_on_its_way_is_no_difference() {
    let mut world = live(Pace::vouchers(1_000), CREDIT);
    for units in 0..100 {
        assert_eq!(world.serve(1), Gate::Go);
        let meter = Meter { units: units / 2, ..world.payer.meter() };
        world.payee.on_meter(&meter, world.now).unwrap();
    }
    assert_eq!((world.payee.state().strikes, world.payee.state().written_off), (0, 0));
}

#[test]
fn a_crash_of_the_payee_costs_at_most_what_it_had_reserved() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    for _ in 0..50 {
        assert_eq!(world.serve(1), Gate::Go);
    }
    world.accept();
    let reserved = world.payee.state().reserved;
    assert!(reserved >= 50);
    world.payee_disk.lose_power(0);
    world.restart_payee();
    assert_eq!(world.payee.served(), reserved, "the most that may have been served");
    assert_eq!(why(world.serve(1)), PauseReason::NotResumed);
    world.connect(4).unwrap();
    assert_eq!(world.payee.served(), 50, "the consumer's word settles what was in doubt");
    assert!(world.payee.credit() < CREDIT.cap, "and stays inside the risk cap");
}

#[test]
fn what_is_reserved_is_hurried_to_the_disk_before_service_waits_for_it_and_not_where_it_is_slow() {
    // a quarter of the credit, 669 units, is reserved at a time, anew with half of it left
    let mut world = World::new(Pace::vouchers(100), Risk { cap: 800 }, false);
    world.connect(4).unwrap();
    assert_eq!(why(world.serve(1)), PauseReason::Storing, "nothing is reserved yet");
    world.payee_disk.land(9);
    let hurried = world.payee_disk.hurried();
    for _ in 0..400 {
        assert_eq!(world.serve(1), Gate::Go);
    }
    assert_eq!(world.payee_disk.hurried(), hurried, "there is time to gather others");
    let mut most = 400;
    while world.serve(1) == Gate::Go {
        most += 1;
        let soon = world.payee_disk.hurried() > hurried;
        assert_eq!(soon, most > 503, "{most} units: 167 before the end");
    }
    assert_eq!(most, 670, "what is on the disk, and not a unit more");
    world.payee_disk.land(9);
    let hurried = world.payee_disk.hurried();
    assert_eq!(world.serve(1), Gate::Go);
    assert_eq!(world.payee_disk.hurried(), hurried, "enough is reserved again");
}

#[test]
fn a_store_behind_the_chain_serves_nothing_on_credit() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    for _ in 0..80 {
        assert_eq!(world.serve(1), Gate::Go);
    }
    world.accept();
    world.say().unwrap();
    world.hear_all();
    world.settle();
    world.payee_disk.restore(usize::MAX);
    world.restart_payee();
    assert!(world.payee.state().recovered);
    world.connect(4).unwrap();
    assert_eq!(world.payee.state().worth(), world.payer.state().worth(), "the payer has shown it");
    assert_eq!((world.payee.served(), world.payee.credit()), (80, 0));
}

#[test]
fn hellos_of_other_connections_epochs_and_keys_are_refused() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    let connection = Connection { payer: [1; 32], payee: [2; 32], exporter: [3; 32] };
    let hello = |world: &mut World| {
        let challenge = world.payee.challenge([4; 32]);
        world.payer.hello(&challenge, &connection).unwrap()
    };
    let good = hello(&mut world);
    for other in [
        Connection { payer: [9; 32], ..connection },
        Connection { payee: [9; 32], ..connection },
        Connection { exporter: [9; 32], ..connection },
    ] {
        assert_eq!(world.payee.on_hello(&good, &other), Err(Refusal::OtherConnection));
    }
    let mut forged = good;
    forged.hello.counted += 1;
    assert_eq!(world.payee.on_hello(&forged, &connection), Err(Refusal::BadSignature));
    let mut lane = good;
    lane.hello.lease = LeaseId(8);
    assert!(matches!(world.payee.on_hello(&lane, &connection), Err(Refusal::OtherLane { .. })));
    world.payee.on_hello(&good, &connection).unwrap();
    let again = world.payee.on_hello(&good, &connection);
    assert!(matches!(again, Err(Refusal::OutOfTurn { .. })), "a hello opens one session");
    world.payee.challenge([4; 32]);
    let old = world.payee.on_hello(&good, &connection);
    let epoch = good.hello.epoch;
    assert_eq!(old, Err(Refusal::OldEpoch { epoch, last: epoch }), "the larger epoch wins");
}

#[test]
fn statements_that_do_not_hold_are_refused_and_change_nothing() {
    let mut world = live(Pace::ticks(10, 20), Risk::stranger());
    world.say().unwrap();
    let Some(Statement::Voucher { proof, .. }) = world.said.pop() else { panic!("no voucher") };
    let of = |change: &dyn Fn(&mut Proof)| {
        let mut proof = proof;
        change(&mut proof);
        Statement::Voucher { proof, report: None }
    };
    let (lease, lane) = (world.terms.lease, world.terms.lane);
    let tick =
        |k, link| Statement::Tick(Tick { lease, lane, amount: proof.voucher.amount, k, link });
    let unknown = tick(1, [0; 32]);
    let early = Refusal::UnknownChain { amount: proof.voucher.amount, best: 0 };
    assert_eq!(world.hear(&unknown), Err(early));
    type Case<'a> = (&'a dyn Fn(&mut Proof), Refusal);
    let cases: [Case<'_>; 5] = [
        (&|p| p.voucher.units += 1, Refusal::BadSignature),
        (&|p| p.voucher.anchor = [0; 32], Refusal::BadSignature),
        (&|p| p.voucher.link_amount = 0, Refusal::Malformed),
        (&|p| (p.k, p.link) = (1, [5; 32]), Refusal::BadLink { k: 1 }),
        (&|p| p.k = 11, Refusal::Malformed),
    ];
    for (change, refusal) in cases {
        assert_eq!(world.hear(&of(change)), Err(refusal));
    }
    let over = world.hear(&of(&|p| p.voucher.amount = 50_001));
    assert_eq!(over, Err(Refusal::OverCap { worth: 50_001, cap: 50_000 }));
    let other = Statement::Voucher { proof, report: Some(QosReport::default()) };
    assert_eq!(world.hear(&other), Err(Refusal::OtherReport));
    assert_eq!(world.hear(&of(&|_| ())), Ok(Taken::Best(proof.worth())));
    assert_eq!(world.hear(&of(&|_| ())), Ok(Taken::Stale));
    assert_eq!(world.hear(&tick(1, [5; 32])), Err(Refusal::BadLink { k: 1 }));
    assert_eq!(world.hear(&tick(11, [5; 32])), Err(Refusal::BadLink { k: 11 }));
}

#[test]
fn links_may_be_left_out_and_come_in_any_order() {
    let mut world = live(Pace::ticks(10, 20), Risk::stranger());
    let mut said = Vec::new();
    for _ in 0..5 {
        said.extend(world.payer.statement(world.now).unwrap());
        world.payer.count(20);
    }
    assert_eq!(world.hear(&said[0]), Ok(Taken::Best(12)));
    assert_eq!(world.hear(&said[3]), Ok(Taken::Best(30)));
    assert_eq!(world.hear(&said[1]), Ok(Taken::Stale));
    assert_eq!(world.hear(&said[4]), Ok(Taken::Best(36)));
}

#[test]
fn the_last_voucher_ends_service_and_keeps_its_report() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    assert_eq!(world.serve(40), Gate::Go);
    world.accept();
    let report = QosReport { units: 40, ..QosReport::default() };
    let last = world.payer.last(report).unwrap();
    assert_eq!(world.hear(&last), Ok(Taken::Best(12)));
    assert_eq!(world.serve(1), Gate::End(End::ConsumerClosed));
    let durable = world.payee_disk.durable().unwrap();
    assert_eq!((durable.report, durable.end), (Some(report), Some(End::ConsumerClosed)));
}

#[test]
fn what_is_signed_for_is_served_up_when_it_is_served_or_nothing_more_will_be() {
    let mut world = live(Pace::vouchers(100), Risk::stranger());
    assert!(world.payee.is_served_up(), "nothing is paid");
    world.say().unwrap();
    world.hear_all();
    assert!(!world.payee.is_served_up(), "a segment is paid ahead");
    assert_eq!(world.serve(99), Gate::Go);
    assert!(!world.payee.is_served_up());
    assert_eq!(world.serve(1), Gate::Go);
    assert!(world.payee.is_served_up());
    world.accept();
    world.say().unwrap();
    world.hear_all();
    assert!(!world.payee.is_served_up(), "the next segment is paid");
    let last = world.payer.last(QosReport::default()).unwrap();
    world.hear(&last).unwrap();
    assert!(world.payee.is_served_up(), "who has signed the last voucher is served no more");
}

#[test]
fn ticks_wait_for_company_and_not_for_long() {
    let mut world = live(Pace::ticks(100, 1), Risk { cap: 10_000 });
    world.terms.price = 30;
    world.restart_payer();
    world.restart_payee();
    world.connect(4).unwrap();
    let tell = |world: &mut World| {
        assert_eq!(world.serve(1), Gate::Go);
        world.accept();
        world.say().unwrap();
        world.hear_all();
        world.payee_disk.durable().unwrap().worth()
    };
    assert_eq!(tell(&mut world), 3, "a voucher is stored at once");
    assert_eq!(tell(&mut world), 3, "a tick is not");
    assert_eq!(world.payee.state().worth(), 6);
    world.now = ChainTime(world.now.0 + 20);
    world.payee.on_clock(world.now).unwrap();
    assert_eq!(world.payee_disk.durable().unwrap().worth(), 6);
}

#[test]
fn a_risk_cap_is_a_tenth_of_what_was_settled_less_what_was_written_off() {
    assert_eq!(Risk::from_history(0, 0, 1_000), Risk::stranger());
    assert_eq!(Risk::from_history(5_000, 100, 1_000).cap, 400);
    assert_eq!(Risk::from_history(5_000, 600, 1_000).cap, 0);
    assert_eq!(Risk::from_history(u128::MAX, 0, 1_000).cap, 1_000);
}

proptest! {
    #[test]
    fn owed_and_units_are_each_others_inverse(units in 0u64..1 << 40, price in 1u64..1 << 20, lot in 1u64..1 << 20) {
        let terms = Terms { price, lot: lot.try_into().unwrap(), ..terms(Pace::vouchers(10)) };
        let owed = terms.owed(units);
        prop_assert!(terms.units_owing(owed) <= units && units <= terms.units_for(owed));
        prop_assert_eq!(terms.owed(terms.units_for(owed)), owed);
        prop_assert_eq!(terms.owed(terms.units_owing(owed)), owed);
        prop_assert!(terms.owed(terms.units_for(owed) + 1) > owed);
    }
}
