//! The table of lease states, line by line: who may, when, and what comes of it.

use crate::suite::*;
use caplet_api::common::AdminMsg;
use caplet_api::escrow::{CloseReason, ExecuteMsg, ItemResult, LeaseState};
use caplet_api::event::{LeaseClosed, LeasesClosing, NoticeGiven};
use caplet_api::registry::DeviceStatus;
use cosmwasm_std::Uint64;

fn with_lease() -> (Suite, u64) {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    suite.wait(10, 2);
    (suite, lease)
}

const OPEN: (LeaseState, Option<CloseReason>) = (LeaseState::Open, None);

// Settle

#[test]
fn vouchers_are_redeemed_until_the_lease_is_closed() {
    let (mut suite, lease) = with_lease();
    let pay = |suite: &mut Suite, amount| {
        let voucher = suite.voucher(ALICE, lease, amount);
        suite.settle("stranger", &[voucher])[0].0
    };
    assert_eq!(pay(&mut suite, 1), ItemResult::Paid);
    suite.notice("carol", lease).unwrap();
    assert_eq!(pay(&mut suite, 2), ItemResult::Paid);
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    assert_eq!(pay(&mut suite, 3), ItemResult::Paid);
    suite.wait_window();
    assert_eq!(pay(&mut suite, 4), ItemResult::Paid, "late, but nobody swept yet");
    suite.sweep("sweeper", lease).unwrap();
    assert_eq!(pay(&mut suite, 5), ItemResult::Closed);
}

// Notice

#[test]
fn only_the_providers_owner_gives_notice() {
    let (mut suite, lease) = with_lease();
    for sender in ["alice", "gw1", "stranger", "governance", "opener"] {
        refused(suite.notice(sender, lease), "only the owner of device 3 may ask this");
    }
    let events = suite.notice("carol", lease).unwrap();
    assert_eq!(crate::suite::events::<NoticeGiven>(&events), [NoticeGiven { leases: vec![lease] }]);
    assert_eq!(suite.state(lease), (LeaseState::Notice, None));
}

#[test]
fn a_notice_must_pass_before_the_end() {
    let (mut suite, lease) = with_lease();
    suite.wait(LEASE_SECS - 10 - u64::from(NOTICE_SECS) + 1, 1);
    refused(suite.notice("carol", lease), "a notice of 100 s given at");
    let lease = suite.lease_between(ALICE, CAROL, 100);
    suite.wait(LEASE_SECS - u64::from(NOTICE_SECS), 1);
    suite.notice("carol", lease).unwrap();
}

#[test]
fn a_notice_is_given_once_and_of_open_leases_only() {
    let (mut suite, lease) = with_lease();
    suite.notice("carol", lease).unwrap();
    refused(suite.notice("carol", lease), "is Notice already, there is nothing to announce");
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    refused(suite.notice("carol", lease), "is Closing already");
    refused(suite.notice("carol", 99), "there is no lease 99");
}

// Close

#[test]
fn the_payer_closes_at_any_time() {
    let (mut suite, lease) = with_lease();
    let events = suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    let reason = CloseReason::ConsumerClosed as u8;
    let closing = LeasesClosing { leases: vec![lease], reason };
    assert_eq!(crate::suite::events::<LeasesClosing>(&events), [closing]);
    let shown = suite.lease(lease);
    assert_eq!(shown.state, LeaseState::Closing);
    assert_eq!(shown.closing_time.unwrap().u64(), suite.now());
    assert_eq!(shown.closing_height.unwrap().u64(), suite.app.block_info().height);
    assert_eq!(suite.free("alice"), 1_000_000 - 10_007, "nothing returns before the sweep");
    let noticed = suite.lease_between(ALICE, CAROL, 100);
    suite.notice("carol", noticed).unwrap();
    suite.close("alice", noticed, CloseReason::ConsumerClosed).unwrap();
}

#[test]
fn the_consumer_devices_statement_closes_whoever_brings_it() {
    let (mut suite, lease) = with_lease();
    suite.close_signed("stranger", ALICE, lease, CloseReason::ConsumerClosed).unwrap();
    assert_eq!(suite.state(lease), (LeaseState::Closing, Some(CloseReason::ConsumerClosed)));
}

#[test]
fn nobody_else_closes_for_the_consumer() {
    let (mut suite, lease) = with_lease();
    let other = suite.lease_between(ALICE, CAROL, 100);
    let reason = CloseReason::ConsumerClosed;
    for sender in ["carol", "bob", "gw1", "stranger", "governance"] {
        refused(suite.close(sender, lease, reason), "only the owner of device 1 may ask this");
    }
    for signer in [BOB, CAROL] {
        let outcome = suite.close_signed("stranger", signer, lease, reason);
        refused(outcome, "is not signed by device 1's present key");
    }
    // a statement about another lease, or for another reason
    let mut about = suite.statement(ALICE, other, reason);
    about.lease = lease.into();
    let outcome = suite.send("stranger", &ExecuteMsg::Close { items: vec![about] });
    refused(outcome, "is not signed by");
    let mut about = suite.statement(ALICE, lease, CloseReason::Reclaimed);
    about.reason = reason;
    let outcome = suite.send("stranger", &ExecuteMsg::Close { items: vec![about] });
    refused(outcome, "is not signed by");
    assert_eq!(suite.state(lease), OPEN);
}

