//! Suspension, cool-down and the way back.

use crate::suite::{DAY, Suite, refused, rules};
use caplet_api::common::AdminMsg;
use caplet_api::escrow::CloseReason;
use caplet_api::event::SuspensionChanged;
use caplet_api::reputation::{ExecuteMsg, Rules};
use cosmwasm_std::Event;

fn changes(events: &[Event]) -> Vec<SuspensionChanged> {
    events.iter().filter_map(|event| SuspensionChanged::try_from(event).ok()).collect()
}

/// Rates bad leases of different payers until the device is suspended; returns how many it took.
fn ruin(suite: &mut Suite, device: u32) -> u32 {
    for payer in 0..50 {
        let lease = suite.lease(device, payer).ended(CloseReason::CountMismatch, 10_000);
        if !changes(&suite.rate(&lease).unwrap()).is_empty() {
            return payer + 1;
        }
    }
    panic!("not suspended after 50 bad leases");
}

#[test]
fn a_device_whose_bound_falls_is_suspended_once_there_is_evidence_enough() {
    let mut suite = Suite::new();
    // with nothing against it the bound of a new device is low too: that alone suspends nobody
    let good = suite.lease(1, 1);
    assert_eq!(changes(&suite.rate(&good).unwrap()), []);
    let taken = ruin(&mut suite, 1);
    assert!(taken >= 2, "evidence of three leases is needed, {taken} bad ones came");
    let until = suite.now() + 3_600;
    let standing = suite.standing(1);
    assert_eq!(standing.suspended_until, Some(until.into()));
    assert_eq!(standing.suspensions, 1);
    assert_eq!(suite.flags(1), (0, true));
    assert_eq!(suite.flags(2), (0, false), "its neighbour in the page is not touched");
}

#[test]
fn faults_suspend_at_once_however_good_the_record() {
    let mut suite = Suite::new();
    for payer in 0..40 {
        let lease = suite.lease(1, payer);
        suite.rate(&lease).unwrap();
    }
    assert_eq!(suite.flags(1), (3, false));
    for (fault, suspended) in [(1, false), (2, false), (3, true)] {
        let lease = suite.lease(1, 100 + fault).ended(CloseReason::Reclaimed, 100);
        let lease = crate::peers::Lease { end: suite.now(), ..lease };
        let events = suite.rate(&lease).unwrap();
        assert_eq!(!changes(&events).is_empty(), suspended, "fault {fault}");
        suite.wait(60);
    }
    let (_, suspended) = suite.flags(1);
    assert!(suspended);
    assert_eq!(suite.standing(1).faults, 0, "paid for");
}

#[test]
fn faults_further_apart_than_the_window_do_not_add_up() {
    let mut suite = Suite::new();
    for payer in 0..8 {
        let end = suite.now();
        let lease = suite.lease(1, payer).ended(CloseReason::Reclaimed, 100);
        suite.rate(&crate::peers::Lease { end, ..lease }).unwrap();
        suite.wait(DAY / 2);
    }
    assert_eq!(suite.standing(1).suspensions, 0);
}

#[test]
fn old_faults_that_are_rated_late_are_past() {
    let mut suite = Suite::new();
    let end = suite.now();
    suite.wait(DAY);
    for payer in 0..5 {
        let lease = suite.lease(1, payer).ended(CloseReason::Reclaimed, 100);
        suite.rate(&crate::peers::Lease { end, ..lease }).unwrap();
    }
    assert_eq!(suite.standing(1).suspensions, 0);
}

#[test]
fn anyone_takes_a_device_back_when_it_has_cooled_down_and_its_record_has_faded() {
    let mut suite = Suite::new();
    refused(suite.reinstate(1), "device 1 is not suspended");
    ruin(&mut suite, 1);
    refused(suite.reinstate(1), "device 1 is suspended until");
    suite.wait(3_600);
    refused(suite.reinstate(1), "2000 are needed while its record has weight");
    for _ in 0..100 {
        suite.wait(10 * DAY);
        if suite.reinstate(1).is_ok() {
            break;
        }
    }
    assert_eq!(suite.flags(1), (0, false));
    assert_eq!(suite.standing(1).suspended_until, None);
    refused(suite.reinstate(1), "device 1 is not suspended");
}

#[test]
fn a_device_with_a_good_record_comes_back_right_after_the_cool_down() {
    let mut suite = Suite::new();
    for payer in 0..40 {
        let lease = suite.lease(1, payer);
        suite.rate(&lease).unwrap();
    }
    for payer in 0..3 {
        let end = suite.now();
        let lease = suite.lease(1, payer).ended(CloseReason::PoolDefault, 100);
        suite.rate(&crate::peers::Lease { end, ..lease }).unwrap();
    }
    suite.wait(3_599);
    refused(suite.reinstate(1), "is suspended until");
    suite.wait(1);
    let events = suite.reinstate(1).unwrap();
    assert_eq!(changes(&events), [SuspensionChanged { device: 1, suspended: false, until: 0 }]);
    assert_eq!(suite.flags(1), (3, false));
}

