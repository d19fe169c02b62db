//! Members of pools.

use caplet_forward::pool::{Act, Lease, Own, Policy};
use caplet_protocol::DeviceId;
use proptest::prelude::*;

const POLICY: Policy = Policy { patience_secs: 5, silence_secs: 10, claim: 100, account: 50 };
const BOB: DeviceId = DeviceId(2);
const DAVE: DeviceId = DeviceId(4);

const LEASE: Lease = Lease {
    lease: 7,
    live: true,
    closed: false,
    uncredited: 0,
    member: Some(BOB),
    since: 0,
    grew: false,
    answer_by: None,
    next: Some(DAVE),
    heard: Some(100),
};

const fn own(device: DeviceId) -> Own {
    Own { device, ready: true, silent_secs: 0, earned: 0 }
}

fn due(now: u64, lease: Lease, mine: &[Own]) -> Vec<Act> {
    POLICY.due(now, &[lease], mine)
}

#[test]
fn what_is_sold_is_assigned_and_what_is_closed_is_accounted() {
    let new = Lease { member: None, next: None, heard: None, ..LEASE };
    assert_eq!(due(100, new, &[]), [Act::Assign(7)]);
    assert!(
        due(100, Lease { live: false, ..new }, &[]).is_empty(),
        "nobody serves what is closing"
    );
    let closed = Lease { live: false, closed: true, ..LEASE };
    assert_eq!(due(100, closed, &[]), [Act::Account(7)]);
    assert_eq!(due(100, Lease { uncredited: 50, ..LEASE }, &[]), [Act::Account(7)]);
    assert!(due(100, Lease { uncredited: 49, ..LEASE }, &[]).is_empty());
}

#[test]
fn who_is_next_challenges_the_silent_and_takes_over_what_is_not_answered() {
    assert!(due(104, LEASE, &[own(DAVE)]).is_empty(), "heard of lately");
    assert_eq!(due(105, LEASE, &[own(DAVE)]), [Act::Challenge(7)]);
    assert!(due(105, LEASE, &[own(DeviceId(9))]).is_empty(), "somebody else is next");
    let tired = Own { ready: false, ..own(DAVE) };
    assert!(due(105, LEASE, &[tired]).is_empty(), "who cannot serve does not ask for it");
    let never = Lease { heard: None, ..LEASE };
    assert!(
        due(9_999, never, &[own(DAVE)]).is_empty(),
        "who was never heard of here is not judged"
    );
    let challenged = Lease { answer_by: Some(110), ..LEASE };
    assert!(due(110, challenged, &[own(DAVE)]).is_empty());
    assert_eq!(due(111, challenged, &[own(DAVE)]), [Act::TakeOver(7)]);
}

#[test]
fn who_serves_answers_and_who_stops_hands_on_without_a_penalty() {
    let challenged = Lease { answer_by: Some(110), ..LEASE };
    assert_eq!(due(105, challenged, &[own(BOB)]), [Act::Answer(7)]);
    let stops = Own { ready: false, ..own(BOB) };
    assert_eq!(due(105, LEASE, &[stops]), [Act::HandOver(7)]);
    assert_eq!(due(105, challenged, &[stops]), [Act::HandOver(7)]);
    assert!(due(105, Lease { next: None, ..LEASE }, &[stops]).is_empty(), "nobody has room");
    assert!(due(999, LEASE, &[own(BOB)]).is_empty(), "no member challenges itself");
}

#[test]
fn who_lives_answers_nothing_for_a_device_that_is_dead_and_hands_its_lease_on() {
    let silent = |device, silent_secs| Own { silent_secs, ..own(device) };
    let challenged = Lease { answer_by: Some(110), ..LEASE };
    assert_eq!(due(105, challenged, &[silent(BOB, 9)]), [Act::Answer(7)], "it has its time");
    assert_eq!(due(105, challenged, &[silent(BOB, 10)]), [Act::HandOver(7)]);
    assert_eq!(
        due(105, LEASE, &[silent(BOB, 10)]),
        [Act::HandOver(7)],
        "nobody needs to challenge"
    );
    let alone = Lease { next: None, ..challenged };
    assert!(
        due(105, alone, &[silent(BOB, 10)]).is_empty(),
        "nobody has room, and nothing is claimed"
    );
    // what is dead takes nothing over, and what came to it lately is not passed on at once
    assert!(due(105, LEASE, &[silent(DAVE, 10)]).is_empty());
    assert_eq!(due(105, LEASE, &[silent(DAVE, 9)]), [Act::Challenge(7)]);
    let new = Lease { since: 96, ..LEASE };
    assert!(due(105, new, &[silent(BOB, 99)]).is_empty());
    assert_eq!(due(106, new, &[silent(BOB, 99)]), [Act::HandOver(7)]);
    let eager = Policy { silence_secs: 0, ..POLICY };
    assert!(eager.due(105, &[LEASE], &[own(BOB)]).is_empty(), "who answers is never dead");
}

#[test]
fn what_grew_is_assigned_anew_when_nothing_of_it_is_more_urgent() {
    let grew = Lease { grew: true, ..LEASE };
    assert_eq!(due(100, grew, &[own(BOB)]), [Act::Assign(7)]);
    assert_eq!(due(105, grew, &[own(DAVE)]), [Act::Challenge(7)]);
    assert_eq!(due(105, Lease { answer_by: Some(110), ..grew }, &[own(BOB)]), [Act::Answer(7)]);
    assert!(due(100, Lease { live: false, ..grew }, &[own(BOB)]).is_empty(), "it is closing");
}

#[test]
fn what_is_worth_it_is_claimed() {
    let rich = |earned| Own { earned, ..own(BOB) };
    assert_eq!(due(100, LEASE, &[rich(100)]), [Act::Claim(BOB)]);
    assert!(due(100, LEASE, &[rich(99)]).is_empty());
    let free = Policy { claim: 0, ..POLICY };
    assert!(free.due(100, &[LEASE], &[rich(0)]).is_empty(), "nothing is not claimed");
}

proptest! {
    #[test]
    fn at_most_one_thing_is_done_a_lease_and_only_with_ones_own_members(
        now in 0u64..50, live: bool, closed: bool, grew: bool, uncredited in 0u64..100, member in prop::option::of(1u32..5),
        answer_by in prop::option::of(0u64..50), next in prop::option::of(1u32..5), heard in prop::option::of(0u64..50),
        mine in prop::collection::btree_map(1u32..5, (any::<bool>(), 0u64..20), 0..3), since in 0u64..50,
    ) {
        let lease = Lease {
            lease: 7, live: live && !closed, closed, uncredited, member: member.map(DeviceId), since, grew, answer_by,
            next: next.filter(|next| Some(*next) != member).map(DeviceId), heard,
        };
        let own: Vec<Own> = mine
            .iter()
            .map(|(device, (ready, silent_secs))| Own {
                device: DeviceId(*device), ready: *ready, silent_secs: *silent_secs, earned: 0,
            })
            .collect();
        let acts = POLICY.due(now, &[lease], &own);
        prop_assert!(acts.len() <= 1);
        let is_mine = |device: Option<DeviceId>| device.is_some_and(|d| own.iter().any(|o| o.device == d));
        match acts.first() {
            Some(Act::Answer(_) | Act::HandOver(_)) => prop_assert!(is_mine(lease.member)),
            Some(Act::Challenge(_)) => prop_assert!(is_mine(lease.next) && !is_mine(lease.member)),
            Some(Act::TakeOver(_)) => prop_assert!(answer_by.is_some_and(|by| now > by)),
            _ => {}
        }
    }
}
