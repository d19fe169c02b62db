//! Two last vouchers of one lane with different reports: a lie that anybody can prove.

use crate::peers::{self, CONSUMER};
use crate::stakes::{ask, put, suite};
use crate::suite::{Outcome, Suite, refused};
use caplet_api::event::LieProven;
use caplet_api::reputation::{ConsumerResponse, ExecuteMsg, LastVoucher, QueryMsg};
use caplet_protocol::{DeviceId, Domain, Lane, LeaseId, layout::Voucher};
use cw_multi_test::IntoAddr;
use ed25519_dalek::{Signer as _, SigningKey};

const DOMAIN: Domain = Domain([9; 32]);

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// A suite with a lease whose consumer has key 3.
fn scene() -> (Suite, u64) {
    let mut suite = suite();
    let lease = prepare(&mut suite);
    (suite, lease)
}

/// The message that proves a lie, in a suite where it is one.
pub(crate) fn slashing(suite: &mut Suite) -> ExecuteMsg {
    let lease = prepare(suite);
    let (first, second) = (last(lease, 3, 10, [1; 32]), last(lease, 3, 10, [2; 32]));
    ExecuteMsg::Slash { lease: lease.into(), lane: Lane(0), first, second }
}

fn prepare(suite: &mut Suite) -> u64 {
    let lease = suite.lease(1, 1);
    suite.write(&lease);
    let (escrow, registry) = (suite.escrow.clone(), suite.registry.clone());
    peers::write_domain(suite.app.contract_storage_mut(&escrow).as_mut(), DOMAIN);
    let public = key(3).verifying_key().to_bytes();
    peers::write_key(suite.app.contract_storage_mut(&registry).as_mut(), CONSUMER, public);
    lease.id
}

fn last(lease: u64, seed: u8, amount: u128, evidence: [u8; 32]) -> LastVoucher {
    let voucher =
        Voucher { lease: LeaseId(lease), amount, units: 5, evidence, ..Voucher::default() };
    LastVoucher {
        amount: amount.into(),
        units: 5u64.into(),
        evidence: evidence.to_vec().into(),
        signature: key(seed).sign(&voucher.preimage(&DOMAIN)).to_bytes().to_vec().into(),
    }
}

fn slash(suite: &mut Suite, lease: u64, first: LastVoucher, second: LastVoucher) -> Outcome {
    let msg = ExecuteMsg::Slash { lease: lease.into(), lane: Lane(0), first, second };
    suite.send("mallory", &msg)
}

#[test]
fn two_reports_of_one_lane_cost_half_the_stake_and_suspend_at_once() {
    let (mut suite, lease) = scene();
    put(&mut suite, "alice", CONSUMER, 1_000).unwrap();
    let (one, other) = (last(lease, 3, 10, [1; 32]), last(lease, 3, 10, [2; 32]));
    let events = slash(&mut suite, lease, one.clone(), other.clone()).unwrap();
    let proven = events.iter().find_map(|event| LieProven::try_from(event).ok()).unwrap();
    assert_eq!(proven, LieProven { device: CONSUMER, lease, slashed: 500, bounty: 50 });
    assert_eq!(ask(&suite, CONSUMER).amount.u128(), 500);
    assert_eq!(suite.balance(&"mallory".into_addr()), 100_050);
    assert_eq!(suite.balance(&suite.reputation.clone()), 500, "the rest is burned");
    assert!(suite.flags(CONSUMER).1);
    let known: ConsumerResponse = suite.ask(&QueryMsg::Consumer { device: DeviceId(CONSUMER) });
    assert_eq!(known.lies, 1);
    refused(slash(&mut suite, lease, other, one), "was punished already");
}

#[test]
fn an_unbonding_stake_is_slashed_too() {
    let (mut suite, lease) = scene();
    put(&mut suite, "alice", CONSUMER, 1_000).unwrap();
    suite.send("alice", &ExecuteMsg::Unstake { device: DeviceId(CONSUMER) }).unwrap();
    slash(&mut suite, lease, last(lease, 3, 10, [1; 32]), last(lease, 3, 11, [2; 32])).unwrap();
    assert_eq!(ask(&suite, CONSUMER).amount.u128(), 500);
}

#[test]
fn what_is_no_proof_harms_nobody() {
    let (mut suite, lease) = scene();
    put(&mut suite, "alice", CONSUMER, 1_000).unwrap();
    let honest = last(lease, 3, 10, [1; 32]);
    for (what, other) in [
        ("the same report twice", last(lease, 3, 12, [1; 32])),
        ("a voucher without a report", last(lease, 3, 12, [0; 32])),
        ("somebody else's signature", last(lease, 4, 12, [2; 32])),
        ("another lease's voucher", last(lease + 4, 3, 12, [2; 32])),
        ("a changed amount", LastVoucher { amount: 99u128.into(), ..last(lease, 3, 12, [2; 32]) }),
        ("half a digest", LastVoucher { evidence: vec![2; 16].into(), ..honest.clone() }),
    ] {
        let outcome = slash(&mut suite, lease, honest.clone(), other);
        assert!(outcome.is_err(), "{what} was taken for a lie");
        refused(outcome, "are not two last vouchers");
    }
    let none = slash(&mut suite, 9_000, honest.clone(), honest);
    refused(none, "there is no lease 9000");
    assert_eq!(ask(&suite, CONSUMER).amount.u128(), 1_000);
    assert!(!suite.flags(CONSUMER).1);
}

#[test]
fn an_old_key_still_speaks_for_its_device_unless_it_was_compromised() {
    for (compromised, guilty) in [(false, true), (true, false)] {
        let (mut suite, lease) = scene();
        let registry = suite.registry.clone();
        let public = key(5).verifying_key().to_bytes();
        let mut storage = suite.app.contract_storage_mut(&registry);
        peers::write_retired(storage.as_mut(), CONSUMER, public, 1, compromised);
        drop(storage);
        let done =
            slash(&mut suite, lease, last(lease, 5, 10, [1; 32]), last(lease, 3, 10, [2; 32]));
        assert_eq!(done.is_ok(), guilty);
    }
}

#[test]
fn a_liar_without_a_stake_is_suspended_all_the_same() {
    let (mut suite, lease) = scene();
    slash(&mut suite, lease, last(lease, 3, 10, [1; 32]), last(lease, 3, 10, [2; 32])).unwrap();
    assert!(suite.flags(CONSUMER).1);
    suite.wait(3_600);
    suite.reinstate(CONSUMER).unwrap();
}
