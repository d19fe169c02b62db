//! Batches of vouchers: each judged alone, paid by the difference.

use crate::suite::*;
use caplet_api::escrow::{CloseReason, ExecuteMsg, ItemResult::*, LeaseState};
use caplet_api::event::{LeaseClosed, Settled};
use caplet_api::packed::{OpenItem, VoucherItem};
use caplet_protocol::Lane;
use caplet_protocol::layout::Voucher;

#[test]
fn an_older_or_repeated_voucher_pays_nothing() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    let [low, high] = [400, 900].map(|amount| suite.voucher(ALICE, lease, amount));
    assert_eq!(suite.settle("gw1", &[high]), [(Paid, 900)]);
    assert_eq!(suite.settle("gw1", &[low, high]), [(Stale, 0), (Stale, 0)]);
    let next = suite.voucher(ALICE, lease, 1_000);
    // twice in one message, and rising within it
    assert_eq!(suite.settle("gw1", &[next, next]), [(Paid, 100), (Stale, 0)]);
    let [a, b] = [1_100, 1_250].map(|amount| suite.voucher(ALICE, lease, amount));
    assert_eq!(suite.settle("gw1", &[a, b]), [(Paid, 100), (Paid, 150)]);
}

#[test]
fn a_voucher_above_the_cap_is_clamped_and_exhausts_the_lease() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 1_000);
    let voucher = suite.voucher(ALICE, lease, u128::MAX);
    let vouchers = VoucherItem::pack(&[voucher]).into();
    let events = suite.send("gw1", &ExecuteMsg::Settle { vouchers }).unwrap();
    assert_eq!(results(&events), [(Clamped, 1_000)]);
    let reason = CloseReason::Exhausted as u8;
    let closed = LeaseClosed { lease, reason, redeemed: 1_000, refunded: 0 };
    assert_eq!(crate::suite::events::<LeaseClosed>(&events), [closed]);
    assert_eq!(suite.state(lease), (LeaseState::Closed, Some(CloseReason::Exhausted)));
    assert_eq!(suite.free("alice"), 1_000_000 - 1_000, "the bond returned");
    assert_eq!(suite.settle("gw1", &[voucher]), [(Closed, 0)]);
}

#[test]
fn only_what_is_redeemed_to_the_last_unit_exhausts() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 1_000);
    let voucher = suite.voucher(ALICE, lease, 999);
    suite.settle("gw1", &[voucher]);
    assert_eq!(suite.state(lease), (LeaseState::Open, None));
    let [last, after] = [1_000, 1_001].map(|amount| suite.voucher(ALICE, lease, amount));
    assert_eq!(suite.settle("gw1", &[last, after]), [(Paid, 1), (Closed, 0)]);
}

#[test]
fn what_is_no_lane_of_any_lease_is_unknown() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 1_000);
    for id in [0, 1, lease + 1, 128, u64::from(u32::MAX) * 64, u64::MAX] {
        let voucher = suite.voucher(ALICE, id, 5);
        assert_eq!(suite.settle("gw1", &[voucher]), [(Unknown, 0)], "lease {id}");
    }
    let other = Voucher { lane: Lane(1), ..plain(lease, 5) };
    let other = suite.keys[&ALICE].voucher(&suite.domain, other);
    assert_eq!(suite.settle("gw1", &[other]), [(Unknown, 0)]);
    // a neighbour's slot is not a second lane of this lease
    let neighbour = suite.lease_between(ALICE, CAROL, 1_000);
    assert_eq!(neighbour, lease + 1);
    assert_eq!(suite.settle("gw1", &[other]), [(Unknown, 0)]);
}

#[test]
fn only_the_lane_devices_key_over_this_escrows_domain_pays() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 1_000);
    let good = suite.voucher(ALICE, lease, 500);
    let theirs = suite.voucher(CAROL, lease, 500);
    let elsewhere = suite.keys[&ALICE].voucher(&suite.registry_domain, plain(lease, 500));
    let mut raised = good;
    raised.voucher.amount = 501;
    let mut marked = good;
    marked.voucher.evidence = [1; 32];
    for bad in [theirs, elsewhere, raised, marked, VoucherItem { signature: [0; 64], ..good }] {
        assert_eq!(suite.settle("gw1", &[bad]), [(BadSignature, 0)]);
    }
    assert_eq!(suite.settle("stranger", &[good]), [(Paid, 500)]);
}

