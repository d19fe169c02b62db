//! What a device's key may commit of its owner's money.

use crate::suite::*;
use caplet_api::escrow::{CloseReason, ExecuteMsg};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{INSTANT, LockItem, OpenItem, UnlockItem};
use caplet_protocol::{AssetId, DeviceId};

fn poor() -> Suite {
    let mut suite = Suite::new();
    suite.deposit("alice", UCAP, 100_000).unwrap();
    suite
}

fn unlock(amount: u64, flags: u8) -> UnlockItem {
    UnlockItem { device: ALICE, amount, forfeit: 0, flags }
}

#[test]
fn a_key_may_commit_nothing_before_its_owner_allows_it() {
    let mut suite = poor();
    refused(suite.lock(&[lock_item(ALICE, 1)]), "asks to commit 1 of asset 1, 0 is left");
    suite.lock(&[by_owner(lock_item(ALICE, 1))]).unwrap();
    assert_eq!(suite.allowance(ALICE), (0, 0));
}

#[test]
fn only_the_owner_of_a_device_authorises_its_key() {
    let mut suite = poor();
    refused(suite.authorise("bob", ALICE, UCAP, 5), "does not own device 1");
    refused(suite.authorise("gw1", ALICE, UCAP, 5), "does not own device 1");
    refused(suite.authorise("stranger", ALICE, UCAP, 5), "has no account");
    refused(suite.authorise("alice", 99, UCAP, 5), "device 99 is not registered");
    refused(suite.authorise("alice", ALICE, AssetId(9), 5), "asset 9 is not accepted");
    suite.authorise("alice", ALICE, UCAP, 5).unwrap();
    assert_eq!(suite.allowance(ALICE), (5, 0));
}

#[test]
fn amount_and_relay_fee_count_against_the_limit_and_what_comes_back_does_not() {
    let mut suite = poor();
    suite.authorise("alice", ALICE, UCAP, 100).unwrap();
    let item = LockItem { relay_fee: 10, ..lock_item(ALICE, 90) };
    suite.lock(&[item]).unwrap();
    assert_eq!(suite.allowance(ALICE), (100, 100));
    refused(suite.lock(&[lock_item(ALICE, 1)]), "0 is left");
    suite.unlock(None, &[unlock(60, 0)]).unwrap();
    assert_eq!(suite.allowance(ALICE), (100, 40));
    suite.lock(&[lock_item(ALICE, 60)]).unwrap();
    refused(suite.lock(&[lock_item(ALICE, 1)]), "0 is left");
}

#[test]
fn a_new_limit_counts_over_what_was_committed_before_it() {
    let mut suite = poor();
    suite.authorise("alice", ALICE, UCAP, 100).unwrap();
    suite.lock(&[lock_item(ALICE, 100)]).unwrap();
    suite.authorise("alice", ALICE, UCAP, 30).unwrap();
    refused(suite.lock(&[lock_item(ALICE, 31)]), "30 is left");
    suite.lock(&[lock_item(ALICE, 30)]).unwrap();
    assert_eq!(suite.allowance(ALICE), (30, 130));
}

#[test]
fn a_limit_of_nothing_forbids_more_even_when_money_comes_back() {
    let mut suite = poor();
    suite.authorise("alice", ALICE, UCAP, 100).unwrap();
    suite.lock(&[lock_item(ALICE, 100)]).unwrap();
    suite.authorise("alice", ALICE, UCAP, 0).unwrap();
    suite.unlock(None, &[unlock(100, 0)]).unwrap();
    refused(suite.lock(&[lock_item(ALICE, 1)]), "0 is left");
}

#[test]
fn what_the_owner_placed_moves_no_allowance_on_any_way_back() {
    let mut suite = poor();
    suite.authorise("alice", ALICE, UCAP, 50).unwrap();
    suite.lock(&[lock_item(ALICE, 50)]).unwrap();
    suite.lock(&[by_owner(lock_item(ALICE, 5_000))]).unwrap();
    suite.unlock(None, &[unlock(100, PLACED_BY_OWNER)]).unwrap();
    assert_eq!(suite.allowance(ALICE), (50, 50));
    let item = OpenItem { flags: PLACED_BY_OWNER, ..open_item(ALICE, CAROL, 1_000, 2_000) };
    let terms = suite.terms();
    let lease = opened(suite.open(terms, &[item]).unwrap())[0];
    assert_eq!(suite.allowance(ALICE), (50, 50));
    suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
    assert_eq!(suite.allowance(ALICE), (50, 50));
}

#[test]
fn surplus_refund_and_returned_bond_of_a_lease_lower_what_is_committed() {
    let mut suite = poor();
    suite.authorise("alice", ALICE, UCAP, 10_000).unwrap();
    suite.lock(&[lock_item(ALICE, 2_000)]).unwrap();
    let terms = suite.terms();
    let item = open_item(ALICE, CAROL, 1_000, 2_000);
    let lease = opened(suite.open(terms, &[item]).unwrap())[0];
    assert_eq!(suite.allowance(ALICE).1, 1_007);
    let voucher = suite.voucher(ALICE, lease, 400);
    suite.settle("gw1", &[voucher]);
    assert_eq!(suite.allowance(ALICE).1, 1_007, "what was paid does not come back");
    suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
    assert_eq!(suite.allowance(ALICE).1, 400);
}

#[test]
fn a_bond_that_goes_to_the_sweeper_stays_committed() {
    let mut suite = poor();
    suite.authorise("alice", ALICE, UCAP, 10_000).unwrap();
    let lease = suite.lease_between(ALICE, CAROL, 1_000);
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    suite.wait_window();
    suite.sweep("sweeper", lease).unwrap();
    assert_eq!(suite.allowance(ALICE).1, 7);
}

#[test]
fn the_instant_lane_asks_the_allowance() {
    let mut suite = poor();
    suite.authorise("alice", ALICE, UCAP, 1_000).unwrap();
    let item = OpenItem { flags: INSTANT, ..open_item(ALICE, CAROL, 900, 1_001) };
    let terms = suite.terms();
    refused(suite.open(terms.clone(), &[item]), "asks to commit 1001 of asset 1, 1000 is left");
    suite.open(terms.clone(), &[OpenItem { unlock: 1_000, ..item }]).unwrap();
    assert_eq!(suite.allowance(ALICE), (1_000, 907));
    let owners = OpenItem { flags: INSTANT | PLACED_BY_OWNER, ..item };
    suite.open(terms, &[owners]).unwrap();
    assert_eq!(suite.allowance(ALICE), (1_000, 907));
}

#[test]
fn an_allowance_is_of_one_device_and_one_asset() {
    let mut suite = poor();
    suite.authorise("alice", ALICE, IBC, 1_000).unwrap();
    refused(suite.lock(&[lock_item(ALICE, 1)]), "0 is left");
    let device = DeviceId(ALICE);
    let most = ExecuteMsg::Authorise { device, asset: UCAP, limit: u64::MAX.into() };
    suite.send("alice", &most).unwrap();
    suite.lock(&[lock_item(ALICE, 100)]).unwrap();
    // a limit that would overflow 64 bits together with what is committed still works
    suite.send("alice", &most).unwrap();
    suite.lock(&[lock_item(ALICE, 100)]).unwrap();
}
