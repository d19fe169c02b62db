//! The pages that peers read by raw query are where `caplet_api::layout` says.

use crate::suite::*;
use caplet_api::compact;
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_api::layout::{
    BALANCES, BalanceRecord, DEALS, DealRecord, LANES, LaneRecord, Pages, REDEEMED, STATES,
    StateRecord, asset_sub, evidence_key, fees_key, terms_key,
};
use caplet_api::opened::Opened;
use caplet_api::packed::OpenItem;
use caplet_protocol::LeaseId;
use caplet_protocol::layout::Voucher;
use cosmwasm_std::to_json_vec;

fn raw(suite: &Suite, key: Vec<u8>) -> Option<Vec<u8>> {
    suite.app.wrap().query_wasm_raw(&suite.escrow, key).unwrap()
}

fn record(suite: &Suite, pages: &Pages, slot: u64) -> Vec<u8> {
    let (page, place) = pages.locate_slot(slot).unwrap();
    let bytes = pages.records(raw(suite, pages.key(&[], page)).unwrap_or_default());
    pages.slice(&bytes, place).to_vec()
}

#[test]
fn peers_read_lanes_deals_and_states_of_a_lease() {
    let mut suite = Suite::funded();
    suite.lease_between(BOB, CAROL, 100);
    suite.lock(&[lock_item(ALICE, 5_000)]).unwrap();
    let item = OpenItem { lots: 3, ..open_item(ALICE, CAROL, 1_000, 5_000) };
    let terms = suite.terms();
    let lease = opened(suite.open(terms.clone(), &[item]).unwrap())[0];
    let payee = suite.account("carol").unwrap().0;
    let payer = suite.account("alice").unwrap().0;

    let lane = LaneRecord { cap: 3_000, signer: ALICE, payee, asset: 1, lane: 0, fees: 1 };
    assert_eq!(LaneRecord::decode(&record(&suite, &LANES, lease)), lane);
    let deal = DealRecord {
        terms: 2,
        consumer: ALICE,
        provider: CAROL,
        payer,
        price: 1_000,
        lots: 3,
        lanes: 1,
        flags: 0,
    };
    assert_eq!(DealRecord::decode(&record(&suite, &DEALS, lease)), deal);
    assert_eq!(StateRecord::decode(&record(&suite, &STATES, lease)), StateRecord::default());
    let stored = Opened::read(&raw(&suite, terms_key(2)).unwrap()).unwrap();
    assert_eq!(stored, Opened { terms, at: Some(suite.now() as u32) });
    assert_eq!(raw(&suite, fees_key(1).to_vec()), Some(vec![0, 100, 0, 50]));

    let voucher = Voucher { evidence: [9; 32], ..plain(lease, 700) };
    let voucher = suite.keys[&ALICE].voucher(&suite.domain, voucher);
    suite.settle("gw1", &[voucher]);
    assert_eq!(record(&suite, &REDEEMED, lease), 700u64.to_be_bytes());
    assert_eq!(raw(&suite, evidence_key(LeaseId(lease))), Some(vec![9; 32]));

    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    let closing = StateRecord {
        state: LeaseState::Closing as u8,
        reason: CloseReason::ConsumerClosed as u8,
        closing_time: suite.now() as u32,
        closing_height: suite.app.block_info().height as u32,
        ..StateRecord::default()
    };
    assert_eq!(StateRecord::decode(&record(&suite, &STATES, lease)), closing);
    suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
    let closed = StateRecord { state: LeaseState::Closed as u8, fees: 1, ..closing };
    assert_eq!(StateRecord::decode(&record(&suite, &STATES, lease)), closed);
    let lane = LaneRecord { fees: 0, ..lane };
    assert_eq!(LaneRecord::decode(&record(&suite, &LANES, lease)), lane);
    assert_eq!(record(&suite, &REDEEMED, lease), 700u64.to_be_bytes());
}

