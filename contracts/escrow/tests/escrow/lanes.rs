//! Leases that several lanes share, reserve moved between them, lots added.

use crate::suite::*;
use caplet_api::escrow::{CloseReason, ExecuteMsg, ItemResult::*, LeaseState, MoveCapInput};
use caplet_api::event::{CapMoved, LeaseShared, LeasesToppedUp};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{INSTANT, LaneItem, OpenItem, TopUpItem, VoucherItem};
use caplet_protocol::{Lane, LeaseId, layout::Voucher};

fn lane(payee: u32, cap: u64) -> LaneItem {
    LaneItem { signer: 0, payee, cap }
}

/// A lease of ten lots at 1,000 with these lanes, taken from free money.
fn shared(suite: &mut Suite, lanes: &[LaneItem]) -> Result<u64, String> {
    let item = OpenItem { lots: 10, flags: INSTANT, ..open_item(ALICE, CAROL, 1_000, 10_007) };
    suite.open_shared(item, lanes).map(|events| opened(events)[0])
}

fn two_members(suite: &mut Suite) -> u64 {
    shared(suite, &[lane(CAROL, 7_000), lane(DAVE, 3_000)]).unwrap()
}

fn voucher(suite: &Suite, lease: u64, lane: u16, amount: u128) -> VoucherItem {
    let voucher = Voucher { lane: Lane(lane), ..plain(lease, amount) };
    suite.keys[&ALICE].voucher(&suite.domain, voucher)
}

fn caps(suite: &Suite, lease: u64) -> Vec<u64> {
    suite.lease(lease).lanes.iter().map(|lane| lane.cap.u64()).collect()
}

fn move_cap(lease: u64, from: u16, to: u16, amount: u64) -> ExecuteMsg {
    let (lease, amount) = (lease.into(), amount.into());
    ExecuteMsg::MoveCap {
        items: vec![MoveCapInput { lease, from: Lane(from), to: Lane(to), amount }],
    }
}

#[test]
fn each_lane_pays_its_own_payee_up_to_its_own_cap() {
    let mut suite = Suite::funded();
    let item = OpenItem { lots: 10, flags: INSTANT, ..open_item(ALICE, CAROL, 1_000, 10_007) };
    let events = suite.open_shared(item, &[lane(0, 7_000), lane(DAVE, 3_000)]).unwrap();
    let lease = opened(events.clone())[0];
    let payees: Vec<u64> =
        ["carol", "dave"].map(|name| suite.account(name).unwrap().0.into()).into();
    let shown = LeaseShared { lease, signers: vec![1, 1], payees, caps: vec![7_000, 3_000] };
    assert_eq!(crate::suite::events::<LeaseShared>(&events), [shown]);

    let items = [
        voucher(&suite, lease, 0, 500),
        voucher(&suite, lease, 1, 9_999),
        voucher(&suite, lease, 2, 1),
        voucher(&suite, lease, 0, 600),
    ];
    let paid = [(Paid, 500), (Clamped, 3_000), (Unknown, 0), (Paid, 100)];
    assert_eq!(suite.settle("gw1", &items), paid);
    assert_eq!((suite.free("carol"), suite.free("dave")), (600 - 9, 3_000 - 45));
    assert_eq!(suite.state(lease).0, LeaseState::Open, "one exhausted lane does not end it");
    let rest = voucher(&suite, lease, 0, 7_000);
    assert_eq!(suite.settle("gw1", &[rest]), [(Paid, 6_400)]);
    assert_eq!(suite.state(lease), (LeaseState::Closed, Some(CloseReason::Exhausted)));
}

