//! One signed list of what a device owes to many payees.

use crate::suite::*;
use caplet_api::escrow::{CloseReason, ExecuteMsg, ItemResult::*, LeaseState};
use caplet_api::packed::ListEntry;
use caplet_protocol::layout::VoucherList;
use caplet_protocol::{DeviceId, LeaseId};

fn entry(lease: u64, amount: u128) -> ListEntry {
    ListEntry { lease: LeaseId(lease), lane: 0, amount, units: 1 }
}

/// The list as `device`'s present key signs it, said to be of `said`.
fn signed(suite: &Suite, device: u32, said: u32, entries: &[ListEntry]) -> ExecuteMsg {
    let packed = ListEntry::pack(entries);
    let list = VoucherList::of(DeviceId(said), entries.len() as u32, &packed);
    let signature = suite.keys[&device].sign(&list.preimage(&suite.domain));
    ExecuteMsg::SettleList {
        signer: DeviceId(said),
        entries: packed.into(),
        signature: signature.into(),
    }
}

fn leases(suite: &mut Suite) -> [u64; 3] {
    [(ALICE, CAROL), (ALICE, DAVE), (BOB, CAROL)]
        .map(|(consumer, provider)| suite.lease_between(consumer, provider, 1_000))
}

#[test]
fn one_signature_pays_many_payees() {
    let mut suite = Suite::funded();
    let [first, second, _] = leases(&mut suite);
    let msg = signed(&suite, ALICE, ALICE, &[entry(first, 200), entry(second, 1_000)]);
    let events = suite.send("stranger", &msg).unwrap();
    assert_eq!(results(&events), [(Paid, 200), (Paid, 1_000)]);
    assert_eq!((suite.free("carol"), suite.free("dave")), (197, 985));
    assert_eq!(suite.state(second), (LeaseState::Closed, Some(CloseReason::Exhausted)));
    let again = suite.send("gw1", &msg).unwrap();
    assert_eq!(results(&again), [(Stale, 0), (Closed, 0)]);
}

#[test]
fn an_entry_of_another_signers_lane_pays_nothing_and_harms_no_other() {
    let mut suite = Suite::funded();
    let [first, _, bobs] = leases(&mut suite);
    let entries = [entry(bobs, 500), entry(first, 200), entry(9_999, 1), entry(first, 2_000)];
    let msg = signed(&suite, ALICE, ALICE, &entries);
    let events = suite.send("gw1", &msg).unwrap();
    assert_eq!(results(&events), [(BadSignature, 0), (Paid, 200), (Unknown, 0), (Clamped, 800)]);
}

#[test]
fn a_list_that_its_signer_did_not_sign_pays_nothing() {
    let mut suite = Suite::funded();
    let [first, second, _] = leases(&mut suite);
    let entries = [entry(first, 200), entry(second, 300)];
    let forged = signed(&suite, BOB, ALICE, &entries);
    assert_eq!(results(&suite.send("gw1", &forged).unwrap()), [(BadSignature, 0); 2]);
    let good = signed(&suite, ALICE, ALICE, &entries);
    let ExecuteMsg::SettleList { signer, signature, .. } = good else { panic!("no list") };
    for others in [vec![entry(first, 200)], vec![entry(second, 300), entry(first, 200)]] {
        let entries = ListEntry::pack(&others).into();
        let msg = ExecuteMsg::SettleList { signer, entries, signature: signature.clone() };
        let results = results(&suite.send("gw1", &msg).unwrap());
        assert!(results.iter().all(|result| *result == (BadSignature, 0)), "{results:?}");
    }
}

#[test]
fn a_list_under_an_old_key_counts_as_its_vouchers_would() {
    for compromised in [false, true] {
        let mut suite = Suite::funded();
        let [first, second, _] = leases(&mut suite);
        let msg = signed(&suite, ALICE, ALICE, &[entry(first, 900), entry(second, 100)]);
        suite.wait(10, 2);
        suite.rotate(ALICE, 1, compromised);
        suite.wait(10, 2);
        let younger = suite.lease_between(ALICE, CAROL, 1_000);
        let paid = if compromised { (Clamped, EXPOSURE) } else { (Paid, 900) };
        assert_eq!(results(&suite.send("gw1", &msg).unwrap()), [paid, (Paid, 100)]);
        suite.wait(SETTLE_SECS.into(), SETTLE_BLOCKS.into());
        suite.wait(1, 1);
        let late = suite.send("gw1", &msg).unwrap();
        assert!(results(&late).iter().all(|(_, paid)| *paid == 0));
        assert_eq!(suite.redeemed(younger), 0);
    }
}

#[test]
fn a_list_is_bounded_whole_and_not_empty() {
    let mut suite = Suite::funded();
    let [first, ..] = leases(&mut suite);
    refused(suite.send("gw1", &signed(&suite, ALICE, ALICE, &[])), "the list is empty");
    let many = vec![entry(first, 1); 10_001];
    refused(suite.send("gw1", &signed(&suite, ALICE, ALICE, &many)), "at most 10000");
    let ExecuteMsg::SettleList { signer, entries, signature } =
        signed(&suite, ALICE, ALICE, &[entry(first, 300)])
    else {
        panic!("no list")
    };
    let entries = entries.as_slice()[..entries.len() - 1].to_vec().into();
    refused(suite.send("gw1", &ExecuteMsg::SettleList { signer, entries, signature }), "cut off");
}