#[test]
fn the_provider_reclaims_after_its_notice_has_passed() {
    let (mut suite, lease) = with_lease();
    let reason = CloseReason::Reclaimed;
    refused(suite.close("carol", lease, reason), "once its notice has passed: None if given");
    suite.notice("carol", lease).unwrap();
    suite.wait(u64::from(NOTICE_SECS) - 1, 1);
    refused(suite.close("carol", lease, reason), "once its notice has passed: Some(");
    suite.wait(1, 1);
    refused(suite.close("alice", lease, reason), "only the owner of device 3 may ask this");
    refused(suite.close_signed("stranger", ALICE, lease, reason), "is not signed by device 3");
    suite.close_signed("stranger", CAROL, lease, reason).unwrap();
    assert_eq!(suite.state(lease), (LeaseState::Closing, Some(reason)));
}

#[test]
fn anybody_closes_for_a_device_that_the_registry_shows_retired() {
    for device in [ALICE, CAROL] {
        let (mut suite, lease) = with_lease();
        let reason = CloseReason::DeviceRetired;
        refused(suite.close("stranger", lease, reason), "does not show DeviceRetired");
        suite.set_status(device, DeviceStatus::Frozen);
        refused(suite.close("stranger", lease, reason), "does not show DeviceRetired");
        suite.set_status(device, DeviceStatus::Retired);
        suite.close("stranger", lease, reason).unwrap();
        assert_eq!(suite.state(lease), (LeaseState::Closing, Some(reason)));
    }
}

#[test]
fn a_close_takes_the_reasons_that_are_its_own() {
    let (mut suite, lease) = with_lease();
    for reason in [
        CloseReason::Exhausted,
        CloseReason::Expired,
        CloseReason::ProviderFinished,
        CloseReason::Suspended,
        CloseReason::CountMismatch,
        CloseReason::PoolDefault,
    ] {
        for sender in ["alice", "carol"] {
            refused(suite.close(sender, lease, reason), "is no reason to close a lease");
        }
    }
}

#[test]
fn a_lease_closes_once_and_a_lost_race_undoes_no_batch() {
    let (mut suite, lease) = with_lease();
    let other = suite.lease_between(ALICE, CAROL, 100);
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    let again = suite.close("alice", lease, CloseReason::ConsumerClosed);
    refused(again, "is Closing already, there is nothing to close");
    let items = [lease, other].map(|lease| unsigned(lease, CloseReason::ConsumerClosed)).to_vec();
    suite.send("alice", &ExecuteMsg::Close { items }).unwrap();
    assert_eq!(suite.state(other).0, LeaseState::Closing);
    refused(suite.close("alice", 99, CloseReason::ConsumerClosed), "there is no lease 99");
}

// Poke

#[test]
fn anybody_pokes_a_lease_that_is_over() {
    let (mut suite, lease) = with_lease();
    refused(suite.poke("stranger", lease), "runs until");
    suite.wait(LEASE_SECS - 11, 1);
    refused(suite.poke("stranger", lease), "runs until");
    suite.wait(1, 1);
    suite.poke("stranger", lease).unwrap();
    assert_eq!(suite.state(lease), (LeaseState::Closing, Some(CloseReason::Expired)));
    assert_eq!(suite.lease(lease).closing_time.unwrap().u64(), suite.now());
    refused(suite.poke("stranger", lease), "is Closing already, there is nothing to poke");
    refused(suite.poke("stranger", 1), "there is no lease 1");
}

#[test]
fn a_lease_in_notice_is_poked_too() {
    let (mut suite, lease) = with_lease();
    suite.notice("carol", lease).unwrap();
    suite.wait(LEASE_SECS, 1);
    suite.poke("stranger", lease).unwrap();
    assert_eq!(suite.state(lease), (LeaseState::Closing, Some(CloseReason::Expired)));
}

// Finish