#[test]
fn one_bad_item_rejects_only_itself() {
    let mut suite = Suite::funded();
    let leases: Vec<u64> = (0..5).map(|_| suite.lease_between(ALICE, CAROL, 1_000)).collect();
    suite.finish("carol", leases[4], CloseReason::ProviderFinished).unwrap();
    let mut items: Vec<VoucherItem> =
        leases.iter().map(|lease| suite.voucher(ALICE, *lease, 100)).collect();
    items[1].signature[0] ^= 1;
    let half = Voucher { links: 1, ..plain(leases[2], 100) };
    items[2] = suite.keys[&ALICE].voucher(&suite.domain, half);
    items.push(suite.voucher(ALICE, 7, 100));
    let got = suite.settle("gw1", &items);
    let want =
        [(Paid, 100), (BadSignature, 0), (Malformed, 0), (Paid, 100), (Closed, 0), (Unknown, 0)];
    assert_eq!(got, want);
}

#[test]
fn one_bad_signature_in_a_large_batch_rejects_only_itself() {
    let mut suite = Suite::funded();
    let unlock = 10 + BOND;
    suite.lock(&[lock_item(ALICE, 300 * unlock)]).unwrap();
    let items: Vec<OpenItem> = (0..300).map(|_| open_item(ALICE, CAROL, 10, unlock)).collect();
    let terms = suite.terms();
    let leases = opened(suite.open(terms, &items).unwrap());
    let mut vouchers: Vec<VoucherItem> =
        leases.iter().map(|lease| suite.voucher(ALICE, *lease, 9)).collect();
    vouchers[17].signature[5] ^= 1;
    let got = suite.settle("gw1", &vouchers);
    for (index, result) in got.iter().enumerate() {
        assert_eq!(*result, if index == 17 { (BadSignature, 0) } else { (Paid, 9) }, "{index}");
    }
    assert_eq!(suite.redeemed(leases[17]), 0);
    vouchers[17].signature[5] ^= 1;
    assert_eq!(suite.settle("gw1", &vouchers[17..18]), [(Paid, 9)]);
}

#[test]
fn a_list_that_does_not_parse_is_refused_whole() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 1_000);
    let mut bytes = VoucherItem::pack(&[suite.voucher(ALICE, lease, 5)]);
    bytes.push(0x80);
    let settle = |bytes: Vec<u8>| ExecuteMsg::Settle { vouchers: bytes.into() };
    refused(suite.send("gw1", &settle(bytes)), "voucher item 1 is cut off");
    refused(suite.send("gw1", &settle(Vec::new())), "the list is empty");
}

#[test]
fn fees_are_shares_of_the_cumulative_however_it_is_split() {
    let totals = |steps: &[u128]| {
        let mut suite = Suite::funded();
        let lease = suite.lease_between(ALICE, CAROL, 10_000);
        for amount in steps {
            let voucher = suite.voucher(ALICE, lease, *amount);
            suite.settle("gw1", &[voucher]);
        }
        (suite.free("carol"), suite.free("gw1"), suite.ledger(UCAP).fees.u128())
    };
    let whole = totals(&[7_777]);
    assert_eq!(whole, (7_777 - 116, 38, 78));
    let every: Vec<u128> = (1..=7_777).step_by(37).chain([7_777]).collect();
    assert_eq!(totals(&every), whole);
}

#[test]
fn a_sender_without_an_account_leaves_the_keeper_fee_to_the_protocol() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    let voucher = suite.voucher(ALICE, lease, 2_000);
    let vouchers = VoucherItem::pack(&[voucher]).into();
    let events = suite.send("stranger", &ExecuteMsg::Settle { vouchers }).unwrap();
    assert_eq!(crate::suite::events::<Settled>(&events)[0].keeper, 0);
    assert_eq!((suite.ledger(UCAP).fees.u128(), suite.free("carol")), (30, 1_970));
}

