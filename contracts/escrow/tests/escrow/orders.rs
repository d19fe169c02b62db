//! Lock, unlock and open: what the auction and other openers ask.

use crate::suite::*;
use caplet_api::escrow::{ExecuteMsg, LeaseState};
use caplet_api::event::LeasesOpened;
use caplet_api::packed::{INSTANT, LockItem, OpenItem, UnlockItem};
use caplet_api::registry::DeviceStatus;
use caplet_protocol::AssetId;
use cw_multi_test::{Executor, IntoAddr};

#[test]
fn only_openers_lock_unlock_and_open() {
    let mut suite = Suite::funded();
    let terms = suite.terms();
    let relayer = "alice".into_addr().to_string();
    let items = cosmwasm_std::Binary::default();
    for msg in [
        ExecuteMsg::Lock { asset: UCAP, relayer, items: items.clone() },
        ExecuteMsg::Unlock { asset: UCAP, beneficiary: None, items: items.clone() },
        ExecuteMsg::Open { terms, beneficiary: None, items },
    ] {
        for sender in ["alice", "governance", "stranger"] {
            refused(suite.send(sender, &msg), "may not lock or open");
        }
    }
}

#[test]
fn a_lock_moves_money_to_ordered_and_the_fee_to_the_relayer() {
    let mut suite = Suite::funded();
    let item = LockItem { relay_fee: 11, ..lock_item(ALICE, 500) };
    suite.lock(&[item, lock_item(BOB, 20)]).unwrap();
    assert_eq!((suite.free("alice"), suite.ordered("alice")), (1_000_000 - 511, 500));
    assert_eq!((suite.free("bob"), suite.ordered("bob")), (1_000_000 - 20, 20));
    assert_eq!(suite.free("relayer"), 11);
}

#[test]
fn a_lock_that_one_payer_cannot_bear_is_refused_whole() {
    let mut suite = Suite::funded();
    let items = [lock_item(ALICE, 10), lock_item(BOB, 1_000_001)];
    let reason = "device 2 asks for 1000001 of asset 1, its owner's account";
    refused(suite.lock(&items), reason);
    // amount and fee together, and two items of one payer together
    let fee = LockItem { relay_fee: 1, ..lock_item(BOB, 1_000_000) };
    refused(suite.lock(&[fee]), "has 1000000 free");
    refused(suite.lock(&[lock_item(BOB, 600_000), lock_item(BOB, 600_000)]), "has 400000 free");
    let huge = LockItem { relay_fee: u64::MAX, ..lock_item(BOB, u64::MAX) };
    refused(suite.lock(&[by_owner(huge)]), "asks for 36893488147419103230");
    assert_eq!((suite.free("alice"), suite.ordered("alice")), (1_000_000, 0));
}

#[test]
fn a_lock_names_registered_devices_known_flags_and_a_relayer_with_an_account() {
    let mut suite = Suite::funded();
    refused(suite.lock(&[lock_item(9, 1)]), "device 9 is not registered");
    refused(suite.lock(&[lock_item(0, 1)]), "device 0 is not registered");
    let flagged = LockItem { flags: 0x41, ..lock_item(ALICE, 1) };
    refused(suite.lock(&[flagged]), "item 0 has flags 0x41, 0x80 are known");
    let relayer = "stranger".into_addr().to_string();
    let paying = LockItem { relay_fee: 1, ..lock_item(ALICE, 1) };
    let msg = |item| {
        let (relayer, items) = (relayer.clone(), LockItem::pack(&[item]).into());
        ExecuteMsg::Lock { asset: UCAP, relayer, items }
    };
    refused(suite.send("opener", &msg(paying)), "has no account");
    suite.send("opener", &msg(lock_item(ALICE, 1))).unwrap();
    suite.asset = AssetId(9);
    refused(suite.lock(&[lock_item(ALICE, 1)]), "asset 9 is not accepted");
}

#[test]
fn packed_lists_of_another_shape_are_refused() {
    let mut suite = Suite::funded();
    let relayer = "relayer".into_addr().to_string();
    let ragged = ExecuteMsg::Lock { asset: UCAP, relayer, items: vec![0; 22].into() };
    refused(suite.send("opener", &ragged), "22 bytes is not a whole number of 21-byte items");
    let many = vec![lock_item(ALICE, 0); 4_097];
    refused(suite.lock(&many), "4097 items, at most 4096");
}

