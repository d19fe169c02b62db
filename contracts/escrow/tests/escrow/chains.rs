//! Hash chains: what a revealed link is worth.

use crate::suite::*;
use caplet_api::escrow::{ChainInput, ExecuteMsg, ItemResult, VoucherInput};
use caplet_api::packed::VoucherItem;
use caplet_protocol::chain::MAX_LINKS;
use caplet_protocol::layout::Voucher;
use caplet_protocol::{Lane, LeaseId};

const SECRET: [u8; 32] = [0x22; 32];

/// A voucher for 100 with a chain of links worth 10, revealed up to `k`.
fn ticking(suite: &Suite, lease: u64, links: u16, k: u16) -> VoucherItem {
    let mut voucher = Voucher { links, link_units: 100, link_amount: 10, ..plain(lease, 100) };
    let salt = voucher.salt(&suite.domain);
    voucher.anchor = salt.link(&SECRET, links, 0).unwrap();
    let item = suite.keys[&ALICE].voucher(&suite.domain, voucher);
    let link = if k == 0 { [0; 32] } else { salt.link(&SECRET, links, k).unwrap() };
    VoucherItem { k, link, ..item }
}

#[test]
fn every_link_is_worth_its_amount_once() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 50_000);
    let item = |suite: &Suite, k| ticking(suite, lease, MAX_LINKS, k);
    for (k, paid) in [(0, 100), (1, 10), (3, 20), (2, 0), (3, 0), (1_024, 10_210)] {
        let item = item(&suite, k);
        let (_, got) = suite.settle("gw1", &[item])[0];
        assert_eq!(got, paid, "link {k}");
    }
    assert_eq!(suite.redeemed(lease), 10_340);
}

#[test]
fn a_link_that_does_not_reach_the_anchor_pays_nothing() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 50_000);
    let good = ticking(&suite, lease, 10, 5);
    let bad = |item: VoucherItem| (ItemResult::BadChain, 0) == suite_result(&mut suite, item);
    let mut bad = bad;
    assert!(bad(VoucherItem { k: 6, ..good }), "a link claimed to be a later one");
    assert!(bad(VoucherItem { k: 11, ..good }), "a link past the chain's end");
    assert!(bad(VoucherItem { link: [7; 32], ..good }));
    // the plain amount is still there for whoever sends the voucher without a link
    let plain = VoucherItem { k: 0, link: [0; 32], ..good };
    assert_eq!(suite.settle("gw1", &[plain]), [(ItemResult::Paid, 100)]);
    assert_eq!(suite.settle("gw1", &[good]), [(ItemResult::Paid, 50)]);
}

fn suite_result(suite: &mut Suite, item: VoucherItem) -> (ItemResult, u64) {
    suite.settle("gw1", &[item])[0]
}

#[test]
fn a_link_of_another_lease_or_amount_is_worth_nothing() {
    let mut suite = Suite::funded();
    let first = suite.lease_between(ALICE, CAROL, 50_000);
    let second = suite.lease_between(ALICE, CAROL, 50_000);
    let theirs = ticking(&suite, second, 10, 5);
    let ours = VoucherItem { k: 5, link: theirs.link, ..ticking(&suite, first, 10, 1) };
    assert_eq!(suite.settle("gw1", &[ours]), [(ItemResult::BadChain, 0)]);
    // the anchor is signed, so it cannot be taken along to another lease
    let mut moved = theirs;
    moved.voucher.lease = LeaseId(first);
    assert_eq!(suite.settle("gw1", &[moved]), [(ItemResult::BadSignature, 0)]);
}

#[test]
fn chain_fields_that_contradict_each_other_are_malformed() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 50_000);
    let good = ticking(&suite, lease, 10, 0).voucher;
    for voucher in [Voucher { link_amount: 0, ..good }, Voucher { links: MAX_LINKS + 1, ..good }] {
        let item = suite.keys[&ALICE].voucher(&suite.domain, voucher);
        assert_eq!(suite.settle("gw1", &[item]), [(ItemResult::Malformed, 0)]);
    }
}

#[test]
fn a_chain_is_clamped_to_the_cap_like_any_voucher() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 120);
    let item = ticking(&suite, lease, 10, 5);
    assert_eq!(suite.settle("gw1", &[item]), [(ItemResult::Clamped, 120)]);
    let huge = Voucher { links: 1, link_amount: u64::MAX, ..plain(lease, u128::MAX) };
    let item = suite.keys[&ALICE].voucher(&suite.domain, huge);
    assert_eq!(suite.settle("gw1", &[item]), [(ItemResult::Closed, 0)]);
}

#[test]
fn a_voucher_written_out_redeems_like_a_packed_one() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 50_000);
    let item = ticking(&suite, lease, 10, 5);
    let voucher = VoucherInput {
        lease: lease.into(),
        lane: Lane(0),
        amount: 100u128.into(),
        units: 1u64.into(),
        chain: Some(ChainInput {
            links: 10,
            link_units: 100,
            link_amount: 10u64.into(),
            anchor: item.voucher.anchor.into(),
            k: 5,
            link: item.link.into(),
        }),
        evidence: None,
        signature: item.signature.into(),
    };
    let redeem = |voucher: &VoucherInput| ExecuteMsg::Redeem { voucher: voucher.clone() };
    let events = suite.send("gw1", &redeem(&voucher)).unwrap();
    assert_eq!(results(&events), [(ItemResult::Paid, 150)]);
    let events = suite.send("gw1", &redeem(&voucher)).unwrap();
    assert_eq!(results(&events), [(ItemResult::Stale, 0)]);

    let mut bad = voucher.clone();
    bad.amount = 101u128.into();
    refused(suite.send("gw1", &redeem(&bad)), "pays nothing: its signature");
    let mut bad = voucher.clone();
    bad.chain.as_mut().unwrap().k = 6;
    refused(suite.send("gw1", &redeem(&bad)), "pays nothing: the revealed link");
    let mut bad = voucher.clone();
    bad.lease = 4u64.into();
    refused(suite.send("gw1", &redeem(&bad)), "pays nothing: it has no such lane");
    let mut bad = voucher.clone();
    bad.chain.as_mut().unwrap().link_amount = 0u64.into();
    refused(suite.send("gw1", &redeem(&bad)), "pays nothing: links, link amount and anchor");
    let mut bad = voucher.clone();
    bad.signature = vec![1; 63].into();
    refused(suite.send("gw1", &redeem(&bad)), "the voucher's signature has 63 bytes");
    let mut bad = voucher;
    bad.evidence = Some(vec![1; 31].into());
    refused(suite.send("gw1", &redeem(&bad)), "the voucher's evidence has 31 bytes");
    suite.finish("carol", lease, caplet_api::escrow::CloseReason::ProviderFinished).unwrap();
    bad.evidence = None;
    refused(suite.send("gw1", &redeem(&bad)), "pays nothing: the lease is closed");
}
