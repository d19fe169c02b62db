//! Stakes: whose, how they come back, what they are good for.

use crate::peers::{self, Lease};
use crate::suite::{DAY, Outcome, Suite, refused, rules};
use caplet_api::escrow::CloseReason;
use caplet_api::event::StakeChanged;
use caplet_api::reputation::{ExecuteMsg, QueryMsg, Rules, StakeResponse, Stakes};
use caplet_protocol::{AssetId, Bps, DeviceId};
use cosmwasm_std::coin;
use cw_multi_test::IntoAddr;

pub(crate) fn staked() -> Rules {
    let stakes = Stakes {
        denom: "ucap".into(),
        asset: AssetId(1),
        appeal: 1_000u128.into(),
        unbond_secs: 600,
        slash: Bps(5_000),
        bounty: Bps(1_000),
        starter: 300u128.into(),
    };
    Rules { stakes, probation_secs: 3_600, ..rules() }
}

/// Device 1 and the consumer of all leases are alice's.
pub(crate) fn suite() -> Suite {
    let mut suite = Suite::with_rules(staked());
    let registry = suite.registry.clone();
    let mut storage = suite.app.contract_storage_mut(&registry);
    peers::write_owner(storage.as_mut(), 1, "alice", 5);
    peers::write_owner(storage.as_mut(), peers::CONSUMER, "alice", 5);
    drop(storage);
    for name in ["alice", "mallory"] {
        suite.mint(name, vec![coin(100_000, "ucap"), coin(100, "other")]);
    }
    suite
}

pub(crate) fn put(suite: &mut Suite, who: &str, device: u32, amount: u128) -> Outcome {
    let msg = ExecuteMsg::Stake { device: DeviceId(device) };
    suite.pay(who, &msg, &[coin(amount, "ucap")])
}

pub(crate) fn ask(suite: &Suite, device: u32) -> StakeResponse {
    suite.ask(&QueryMsg::Stake { device: DeviceId(device) })
}

fn ruin(suite: &mut Suite) {
    for payer in 0..3 {
        suite.wait(1);
        let end = suite.now();
        let lease = suite.lease(1, payer).ended(CloseReason::Reclaimed, 10_000);
        suite.rate(&Lease { end, ..lease }).unwrap();
    }
    assert!(suite.flags(1).1);
}

#[test]
fn only_the_owner_stakes_and_only_the_staker_takes_it_back() {
    let mut suite = suite();
    refused(put(&mut suite, "mallory", 1, 10), "device 1 is not the sender's");
    refused(put(&mut suite, "alice", 7, 10), "device 7 is not the sender's");
    let events = put(&mut suite, "alice", 1, 1_000).unwrap();
    let staked = StakeChanged { device: 1, amount: 1_000, unbonds_at: 0 };
    assert_eq!(StakeChanged::try_from(&events[0]).unwrap(), staked);
    let device = DeviceId(1);
    for msg in [ExecuteMsg::Unstake { device }, ExecuteMsg::Withdraw { device }] {
        refused(suite.send("mallory", &msg), "nothing of the sender's is at stake for device 1");
    }
    refused(suite.send("alice", &ExecuteMsg::Withdraw { device }), "send `unstake` first");
    suite.send("alice", &ExecuteMsg::Unstake { device }).unwrap();
    suite.wait(599);
    refused(suite.send("alice", &ExecuteMsg::Withdraw { device }), "unbonds at");
    suite.wait(1);
    suite.send("alice", &ExecuteMsg::Withdraw { device }).unwrap();
    assert_eq!(suite.balance(&"alice".into_addr()), 100_000);
    assert_eq!(ask(&suite, 1).staker, None);
}