#[test]
fn the_payee_finishes_at_once_from_every_live_state() {
    let (mut suite, lease) = with_lease();
    let leases = [
        lease,
        suite.lease_between(ALICE, CAROL, 10_000),
        suite.lease_between(ALICE, CAROL, 10_000),
    ];
    suite.notice("carol", leases[1]).unwrap();
    suite.close("alice", leases[2], CloseReason::ConsumerClosed).unwrap();
    for lease in leases {
        let voucher = suite.voucher(ALICE, lease, 100);
        suite.settle("gw1", &[voucher]);
        let events = suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
        let reason = CloseReason::ProviderFinished as u8;
        let closed = LeaseClosed { lease, reason, redeemed: 100, refunded: 9_900 };
        assert_eq!(crate::suite::events::<LeaseClosed>(&events), [closed]);
        assert_eq!(suite.state(lease), (LeaseState::Closed, Some(CloseReason::ProviderFinished)));
    }
    assert_eq!(suite.free("alice"), 1_000_000 - 300, "refund and bond are there at once");
}

#[test]
fn the_provider_devices_statement_finishes_whoever_brings_it() {
    let (mut suite, lease) = with_lease();
    suite.finish_signed("stranger", CAROL, lease, CloseReason::CountMismatch).unwrap();
    assert_eq!(suite.state(lease), (LeaseState::Closed, Some(CloseReason::CountMismatch)));
}

#[test]
fn nobody_else_finishes() {
    let (mut suite, lease) = with_lease();
    let reason = CloseReason::ProviderFinished;
    for sender in ["alice", "dave", "gw1", "stranger", "governance"] {
        refused(suite.finish(sender, lease, reason), "only the owner of device 3 may ask this");
    }
    for signer in [ALICE, DAVE] {
        let outcome = suite.finish_signed("stranger", signer, lease, reason);
        refused(outcome, "is not signed by device 3's present key");
    }
    assert_eq!(suite.state(lease), OPEN);
}

#[test]
fn a_finish_takes_its_own_reasons_and_no_closed_lease() {
    let (mut suite, lease) = with_lease();
    for reason in CloseReason::ALL {
        if !matches!(reason, CloseReason::ProviderFinished | CloseReason::CountMismatch) {
            refused(suite.finish("carol", lease, reason), "is no reason to finish a lease");
        }
    }
    suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
    let again = suite.finish("carol", lease, CloseReason::ProviderFinished);
    refused(again, "is Closed already, there is nothing to finish");
    refused(suite.finish("carol", 9, CloseReason::ProviderFinished), "there is no lease 9");
}

// Exhausted: settling.rs

// Sweep

#[test]
fn a_sweep_needs_a_closing_lease() {
    let (mut suite, lease) = with_lease();
    refused(suite.sweep("sweeper", lease), "is Open: close it, or poke it after its end");
    suite.notice("carol", lease).unwrap();
    refused(suite.sweep("sweeper", lease), "is Notice: close it");
    suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
    refused(suite.sweep("sweeper", lease), "is Closed already, there is nothing to sweep");
    refused(suite.sweep("sweeper", 9), "there is no lease 9");
}

#[test]
fn a_sweep_waits_for_seconds_and_for_blocks() {
    let (mut suite, lease) = with_lease();
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    refused(suite.sweep("sweeper", lease), "runs 600 s and 20 blocks more");
    // a chain that was halted makes seconds without blocks
    suite.wait(u64::from(SETTLE_SECS), 19);
    refused(suite.sweep("sweeper", lease), "runs 0 s and 1 blocks more");
    let (mut suite, lease) = with_lease();
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    suite.wait(u64::from(SETTLE_SECS) - 1, 500);
    refused(suite.sweep("sweeper", lease), "runs 1 s and 0 blocks more");
    suite.wait(1, 0);
    suite.sweep("sweeper", lease).unwrap();
}

#[test]
fn a_sweep_refunds_the_payer_and_pays_the_sweeper() {
    let (mut suite, lease) = with_lease();
    let other = suite.lease_between(BOB, DAVE, 100);
    for (name, lease) in [("alice", lease), ("bob", other)] {
        suite.close(name, lease, CloseReason::ConsumerClosed).unwrap();
    }
    suite.wait_window();
    let leases = vec![Uint64::from(lease), other.into(), lease.into()];
    suite.send("sweeper", &ExecuteMsg::Sweep { leases }).unwrap();
    assert_eq!(suite.free("sweeper"), 14);
    assert_eq!((suite.free("alice"), suite.free("bob")), (999_993, 999_993));
    assert_eq!(suite.state(lease), (LeaseState::Closed, Some(CloseReason::ConsumerClosed)));
}

#[test]
fn a_sweeper_without_an_account_leaves_the_bond_to_the_payer() {
    let (mut suite, lease) = with_lease();
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    suite.wait_window();
    suite.sweep("stranger", lease).unwrap();
    assert_eq!(suite.free("alice"), 1_000_000);
}

#[test]
fn heights_past_32_bits_count_the_same() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 100);
    suite.app.update_block(|block| block.height = u64::from(u32::MAX) - 5);
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    suite.wait(u64::from(SETTLE_SECS), 10);
    refused(suite.sweep("sweeper", lease), "runs 0 s and 10 blocks more");
    suite.wait(0, 10);
    suite.sweep("sweeper", lease).unwrap();
}

