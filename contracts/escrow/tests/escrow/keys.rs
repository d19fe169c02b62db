//! Rotated and leaked keys: a leaked key costs at most the exposure cap, and nobody revokes its debts.

use crate::suite::*;
use caplet_api::escrow::{CloseReason, ItemResult::*, LeaseState};
use caplet_api::event::LeasesClosing;
use caplet_api::packed::VoucherItem;

#[test]
fn a_rotated_keys_vouchers_are_paid_for_a_settle_window() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    suite.wait(10, 2);
    let old = suite.rotate(ALICE, 1, false);
    let sign = |amount| old.voucher(&suite.domain, plain(lease, amount));
    let [first, second] = [sign(100), sign(300)];
    assert_eq!(suite.settle("gw1", &[first]), [(Paid, 100)]);
    let new = suite.voucher(ALICE, lease, 200);
    assert_eq!(suite.settle("gw1", &[new]), [(Paid, 100)]);
    suite.wait(u64::from(SETTLE_SECS), 1);
    assert_eq!(suite.settle("gw1", &[second]), [(Paid, 100)]);
    let late = old.voucher(&suite.domain, plain(lease, 400));
    suite.wait(1, SETTLE_BLOCKS.into());
    assert_eq!(suite.settle("gw1", &[late]), [(BadSignature, 0)]);
    let new = suite.voucher(ALICE, lease, 400);
    assert_eq!(suite.settle("gw1", &[new]), [(Paid, 100)]);
}

#[test]
fn a_key_retired_before_a_lease_never_signs_for_it() {
    for compromised in [false, true] {
        let mut suite = Suite::funded();
        let old = suite.rotate(ALICE, 1, compromised);
        suite.wait(1, 1);
        let lease = suite.lease_between(ALICE, CAROL, 10_000);
        let voucher = old.voucher(&suite.domain, plain(lease, 100));
        assert_eq!(suite.settle("gw1", &[voucher]), [(BadSignature, 0)]);
        let close = suite.close("stranger", lease, CloseReason::KeyCompromised);
        refused(close, "the registry does not show KeyCompromised");
    }
}

#[test]
fn a_key_retired_in_the_second_of_a_leases_opening_still_signs_for_it() {
    for compromised in [false, true] {
        let mut suite = Suite::funded();
        let lease = suite.lease_between(ALICE, CAROL, 10_000);
        let silent = suite.lease_between(ALICE, CAROL, 10_000);
        let old = suite.rotate(ALICE, 1, compromised);
        let voucher = old.voucher(&suite.domain, plain(lease, 100));
        assert_eq!(suite.settle("gw1", &[voucher]), [(Paid, 100)]);
        let close = suite.close("stranger", silent, CloseReason::KeyCompromised);
        if compromised {
            close.unwrap();
        } else {
            refused(close, "the registry does not show KeyCompromised");
        }
    }
}

#[test]
fn a_leaked_key_costs_at_most_the_exposure_cap() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    let voucher = suite.voucher(ALICE, lease, 1_000);
    suite.settle("gw1", &[voucher]);
    suite.wait(10, 2);
    let leaked = suite.rotate(ALICE, 1, true);
    let theft = leaked.voucher(&suite.domain, plain(lease, 10_000));
    assert_eq!(suite.settle("gw1", &[theft]), [(Clamped, EXPOSURE)]);
    assert_eq!(suite.state(lease), (LeaseState::Closed, Some(CloseReason::KeyCompromised)));
    assert_eq!(suite.free("alice"), 1_000_000 - 1_000 - u128::from(EXPOSURE));
}

#[test]
fn a_leaked_key_costs_no_more_when_it_is_used_in_many_steps() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    suite.wait(10, 2);
    let leaked = suite.rotate(ALICE, 1, true);
    let steps: Vec<VoucherItem> =
        (1..10).map(|step| leaked.voucher(&suite.domain, plain(lease, step * 50))).collect();
    for step in &steps[..2] {
        suite.settle("gw1", &[*step]);
    }
    suite.settle("gw1", &steps);
    assert_eq!(suite.redeemed(lease), EXPOSURE);
}

#[test]
fn a_consumer_cannot_revoke_its_debts_by_calling_its_key_compromised() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    let debt = suite.voucher(ALICE, lease, 150);
    suite.wait(10, 2);
    suite.rotate(ALICE, 1, true);
    suite.close("alice", lease, CloseReason::KeyCompromised).unwrap();
    assert_eq!(suite.free("alice"), 1_000_000 - 7 - u128::from(EXPOSURE), "the rest came back");
    assert_eq!(suite.settle("gw1", &[debt]), [(Paid, 150)]);
    suite.wait_window();
    suite.sweep("sweeper", lease).unwrap();
    assert_eq!(suite.free("alice"), 1_000_000 - 7 - 150);
}