#[test]
fn evidence_is_that_of_the_highest_voucher_that_carries_one() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    let with = |suite: &Suite, amount, mark: u8| {
        let voucher = Voucher { evidence: [mark; 32], ..plain(lease, amount) };
        suite.keys[&ALICE].voucher(&suite.domain, voucher)
    };
    let evidence = |suite: &Suite| suite.lease(lease).evidence.map(|bytes| bytes.as_slice()[0]);
    let first = suite.voucher(ALICE, lease, 500);
    suite.settle("gw1", &[first]);
    assert_eq!(evidence(&suite), None);
    // equal to the best: pays nothing, but speaks
    let item = with(&suite, 500, 1);
    assert_eq!(suite.settle("gw1", &[item]), [(Stale, 0)]);
    assert_eq!(evidence(&suite), Some(1));
    let item = with(&suite, 499, 2);
    assert_eq!(suite.settle("gw1", &[item]), [(Stale, 0)]);
    assert_eq!(evidence(&suite), Some(1));
    let mut forged = with(&suite, 500, 3);
    forged.signature[0] ^= 1;
    assert_eq!(suite.settle("gw1", &[forged]), [(BadSignature, 0)]);
    assert_eq!(evidence(&suite), Some(1));
    // both above what is redeemed when the message begins, the lower one brought last
    let both = [with(&suite, 700, 5), with(&suite, 600, 6)];
    assert_eq!(suite.settle("gw1", &both), [(Paid, 200), (Stale, 0)]);
    assert_eq!(evidence(&suite), Some(5));
    let item = with(&suite, 10_000, 4);
    assert_eq!(suite.settle("gw1", &[item]), [(Paid, 9_300)]);
    assert_eq!(evidence(&suite), Some(4));
}

#[test]
fn leases_of_several_assets_settle_in_one_message() {
    let mut suite = Suite::funded();
    let first = suite.lease_between(ALICE, CAROL, 10_000);
    suite.asset = TOKEN;
    suite.deposit("bob", TOKEN, 50_000).unwrap();
    suite.authorise("bob", BOB, TOKEN, 50_000).unwrap();
    let second = suite.lease_between(BOB, DAVE, 20_000);
    let items = [suite.voucher(ALICE, first, 1_000), suite.voucher(BOB, second, 2_000)];
    assert_eq!(suite.settle("gw1", &items), [(Paid, 1_000), (Paid, 2_000)]);
    assert_eq!(suite.balance("carol", UCAP).free.u128(), 985);
    assert_eq!(suite.balance("dave", TOKEN).free.u128(), 1_970);
    assert_eq!(suite.balance("gw1", TOKEN).free.u128(), 10);
}

#[test]
fn leases_keep_the_fees_they_were_opened_with() {
    use caplet_api::escrow::FeeSchedule;
    use caplet_protocol::Bps;
    let mut suite = Suite::funded();
    let old = suite.lease_between(ALICE, CAROL, 10_000);
    let none = FeeSchedule { protocol: Bps(0), keeper: Bps(0) };
    suite.send("governance", &ExecuteMsg::SetFees(none)).unwrap();
    let new = suite.lease_between(ALICE, CAROL, 10_000);
    let items = [suite.voucher(ALICE, old, 10_000), suite.voucher(ALICE, new, 10_000)];
    suite.settle("gw1", &items);
    assert_eq!(suite.free("carol"), 9_850 + 10_000);
    assert_eq!((suite.lease(old).fees, suite.lease(new).fees), (FEES, none));
}

#[test]
fn a_lease_for_nothing_pays_nothing_and_ends_like_any_other() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 0);
    let voucher = suite.voucher(ALICE, lease, 5);
    assert_eq!(suite.settle("gw1", &[voucher]), [(Stale, 0)]);
    suite.finish("carol", lease, CloseReason::ProviderFinished).unwrap();
    assert_eq!(suite.free("alice"), 1_000_000);
}