// reasons

#[test]
fn the_first_reason_stays_whatever_ends_the_lease() {
    for how in ["finish", "exhaust"] {
        let (mut suite, lease) = with_lease();
        suite.notice("carol", lease).unwrap();
        suite.wait(NOTICE_SECS.into(), 5);
        suite.close("carol", lease, CloseReason::Reclaimed).unwrap();
        if how == "finish" {
            suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
        } else {
            let all = suite.voucher(ALICE, lease, 10_000);
            suite.settle("gw1", &[all]);
        }
        assert_eq!(suite.state(lease), (LeaseState::Closed, Some(CloseReason::Reclaimed)));
    }
}

#[test]
fn anybody_closes_for_a_provider_that_reputation_shows_suspended() {
    let (mut suite, lease) = with_lease();
    let close = |suite: &mut Suite| suite.close("stranger", lease, CloseReason::Suspended);
    refused(close(&mut suite), "does not show Suspended");
    suite.suspend(CAROL, false);
    refused(close(&mut suite), "does not show Suspended");
    suite.suspend(ALICE, true);
    refused(close(&mut suite), "does not show Suspended");
    suite.suspend(CAROL, true);
    close(&mut suite).unwrap();
    assert_eq!(suite.state(lease), (LeaseState::Closing, Some(CloseReason::Suspended)));
    // what was served is still paid
    let debt = suite.voucher(ALICE, lease, 9_000);
    assert_eq!(suite.settle("gw1", &[debt]), [(ItemResult::Paid, 9_000)]);
}

#[test]
fn only_a_contract_that_opens_leases_calls_a_pool_in_default() {
    let (mut suite, lease) = with_lease();
    for sender in ["alice", "carol", "governance", "stranger"] {
        refused(
            suite.close(sender, lease, CloseReason::PoolDefault),
            "PoolDefault is no reason to close",
        );
    }
    suite.close("opener", lease, CloseReason::PoolDefault).unwrap();
    assert_eq!(suite.state(lease), (LeaseState::Closing, Some(CloseReason::PoolDefault)));
}

// lists

#[test]
fn lists_of_leases_are_bounded_and_not_empty() {
    let mut suite = Suite::funded();
    let many = vec![Uint64::from(64u64); 101];
    let items = vec![unsigned(64, CloseReason::ConsumerClosed); 101];
    for msg in [
        ExecuteMsg::Notice { leases: many.clone() },
        ExecuteMsg::Poke { leases: many.clone() },
        ExecuteMsg::Sweep { leases: many },
        ExecuteMsg::Close { items: items.clone() },
        ExecuteMsg::Finish { items },
    ] {
        refused(suite.send("alice", &msg), "101 entries, at most 100 are taken");
    }
    for msg in [
        ExecuteMsg::Notice { leases: vec![] },
        ExecuteMsg::Poke { leases: vec![] },
        ExecuteMsg::Sweep { leases: vec![] },
        ExecuteMsg::Close { items: vec![] },
        ExecuteMsg::Finish { items: vec![] },
    ] {
        refused(suite.send("alice", &msg), "the list is empty");
    }
}

// pause

#[test]
fn a_pause_stops_lock_and_open_and_nothing_that_lets_money_out() {
    let (mut suite, lease) = with_lease();
    let others: Vec<u64> = (0..3).map(|_| suite.lease_between(ALICE, CAROL, 100)).collect();
    suite.lock(&[lock_item(ALICE, 500)]).unwrap();
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Pause {})).unwrap();
    refused(suite.lock(&[lock_item(ALICE, 1)]), "the contract is paused");
    let terms = suite.terms();
    refused(suite.open(terms, &[open_item(ALICE, CAROL, 1, 8)]), "the contract is paused");

    suite.deposit("bob", UCAP, 1).unwrap();
    let voucher = suite.voucher(ALICE, lease, 100);
    assert_eq!(suite.settle("gw1", &[voucher]), [(ItemResult::Paid, 100)]);
    suite.notice("carol", lease).unwrap();
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    suite.finish("carol", others[0], CloseReason::ProviderFinished).unwrap();
    suite.wait(LEASE_SECS, 1_000);
    suite.poke("stranger", others[1]).unwrap();
    suite.sweep("sweeper", lease).unwrap();
    let unlock =
        caplet_api::packed::UnlockItem { device: ALICE, amount: 500, ..Default::default() };
    suite.unlock(None, &[unlock]).unwrap();
    suite.withdraw("alice", UCAP, None).unwrap();
    suite.send("stranger", &ExecuteMsg::SweepFees { asset: UCAP }).unwrap();
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Unpause {})).unwrap();
    suite.lock(&[lock_item(BOB, 1)]).unwrap();
}