#[test]
fn a_deal_the_owner_placed_itself_says_so() {
    let mut suite = Suite::funded();
    let flags = caplet_api::layout::PLACED_BY_OWNER;
    let lease = suite.lease_flagged(ALICE, CAROL, 100, flags);
    assert_eq!(DealRecord::decode(&record(&suite, &DEALS, lease)).flags, 1);
}

#[test]
fn balances_are_read_by_account_and_asset() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 300)]).unwrap();
    let account = suite.account("alice").unwrap();
    let (page, place) = BALANCES.locate(account.0);
    let bytes = BALANCES.records(raw(&suite, BALANCES.key(&asset_sub(UCAP), page)).unwrap());
    let balance = BalanceRecord::decode(BALANCES.slice(&bytes, place));
    assert_eq!(balance, BalanceRecord { free: 999_700, ordered: 300 });
}

#[test]
fn what_the_escrow_keeps_for_itself_meets_no_documented_key() {
    let mut suite = Suite::funded();
    suite.lease_between(ALICE, CAROL, 100);
    let mut firsts: Vec<u8> = suite
        .app
        .dump_wasm_raw(&suite.escrow)
        .into_iter()
        .map(|(key, _)| key[0])
        .filter(|first| *first > 0x7F)
        .collect();
    firsts.dedup();
    // balances, lanes, deals, terms, fees are documented; the rest is the escrow's own
    assert_eq!(firsts, [0xE0, 0xE2, 0xE3, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA]);
}

/// Storage as a version without small forms wrote it.
fn store_plainly(suite: &mut Suite) {
    let stored = suite.app.dump_wasm_raw(&suite.escrow);
    let allowances = Pages { prefix: 0xE8, per_page: 32, width: 24, compact: true };
    let kinds = [BALANCES, REDEEMED, LANES, DEALS, STATES, allowances];
    let mut storage = suite.app.contract_storage_mut(&suite.escrow);
    for (key, bytes) in stored {
        if let Some(kind) = kinds.into_iter().find(|kind| kind.prefix == key[0]) {
            let plain = Pages { compact: false, ..kind }.stored(&kind.records(bytes));
            storage.set(&key, &plain);
        } else if key[0] == 0xE9 {
            storage.set(&key, &compact::expand(&bytes, 16));
        } else if key[0] == 0xE6 {
            let Opened { terms, at } = Opened::read(&bytes).unwrap();
            storage.set(&key, &to_json_vec(&terms).unwrap());
            storage.set(&[&[0xEB], &key[1..]].concat(), &at.unwrap().to_be_bytes());
        }
    }
}

#[test]
fn what_an_older_version_stored_serves_its_leases_to_their_end() {
    let mut suite = Suite::funded();
    let leases: Vec<u64> = (0..3).map(|_| suite.lease_between(ALICE, CAROL, 100)).collect();
    let states = |suite: &Suite| leases.iter().map(|id| suite.lease(*id)).collect::<Vec<_>>();
    let before = states(&suite);
    let small = size(&suite);
    store_plainly(&mut suite);
    let whole = size(&suite);
    assert!(whole > small + 100, "{whole} bytes are hardly more than {small}");
    assert!(states(&suite) == before, "a lease reads otherwise");
    let voucher = suite.keys[&ALICE].voucher(&suite.domain, plain(leases[0], 70));
    suite.settle("gw1", &[voucher]);
    for lease in &leases {
        suite.finish("carol", *lease, CloseReason::ProviderFinished).unwrap();
    }
    assert_eq!(record(&suite, &REDEEMED, leases[0]), 70u64.to_be_bytes());
    assert!(size(&suite) < whole, "what was rewritten is small again");
}

/// Bytes of all pages that peers read.
fn size(suite: &Suite) -> usize {
    let stored = suite.app.dump_wasm_raw(&suite.escrow);
    let pages = stored.iter().filter(|(key, _)| (0xE0..=0xE4).contains(&key[0]));
    pages.map(|(_, bytes)| bytes.len()).sum()
}