#[test]
fn an_unlock_returns_money_and_pays_what_is_forfeit() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 500)]).unwrap();
    let item = UnlockItem { device: ALICE, amount: 300, forfeit: 50, flags: 0 };
    refused(suite.unlock(Some("stranger"), &[item]), "has no account");
    suite.unlock(Some("sweeper"), &[item]).unwrap();
    assert_eq!((suite.free("alice"), suite.ordered("alice")), (1_000_000 - 200, 150));
    assert_eq!(suite.free("sweeper"), 50);
    let more = UnlockItem { amount: 151, forfeit: 0, ..item };
    refused(suite.unlock(None, &[more]), "has 150 ordered");
    let more = UnlockItem { amount: 150, forfeit: 1, ..item };
    refused(suite.unlock(Some("sweeper"), &[more]), "has orders for 151");
    let flagged = UnlockItem { flags: 1, ..item };
    refused(suite.unlock(None, &[flagged]), "item 0 has flags 0x01");
}

#[test]
fn a_forfeit_without_a_beneficiary_is_the_protocols() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 500)]).unwrap();
    let item = UnlockItem { device: ALICE, amount: 300, forfeit: 50, flags: 0 };
    suite.unlock(None, &[item]).unwrap();
    assert_eq!((suite.free("alice"), suite.ordered("alice")), (1_000_000 - 200, 150));
    assert_eq!(suite.ledger(UCAP).fees.u128(), 50);
}

#[test]
fn an_opening_splits_what_it_unlocks() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 5_000)]).unwrap();
    let terms = suite.terms();
    let item = OpenItem { lots: 3, fee: 20, demand: 77, ..open_item(ALICE, CAROL, 1_000, 4_000) };
    let events = suite.open(terms, &[item]).unwrap();
    assert_eq!(suite.ordered("alice"), 1_000);
    assert_eq!(suite.free("alice"), 995_000 + 4_000 - 3_000 - 7 - 20);
    assert_eq!(suite.free("relayer"), 20);
    let event = &crate::suite::events::<LeasesOpened>(&events)[0];
    assert_eq!(event.leases, [64]);
    assert_eq!((event.demands[0], event.consumers[0], event.providers[0]), (77, 1, 3));
    let lease = suite.lease(64);
    assert_eq!((lease.state, lease.lots.0, lease.price.u64()), (LeaseState::Open, 3, 1_000));
    assert_eq!((lease.lanes[0].cap.u64(), lease.lanes[0].signer.0), (3_000, ALICE));
    assert_eq!(Some(lease.lanes[0].payee), suite.account("carol"));
    assert_eq!(Some(lease.payer), suite.account("alice"));
    assert_eq!(lease.fees, FEES);
}

#[test]
fn the_leases_come_back_as_data_packed() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 5_000)]).unwrap();
    let items = [open_item(ALICE, CAROL, 10, 17), open_item(ALICE, DAVE, 10, 17)];
    let msg = ExecuteMsg::Open {
        terms: suite.terms(),
        beneficiary: None,
        items: OpenItem::pack(&items).into(),
    };
    let escrow = suite.escrow.clone();
    let response = suite.app.execute_contract("opener".into_addr(), escrow, &msg, &[]).unwrap();
    let data: Vec<u8> = [64u64, 128].iter().flat_map(|lease| lease.to_be_bytes()).collect();
    assert_eq!(response.data.unwrap().to_vec(), data);
}

#[test]
fn leases_stand_in_pages_of_their_providers_gateway() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 500_000)]).unwrap();
    let mut items = vec![open_item(ALICE, CAROL, 10, 17); 65];
    items.push(open_item(ALICE, DAVE, 10, 17));
    let terms = suite.terms();
    let leases = opened(suite.open(terms.clone(), &items).unwrap());
    assert_eq!(leases[..64], (64..128).collect::<Vec<u64>>());
    assert_eq!(leases[64..], [128, 192]);
    let more = opened(suite.open(terms, &items[64..]).unwrap());
    assert_eq!(more, [129, 193]);
}