#[test]
fn a_lane_may_be_signed_by_another_device_of_the_payer_and_by_no_other() {
    let mut suite = Suite::funded();
    let foreign = LaneItem { signer: BOB, ..lane(0, 10_000) };
    refused(
        suite.open_shared(
            OpenItem { lots: 10, flags: INSTANT, ..open_item(ALICE, CAROL, 1_000, 10_007) },
            &[foreign],
        ),
        "which is not one of account",
    );
    let second = suite.register("alice", "gw1", "alice's second");
    let other = LaneItem { signer: second, ..lane(0, 4_000) };
    let lease = shared(&mut suite, &[lane(0, 6_000), other]).unwrap();
    let wrong = voucher(&suite, lease, 1, 100);
    let own = Voucher { lane: Lane(1), ..plain(lease, 100) };
    let right = suite.keys[&second].voucher(&suite.domain, own);
    assert_eq!(suite.settle("gw1", &[wrong, right]), [(BadSignature, 0), (Paid, 100)]);
}

#[test]
fn lanes_are_one_to_four_with_caps_that_add_up_to_the_reserve() {
    let mut suite = Suite::funded();
    for (lanes, why) in [
        (vec![], "the list is empty"),
        (vec![lane(0, 2_000); 5], "5 items, at most 4"),
        (
            vec![lane(0, 5_000), lane(0, 4_999)],
            "the lanes' caps add up to 9999, price x lots reserves 10000",
        ),
        (vec![lane(0, 10_000), lane(0, 0)], "lane 1 has a cap of 0"),
        (vec![lane(0, 10_000), lane(0, u64::MAX)], "add up to"),
        (vec![lane(99, 10_000)], "device 99 is not registered"),
    ] {
        let error = shared(&mut suite, &lanes).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    let lease = shared(&mut suite, &[lane(0, 2_500); 4]).unwrap();
    assert_eq!(caps(&suite, lease), [2_500; 4]);
    let sender = suite.terms();
    let msg = ExecuteMsg::OpenShared {
        terms: sender,
        beneficiary: None,
        item: OpenItem::pack(&[open_item(ALICE, CAROL, 1, 8)]).into(),
        lanes: LaneItem::pack(&[lane(0, 1)]).into(),
    };
    refused(suite.send("alice", &msg), "may not lock or open");
}

#[test]
fn lanes_of_a_lease_stand_in_one_page() {
    let mut suite = Suite::funded();
    for _ in 0..40 {
        let lease = shared(&mut suite, &[lane(0, 5_000), lane(0, 3_000), lane(0, 2_000)]).unwrap();
        assert_eq!(lease / 64, (lease + 2) / 64);
        suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
    }
}

#[test]
fn no_member_finishes_for_the_others() {
    let mut suite = Suite::funded();
    let lease = two_members(&mut suite);
    refused(
        suite.finish("dave", lease, CloseReason::ProviderFinished),
        "only the owner of device 3 may ask this",
    );
    refused(suite.notice("dave", lease), "only the owner of device 3 may ask this");
    suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
}

#[test]
fn a_leaked_key_costs_at_most_the_exposure_cap_on_every_lane() {
    let mut suite = Suite::funded();
    let lease = two_members(&mut suite);
    suite.wait(10, 2);
    let leaked = suite.rotate(ALICE, 1, true);
    let theft = [0, 1].map(|lane| {
        let voucher = Voucher { lane: Lane(lane), ..plain(lease, 9_999) };
        leaked.voucher(&suite.domain, voucher)
    });
    assert_eq!(suite.settle("gw1", &theft), [(Clamped, EXPOSURE), (Clamped, EXPOSURE)]);
    assert_eq!(suite.state(lease), (LeaseState::Closed, Some(CloseReason::KeyCompromised)));
}

#[test]
fn a_leaked_key_of_any_lane_closes_the_lease_and_cuts_every_cap() {
    let mut suite = Suite::funded();
    let second = suite.register("alice", "gw1", "alice's second");
    let other = LaneItem { signer: second, ..lane(0, 4_000) };
    let lease = shared(&mut suite, &[lane(0, 6_000), other]).unwrap();
    suite.wait(10, 2);
    let close = |suite: &mut Suite| suite.close("stranger", lease, CloseReason::KeyCompromised);
    refused(close(&mut suite), "does not show KeyCompromised");
    suite.rotate_of("alice", second, 1, true);
    close(&mut suite).unwrap();
    assert_eq!(caps(&suite, lease), [EXPOSURE; 2]);
}

#[test]
fn the_payer_moves_reserve_and_leaves_redeemed_and_exposure_behind() {
    let mut suite = Suite::funded();
    let lease = two_members(&mut suite);
    let first = voucher(&suite, lease, 0, 1_000);
    suite.settle("gw1", &[first]);
    let most = 7_000 - 1_000 - EXPOSURE;
    refused(
        suite.send("alice", &move_cap(lease, 0, 1, most + 1)),
        "asked to move 5801 from lane 0 to lane 1, at most 5800 may go",
    );
    for sender in ["carol", "dave", "gw1", "stranger", "opener"] {
        refused(suite.send(sender, &move_cap(lease, 0, 1, 1)), "only the account that pays");
    }
    let events = suite.send("alice", &move_cap(lease, 0, 1, most)).unwrap();
    let moved = CapMoved { lease, from: 0, to: 1, amount: most };
    assert_eq!(crate::suite::events::<CapMoved>(&events), [moved]);
    assert_eq!(caps(&suite, lease), [1_000 + EXPOSURE, 3_000 + most]);
    // what the first may still be owed is paid
    let owed = voucher(&suite, lease, 0, u128::from(1_000 + EXPOSURE));
    assert_eq!(suite.settle("gw1", &[owed]), [(Paid, EXPOSURE)]);
    for (from, to, amount) in [(0, 1, 1), (1, 0, 0), (1, 1, 5)] {
        refused(suite.send("alice", &move_cap(lease, from, to, amount)), "asked to move");
    }
    refused(suite.send("alice", &move_cap(lease, 1, 2, 1)), "has no lane 2");
    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    refused(suite.send("alice", &move_cap(lease, 1, 0, 1)), "is Closing, there is nothing to move");
}

fn more(lease: u64, lane: u8, lots: u16, unlock: u64, flags: u8) -> TopUpItem {
    let (consumer, provider, market, price) = (ALICE, CAROL, 1, 1_000);
    TopUpItem { lease, lane, lots, unlock, flags, consumer, provider, market, price }
}

#[test]
fn lots_are_added_by_openers_at_the_leases_price() {
    let mut suite = Suite::funded();
    let lease = two_members(&mut suite);
    let free = suite.free("alice");
    refused(suite.top_up("alice", &[more(lease, 1, 2, 2_000, INSTANT)]), "may not lock or open");
    let events = suite.top_up("opener", &[more(lease, 1, 2, 2_010, INSTANT)]).unwrap();
    let (leases, lanes, lots, now) = (vec![lease], vec![1], vec![2], vec![5_000]);
    let shown = LeasesToppedUp { leases, lanes, lots, caps: now };
    assert_eq!(crate::suite::events::<LeasesToppedUp>(&events), [shown]);
    assert_eq!((caps(&suite, lease), suite.lease(lease).lots.0), (vec![7_000, 5_000], 12));
    assert_eq!(suite.free("alice"), free - 2_000, "the surplus came back");

    // or out of what was ordered
    suite.lock(&[lock_item(ALICE, 1_000)]).unwrap();
    suite.top_up("opener", &[more(lease, 0, 1, 1_000, 0)]).unwrap();
    assert_eq!((caps(&suite, lease), suite.ordered("alice")), (vec![8_000, 5_000], 0));

    suite.notice("carol", lease).unwrap();
    suite.top_up("opener", &[more(lease, 0, 1, 1_000, INSTANT)]).unwrap();
    assert_eq!(suite.lease(lease).lots.0, 14);
}

#[test]
fn lots_that_nobody_may_add_are_refused() {
    let mut suite = Suite::funded();
    let lease = two_members(&mut suite);
    let of = |change: fn(&mut TopUpItem)| {
        let mut item = more(lease, 0, 1, 1_000, INSTANT);
        change(&mut item);
        item
    };
    for (item, why) in [
        (more(lease, 0, 1, 999, INSTANT), "needs 1000 for price, bond and fee, 999"),
        (more(lease, 0, 0, 999, INSTANT), "opens a lease of 0 lots"),
        (more(lease, 0, 1, 1_000, 0), "has 0 ordered"),
        (more(lease, 2, 1, 1_000, INSTANT), "has no lane 2"),
        (more(lease, 0, 1, 1_000, INSTANT | PLACED_BY_OWNER), "was ordered by its device's key"),
        (more(lease, 0, 1, 1_000, INSTANT | 2), "flags"),
        (more(lease, 0, u16::MAX, u64::MAX / 4, INSTANT), "has 989993 free"),
        (more(99, 0, 1, 1_000, INSTANT), "there is no lease 99"),
        (of(|item| item.consumer = CAROL), "is of market, consumer and provider (1, 1, 3)"),
        (of(|item| item.provider = ALICE), "the lots are of (1, 1, 1)"),
        (of(|item| item.market = 2), "the lots are of (2, 1, 3)"),
        (of(|item| item.price = 1_001), "pays 1000 a lot, 1001 is asked"),
    ] {
        refused(suite.top_up("opener", &[item]), why);
    }
    refused(suite.top_up("opener", &[]), "the list is empty");
    suite.authorise("alice", ALICE, UCAP, 500).unwrap();
    refused(suite.top_up("opener", &[more(lease, 0, 1, 1_000, INSTANT)]), "500 is left");
    suite.set_status(CAROL, caplet_api::registry::DeviceStatus::Frozen);
    refused(suite.top_up("opener", &[more(lease, 0, 1, 1_000, INSTANT)]), "device 3 is not active");
    suite.set_status(CAROL, caplet_api::registry::DeviceStatus::Active);
    suite.wait(LEASE_SECS, 1);
    refused(suite.top_up("opener", &[more(lease, 0, 1, 1_000, INSTANT)]), "ended at");
    suite.poke("stranger", lease).unwrap();
    refused(suite.top_up("opener", &[more(lease, 0, 1, 1_000, INSTANT)]), "is Closing");
}

#[test]
fn added_lots_are_refunded_to_the_allowance_they_came_from() {
    let mut suite = Suite::funded();
    suite.authorise("alice", ALICE, UCAP, 20_000).unwrap();
    let lease = two_members(&mut suite);
    suite.top_up("opener", &[more(lease, 0, 5, 5_000, INSTANT)]).unwrap();
    assert_eq!(suite.allowance(ALICE), (20_000, 15_007));
    suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
    assert_eq!(suite.allowance(ALICE), (20_000, 0));
    assert_eq!(suite.free("alice"), 1_000_000);
}

#[test]
fn tick_links_of_one_lane_are_worth_nothing_on_another() {
    let mut suite = Suite::funded();
    let lease = two_members(&mut suite);
    let mut chain = Voucher { lane: Lane(0), links: 8, link_amount: 10, ..plain(lease, 100) };
    let salt = chain.salt(&suite.domain);
    chain.anchor = salt.link(&[1; 32], 8, 0).unwrap();
    let signed = suite.keys[&ALICE].voucher(&suite.domain, chain);
    let link = salt.link(&[1; 32], 8, 5).unwrap();
    let best = VoucherItem { k: 5, link, ..signed };
    let moved = VoucherItem { voucher: Voucher { lane: Lane(1), ..chain }, ..best };
    assert_eq!(suite.settle("gw1", &[moved, best]), [(BadSignature, 0), (Paid, 150)]);
    assert_eq!(LeaseId(lease), chain.lease);
}
