//! The pages that peers read by raw query are where `caplet_api::layout` says.

use crate::suite::*;
use caplet_api::escrow::{CloseReason, LeaseState, Terms};
use caplet_api::layout::{
    BALANCES, BalanceRecord, DEALS, DealRecord, LANES, LaneRecord, Pages, REDEEMED, STATES,
    StateRecord, asset_sub, evidence_key, fees_key, terms_key,
};
use caplet_api::packed::OpenItem;
use caplet_protocol::LeaseId;
use caplet_protocol::layout::Voucher;
use cosmwasm_std::from_json;

fn raw(suite: &Suite, key: Vec<u8>) -> Option<Vec<u8>> {
    suite.app.wrap().query_wasm_raw(&suite.escrow, key).unwrap()
}

fn record(suite: &Suite, pages: &Pages, slot: u64) -> Vec<u8> {
    let (page, place) = pages.locate_slot(slot).unwrap();
    let bytes = raw(suite, pages.key(&[], page)).unwrap_or_default();
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
    let stored: Terms = from_json(raw(&suite, terms_key(2)).unwrap()).unwrap();
    assert_eq!(stored, terms);
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
    let bytes = raw(&suite, BALANCES.key(&asset_sub(UCAP), page)).unwrap();
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
    assert_eq!(firsts, [0xE0, 0xE2, 0xE3, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xEB]);
}