#[test]
fn an_opening_needs_money_that_covers_price_bond_and_fee() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 1_000)]).unwrap();
    let terms = suite.terms();
    let exact = OpenItem { fee: 3, ..open_item(ALICE, CAROL, 90, 100) };
    let short = OpenItem { unlock: 99, ..exact };
    let reason = "item 1 needs 100 for price, bond and fee, 99 is unlocked";
    refused(suite.open(terms.clone(), &[exact, short]), reason);
    let beyond = open_item(ALICE, CAROL, 90, 1_001);
    refused(suite.open(terms.clone(), &[beyond]), "has 1000 ordered");
    let huge = OpenItem { lots: u16::MAX, ..open_item(ALICE, CAROL, u64::MAX, u64::MAX) };
    refused(suite.open(terms.clone(), &[huge]), "item 0 needs");
    let none = OpenItem { lots: 0, ..exact };
    refused(suite.open(terms.clone(), &[none]), "item 0 opens a lease of 0 lots");
    refused(suite.open(terms.clone(), &[]), "the list is empty");
    suite.open(terms, &[exact]).unwrap();
}

#[test]
fn a_fee_needs_somebody_who_gets_it() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 1_000)]).unwrap();
    let item = OpenItem { fee: 3, ..open_item(ALICE, CAROL, 90, 100) };
    let mut open = |beneficiary: Option<&str>| {
        let beneficiary = beneficiary.map(|name| name.into_addr().to_string());
        let items = OpenItem::pack(&[item]).into();
        let terms = suite.terms();
        suite.send("opener", &ExecuteMsg::Open { terms, beneficiary, items })
    };
    refused(open(None), "pay 3 to a beneficiary, none is named");
    refused(open(Some("stranger")), "has no account");
    open(Some("gw1")).unwrap();
}

#[test]
fn the_instant_lane_takes_free_money() {
    let mut suite = Suite::funded();
    let item = OpenItem { flags: INSTANT, ..open_item(ALICE, CAROL, 1_000, 1_100) };
    let terms = suite.terms();
    suite.open(terms.clone(), &[item]).unwrap();
    assert_eq!((suite.free("alice"), suite.ordered("alice")), (1_000_000 - 1_007, 0));
    let dear = OpenItem { unlock: 999_000, ..item };
    refused(suite.open(terms, &[dear]), "device 1 asks for 999000 of asset 1");
}

#[test]
fn only_devices_that_are_active_open_leases() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 1_000)]).unwrap();
    let terms = suite.terms();
    let item = open_item(ALICE, CAROL, 90, 100);
    let unknown = OpenItem { provider: 9, ..item };
    refused(suite.open(terms.clone(), &[unknown]), "device 9 is not registered");
    suite.set_status(CAROL, DeviceStatus::Frozen);
    refused(suite.open(terms.clone(), &[item]), "device 3 is not active");
    suite.set_status(CAROL, DeviceStatus::Active);
    suite.set_status(ALICE, DeviceStatus::Retired);
    refused(suite.open(terms, &[item]), "device 1 is not active");
    // what a retired device had ordered still comes back
    let item = UnlockItem { device: ALICE, amount: 1_000, ..UnlockItem::default() };
    suite.unlock(None, &[item]).unwrap();
    assert_eq!(suite.free("alice"), 1_000_000);
}

#[test]
fn terms_run_forward_and_lock_nothing_up_for_long() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 1_000)]).unwrap();
    let good = suite.terms();
    let item = [open_item(ALICE, CAROL, 90, 100)];
    let mut terms = good.clone();
    terms.end = terms.start;
    refused(suite.open(terms, &item), "end them after their start and after now");
    let mut terms = good.clone();
    terms.start = 1u64.into();
    terms.end = suite.now().into();
    refused(suite.open(terms, &item), "end them after their start and after now");
    let mut terms = good.clone();
    terms.settle_secs = 604_801;
    refused(suite.open(terms, &item), "settle_secs of 604801 is above 604800");
    let mut terms = good.clone();
    terms.settle_blocks = 604_801;
    refused(suite.open(terms, &item), "settle_blocks of 604801 is above");
    let mut terms = good;
    terms.asset = AssetId(9);
    refused(suite.open(terms, &item), "asset 9 is not accepted");
}

#[test]
fn a_payer_that_withdraws_between_placing_and_clearing_fails_no_batch() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 1_007), lock_item(BOB, 1_007)]).unwrap();
    suite.withdraw("alice", UCAP, None).unwrap();
    suite.set_status(BOB, DeviceStatus::Active);
    let terms = suite.terms();
    let items = [open_item(ALICE, CAROL, 1_000, 1_007), open_item(BOB, CAROL, 1_000, 1_007)];
    assert_eq!(opened(suite.open(terms, &items).unwrap()).len(), 2);
}