#[test]
fn anybody_may_close_for_a_compromised_key_and_only_a_consumers_cuts_the_cap() {
    let mut suite = Suite::funded();
    let [first, second] = [ALICE, BOB].map(|device| suite.lease_between(device, CAROL, 10_000));
    suite.wait(10, 2);
    refused(
        suite.close("stranger", first, CloseReason::KeyCompromised),
        "the registry does not show KeyCompromised",
    );
    suite.rotate(ALICE, 1, true);
    let events = suite.close("stranger", first, CloseReason::KeyCompromised).unwrap();
    let reason = CloseReason::KeyCompromised as u8;
    let closing = LeasesClosing { leases: vec![first], reason };
    assert_eq!(crate::suite::events::<LeasesClosing>(&events), [closing]);
    assert_eq!(suite.lease(first).lanes[0].cap.u64(), EXPOSURE);
    suite.rotate(CAROL, 1, true);
    suite.close("stranger", second, CloseReason::KeyCompromised).unwrap();
    assert_eq!(suite.lease(second).lanes[0].cap.u64(), 10_000);
    assert_eq!(suite.state(second), (LeaseState::Closing, Some(CloseReason::KeyCompromised)));
}

#[test]
fn a_voucher_of_a_leaked_key_cuts_the_cap_of_a_closing_lease_too() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    suite.wait(10, 2);
    let leaked = suite.rotate(ALICE, 1, true);
    let theft = leaked.voucher(&suite.domain, plain(lease, 199));
    assert_eq!(suite.settle("gw1", &[theft]), [(Paid, 199)]);
    assert_eq!(suite.lease(lease).lanes[0].cap.u64(), EXPOSURE);
    assert_eq!(suite.state(lease), (LeaseState::Closing, Some(CloseReason::ConsumerClosed)));
}

#[test]
fn a_rotated_key_closes_nothing_any_more() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    let statement = suite.statement(ALICE, lease, CloseReason::ConsumerClosed);
    suite.wait(10, 2);
    suite.rotate(ALICE, 1, false);
    let msg = caplet_api::escrow::ExecuteMsg::Close { items: vec![statement] };
    refused(suite.send("stranger", &msg), "is not signed by device 1's present key");
    suite.close_signed("stranger", ALICE, lease, CloseReason::ConsumerClosed).unwrap();
}

#[test]
fn two_quick_rotations_take_back_no_debt() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    suite.wait(10, 2);
    let first = suite.rotate(ALICE, 1, false);
    suite.wait(10, 2);
    let second = suite.rotate(ALICE, 2, false);
    suite.wait(10, 2);
    let third = suite.rotate(ALICE, 3, false);
    let sign =
        |key: &crate::parties::Signer, amount| key.voucher(&suite.domain, plain(lease, amount));
    let vouchers = [sign(&first, 100), sign(&third, 300), sign(&second, 200), sign(&second, 400)];
    let paid = [(Paid, 100), (Paid, 200), (Stale, 0), (Paid, 100)];
    assert_eq!(suite.settle("gw1", &vouchers), paid);
}

#[test]
fn each_old_key_ends_a_window_after_its_own_rotation() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    suite.wait(10, 2);
    let first = suite.rotate(ALICE, 1, false);
    suite.wait(u64::from(SETTLE_SECS) / 2, u64::from(SETTLE_BLOCKS) / 2);
    let second = suite.rotate(ALICE, 2, false);
    suite.wait(u64::from(SETTLE_SECS) / 2 + 1, u64::from(SETTLE_BLOCKS) / 2 + 1);
    let sign =
        |key: &crate::parties::Signer, amount| key.voucher(&suite.domain, plain(lease, amount));
    let vouchers = [sign(&first, 100), sign(&second, 50)];
    assert_eq!(suite.settle("gw1", &vouchers), [(BadSignature, 0), (Paid, 50)]);
}

#[test]
fn a_key_of_before_a_lease_stays_worthless_however_many_came_after() {
    let mut suite = Suite::funded();
    let before = suite.rotate(ALICE, 1, false);
    suite.wait(1, 1);
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    suite.wait(1, 1);
    let of_then = suite.rotate(ALICE, 2, false);
    let sign =
        |key: &crate::parties::Signer, amount| key.voucher(&suite.domain, plain(lease, amount));
    let vouchers = [sign(&before, 100), sign(&of_then, 50)];
    assert_eq!(suite.settle("gw1", &vouchers), [(BadSignature, 0), (Paid, 50)]);
}

#[test]
fn a_chain_halted_longer_than_the_window_ends_no_key_and_no_lease() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    suite.wait(10, 2);
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    let old = suite.rotate(ALICE, 1, false);
    let debt = old.voucher(&suite.domain, plain(lease, 5_000));
    // a week without a block
    suite.wait(7 * 24 * 3_600, 1);
    refused(suite.sweep("sweeper", lease), "runs 0 s and 19 blocks more");
    assert_eq!(suite.settle("gw1", &[debt]), [(Paid, 5_000)]);
    suite.wait(19, 19);
    suite.sweep("sweeper", lease).unwrap();
}