#[test]
fn stakes_are_one_coin_of_the_rules_and_nothing_else_takes_funds() {
    let mut suite = suite();
    let msg = ExecuteMsg::Stake { device: DeviceId(1) };
    for funds in [vec![], vec![coin(1, "other")], vec![coin(1, "other"), coin(1, "ucap")]] {
        refused(suite.pay("alice", &msg, &funds), "a stake is one coin of ucap");
    }
    let other = ExecuteMsg::Reinstate { device: DeviceId(1) };
    refused(suite.pay("alice", &other, &[coin(1, "ucap")]), "takes no funds");
}

#[test]
fn exposure_is_starter_stake_and_fees_burned_for_good_service() {
    let mut suite = suite();
    assert_eq!(ask(&suite, 1).allowance.u128(), 300);
    put(&mut suite, "alice", 1, 1_000).unwrap();
    let lease = suite.lease(1, 1);
    suite.rate(&lease).unwrap();
    let bad = suite.lease(1, 2).ended(CloseReason::CountMismatch, 10_000);
    suite.rate(&bad).unwrap();
    assert_eq!(ask(&suite, 1).allowance.u128(), 300 + 1_000 + 100);
    suite.send("alice", &ExecuteMsg::Unstake { device: DeviceId(1) }).unwrap();
    assert_eq!(ask(&suite, 1).allowance.u128(), 400, "what unbonds covers nothing");
    put(&mut suite, "alice", 1, 1).unwrap();
    assert_eq!(ask(&suite, 1).allowance.u128(), 1_401, "staking again ends the unbonding");
}

#[test]
fn a_stake_stands_in_for_a_record_after_the_cool_down_and_doubles_with_repeats() {
    let mut suite = suite();
    ruin(&mut suite);
    put(&mut suite, "alice", 1, 1_000).unwrap();
    refused(suite.reinstate(1), "is suspended until");
    suite.wait(3_600);
    suite.reinstate(1).unwrap();
    ruin(&mut suite);
    suite.wait(2 * 3_600);
    assert_eq!(ask(&suite, 1).appeal.u128(), 2_000);
    refused(suite.reinstate(1), "or stake 2000, 1000 are staked");
    put(&mut suite, "alice", 1, 1_000).unwrap();
    suite.reinstate(1).unwrap();
}

#[test]
fn who_comes_back_is_on_probation_in_the_tier_of_the_unrated() {
    let mut suite = suite();
    for payer in 0..40 {
        let lease = suite.lease(1, payer);
        suite.rate(&lease).unwrap();
    }
    assert_eq!(suite.flags(1), (3, false));
    ruin(&mut suite);
    suite.wait(3_600);
    suite.reinstate(1).unwrap();
    assert_eq!(suite.flags(1), (0, false));
    let until = suite.now() + 3_600;
    assert_eq!(suite.standing(1).probation_until, Some(until.into()));
    let lease = suite.lease(1, 90);
    assert_eq!(suite.rated(&lease).tier, 0);
    suite.wait(3_600);
    let lease = suite.lease(1, 91);
    assert!(suite.rated(&lease).tier > 0, "then its record speaks again");
    assert_eq!(suite.standing(1).probation_until, None);
}

#[test]
fn faults_that_nobody_can_prove_cost_no_stake() {
    let mut suite = suite();
    put(&mut suite, "alice", 1, 1_000).unwrap();
    ruin(&mut suite);
    suite.wait(40 * DAY);
    assert_eq!(ask(&suite, 1).amount.u128(), 1_000);
}

#[test]
fn a_stake_of_another_denomination_than_the_rules_covers_nothing_for_peers_either() {
    let mut suite = suite();
    put(&mut suite, "alice", 1, 1_000).unwrap();
    let lease = suite.lease(1, 1);
    suite.rate(&lease).unwrap(); // the invariants compare what peers reckon of rated devices
    assert_eq!(ask(&suite, 1).allowance.u128(), 300 + 1_000 + 100);
    let mut other = staked();
    other.stakes.denom = "other".into();
    suite.send("governance", &ExecuteMsg::SetRules(other)).unwrap();
    assert_eq!(ask(&suite, 1).allowance.u128(), 400);
    suite.wait(1);
}