#[test]
fn cool_downs_double_up_to_sixty_four_fold() {
    let mut suite = Suite::new();
    let mut waits = Vec::new();
    for _ in 0..9 {
        for payer in 0..3 {
            suite.wait(1);
            let end = suite.now();
            let lease = suite.lease(1, payer).ended(CloseReason::Reclaimed, 0);
            suite.rate(&crate::peers::Lease { end, ..lease }).unwrap();
        }
        let until = suite.standing(1).suspended_until.expect("three faults").u64();
        waits.push((until - suite.now()) / 3_600);
        suite.wait(until - suite.now());
        suite.reinstate(1).unwrap();
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
}

#[test]
fn what_was_done_before_a_suspension_does_not_suspend_again_after_it() {
    let mut suite = Suite::new();
    let end = suite.now();
    let mut old = Vec::new();
    for payer in 0..6 {
        let lease = suite.lease(1, payer).ended(CloseReason::Reclaimed, 100);
        let lease = crate::peers::Lease { end, ..lease };
        suite.write(&lease);
        old.push((lease.id, None));
    }
    suite.submit(&old[..3]).unwrap();
    assert_eq!(suite.standing(1).suspensions, 1);
    suite.wait(3_600);
    suite.reinstate(1).unwrap();
    suite.submit(&old[3..]).unwrap();
    assert_eq!(suite.standing(1).suspensions, 1);
    assert_eq!(suite.flags(1), (0, false));
}

#[test]
fn a_pause_holds_nobody_suspended() {
    let mut suite = Suite::new();
    for payer in 0..3 {
        let lease = suite.lease(1, payer).ended(CloseReason::Reclaimed, 0);
        suite.rate(&lease).unwrap();
    }
    suite.wait(3_600);
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Pause {})).unwrap();
    suite.reinstate(1).unwrap();
}

#[test]
fn rules_that_wait_for_fewer_faults_take_effect_with_the_next() {
    let mut suite = Suite::new();
    let fault = |suite: &mut Suite, payer| {
        let lease = suite.lease(1, payer).ended(CloseReason::Reclaimed, 0);
        suite.rate(&lease).unwrap()
    };
    fault(&mut suite, 1);
    fault(&mut suite, 2);
    let mut stricter = rules();
    stricter.suspend_faults = 2;
    suite.send("governance", &ExecuteMsg::SetRules(stricter)).unwrap();
    assert_eq!(suite.standing(1).suspensions, 0);
    assert_eq!(changes(&fault(&mut suite, 3)).len(), 1);
}

/// Suspends a device and brings it back as soon as it may come.
fn come_back(suite: &mut Suite, device: u32) {
    ruin(suite, device);
    suite.wait(3_600);
    while suite.reinstate(device).is_err() {
        suite.wait(DAY);
    }
}

fn serve_well(suite: &mut Suite, device: u32, payers: std::ops::Range<u32>) {
    for payer in payers {
        let lease = suite.lease(device, payer);
        suite.rate(&lease).unwrap();
    }
}

#[test]
fn who_comes_back_begins_in_the_tier_of_a_new_identity() {
    let mut suite = Suite::new();
    come_back(&mut suite, 1);
    assert_eq!((suite.flags(1), suite.flags(2)), ((0, false), (0, false)));
}

/// What the rules do not keep anybody from: a bad record and a probation are left behind with the identity. What they
/// leave of it: every tier is climbed from the first by fees burned.
#[test]
fn over_the_same_good_leases_a_new_identity_overtakes_who_came_back_with_a_bad_record() {
    let mut suite = Suite::with_rules(Rules { probation_secs: 3_600, ..rules() });
    come_back(&mut suite, 1);
    serve_well(&mut suite, 2, 100..101);
    assert_eq!(suite.flags(2).0, 0, "one good lease is not enough for a tier");
    serve_well(&mut suite, 2, 101..104);
    serve_well(&mut suite, 1, 100..104);
    assert!(suite.flags(2).0 > 0);
    assert_eq!(suite.flags(1).0, 0, "on probation");
    suite.wait(3_600);
    for device in [1, 2] {
        serve_well(&mut suite, device, 104..105);
    }
    let (back, fresh) = (suite.standing(1), suite.standing(2));
    assert!(back.tier > 0, "its probation is over");
    assert!(back.tier < fresh.tier && back.bound < fresh.bound, "its record is not");
}
