//! Those who would earn in a pool what others did.

use crate::suite::{ANSWER, BOB, CAROL, DAVE, EPOCH, FRANK, HOLD, RICHES, Suite, net, refused};
use caplet_api::pool::ExecuteMsg;
use caplet_api::registry::DeviceStatus;
use cw_multi_test::IntoAddr;

#[test]
fn who_joins_claims_and_leaves_around_a_payment_earns_nothing() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5)]);
    let lease = suite.sell(5);
    suite.assign(lease).unwrap();
    suite.join(FRANK, 1_000, 1).unwrap();
    suite.pay(lease, 400);
    suite.count(lease).unwrap();
    // it counts from the next epoch only
    assert_eq!(suite.earned(FRANK), 0);
    refused(suite.send("frank", &ExecuteMsg::Claim { device: FRANK }), &["has earned nothing"]);
    suite.wait(EPOCH);
    suite.admit(FRANK).unwrap();
    assert_eq!(suite.earned(FRANK), 0);
    suite.send("frank", &ExecuteMsg::Leave { device: FRANK }).unwrap();
    suite.wait(EPOCH);
    let before = suite.wallet("frank");
    suite.send("frank", &ExecuteMsg::Depart { device: FRANK }).unwrap();
    assert_eq!(suite.wallet("frank"), before);
}

#[test]
fn who_leaves_earns_no_more_by_standing_ready() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5), (FRANK, 5)]);
    let lease = suite.sell(5);
    assert_eq!(suite.assign(lease), Ok(BOB));
    suite.pay(lease, 100);
    // what was redeemed until then is credited first, though nobody accounted it
    suite.send("frank", &ExecuteMsg::Leave { device: FRANK }).unwrap();
    let ready = |amount: u64| net(amount) * 2_000 / 10_000;
    assert_eq!(suite.earned(FRANK), ready(100) / 3);
    assert!(!suite.member(FRANK).active);
    // and nobody sends its departure for long
    suite.wait(3 * EPOCH);
    suite.pay(lease, 400);
    suite.count(lease).unwrap();
    assert_eq!(suite.earned(FRANK), ready(100) / 3);
    let due = ready(100) / 3 + (ready(400) - ready(100)) / 2;
    assert!(suite.earned(DAVE).abs_diff(due) <= 1, "{} of {due}", suite.earned(DAVE));
}

#[test]
fn who_cannot_serve_is_counted_out_by_anybody_and_counts_anew_from_the_next_epoch() {
    for freezes in [true, false] {
        let hinder = |suite: &mut Suite, bad: bool| {
            let status = if bad { DeviceStatus::Frozen } else { DeviceStatus::Active };
            if freezes { suite.set_status(FRANK, status) } else { suite.stand(FRANK, 0, bad) }
        };
        let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5), (FRANK, 5)]);
        let lease = suite.sell(5);
        assert_eq!(suite.assign(lease), Ok(BOB));
        let admit = ExecuteMsg::Admit { device: FRANK };
        refused(suite.send("stranger", &admit), &["counts already"]);
        hinder(&mut suite, true);
        suite.send("stranger", &admit).unwrap();
        assert_eq!((suite.member(FRANK).active, suite.promise().sellable.0), (false, 5));
        suite.pay(lease, 100);
        suite.count(lease).unwrap();
        assert_eq!(suite.earned(FRANK), 0);
        // a freeze and a thaw around a payment are no quicker than leaving and joining
        hinder(&mut suite, false);
        refused(suite.send("frank", &admit), &["has not come"]);
        hinder(&mut suite, true);
        suite.wait(EPOCH);
        refused(suite.send("frank", &admit), &["not active or is suspended"]);
        hinder(&mut suite, false);
        suite.pay(lease, 200);
        suite.send("frank", &admit).unwrap();
        suite.count(lease).unwrap();
        assert_eq!(suite.earned(FRANK), 0, "it was paid for before it counted");
        assert_eq!((suite.member(FRANK).active, suite.promise().sellable.0), (true, 10));
        suite.pay(lease, 300);
        suite.count(lease).unwrap();
        assert!(suite.earned(FRANK) > 0);
    }
}

#[test]
fn who_retired_gets_what_it_earned_and_its_stake_and_nothing_more() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5), (FRANK, 5)]);
    let lease = suite.sell(5);
    suite.assign(lease).unwrap();
    suite.pay(lease, 100);
    suite.set_status(FRANK, DeviceStatus::Retired);
    suite.send("keeper", &ExecuteMsg::Admit { device: FRANK }).unwrap();
    let (before, earned) = (suite.wallet("frank"), suite.earned(FRANK));
    assert!(earned > 0);
    suite.send("frank", &ExecuteMsg::Leave { device: FRANK }).unwrap();
    suite.wait(EPOCH);
    suite.pay(lease, 400);
    suite.count(lease).unwrap();
    suite.send("keeper", &ExecuteMsg::Depart { device: FRANK }).unwrap();
    assert_eq!(suite.wallet("frank"), before + u128::from(earned));
    assert_eq!(suite.balance(&"frank".into_addr()).free.u128(), RICHES);
}

#[test]
fn the_first_member_cannot_inflate_shares() {
    // shares are committed lots, whatever was deposited before others came
    let mut suite = Suite::with(&[(BOB, 1)]);
    suite.donate(100_000);
    suite.send("keeper", &ExecuteMsg::Collect {}).unwrap();
    suite.join(DAVE, 9, 1).unwrap();
    suite.wait(EPOCH);
    suite.admit(DAVE).unwrap();
    suite.wait(HOLD);
    suite.send("keeper", &ExecuteMsg::Collect {}).unwrap();
    assert_eq!((suite.earned(BOB), suite.earned(DAVE)), (10_000, 90_000));
}

#[test]
fn a_member_is_not_paid_for_anothers_work() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5), (FRANK, 5)]);
    let lease = suite.sell(5);
    suite.assign(lease).unwrap();
    suite.pay(lease, 400);
    // dave takes the lease over before anybody accounted bob's work
    suite.send("dave", &ExecuteMsg::Challenge { lease: lease.into() }).unwrap();
    suite.wait(ANSWER + 1);
    suite.send("dave", &ExecuteMsg::TakeOver { lease: lease.into() }).unwrap();
    let ready = net(400) * 2_000 / 10_000;
    // within the unit of dust that a member may carry
    let due = [(BOB, net(400) - ready + ready / 3), (DAVE, ready / 3), (FRANK, ready / 3)];
    for (device, due) in due {
        assert!(due.abs_diff(suite.earned(device)) <= 1, "{device}: {}", suite.earned(device));
    }
}

#[test]
fn work_that_was_not_yet_assigned_is_not_shared_as_income() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5)]);
    let lease = suite.sell(5);
    suite.pay(lease, 400);
    suite.send("dave", &ExecuteMsg::Collect {}).unwrap();
    suite.assign(lease).unwrap();
    suite.count(lease).unwrap();
    suite.wait(HOLD);
    suite.send("dave", &ExecuteMsg::Collect {}).unwrap();
    assert_eq!(suite.money().waiting.u64(), 0);
    refused(suite.send("dave", &ExecuteMsg::Collect {}), &["all income was brought by leases"]);
    assert!(suite.earned(BOB) > suite.earned(DAVE) * 5);
}

#[test]
fn work_that_was_shared_as_income_is_not_credited_again() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5)]);
    let lease = suite.sell(5);
    suite.pay(lease, 400);
    suite.send("dave", &ExecuteMsg::Collect {}).unwrap();
    suite.wait(HOLD);
    suite.send("dave", &ExecuteMsg::Collect {}).unwrap();
    let half = net(400) / 2;
    let shared = [BOB, DAVE].map(|device| suite.earned(device));
    // within the unit of dust that a member may carry
    assert!(shared.iter().all(|earned| earned.abs_diff(half) <= 1), "{shared:?} of {half} each");
    // nobody had assigned it for as long as income is held: whoever serves it now did not earn that
    assert_eq!(suite.assign(lease), Ok(BOB));
    suite.count(lease).unwrap();
    assert_eq!([BOB, DAVE].map(|device| suite.earned(device)), shared);
    suite.pay(lease, 450);
    suite.count(lease).unwrap();
    let more = net(450) - net(400);
    let ready = net(450) * 2_000 / 10_000 - net(400) * 2_000 / 10_000;
    let due = [shared[0] + more - ready + ready / 2, shared[1] + ready / 2];
    let has = [BOB, DAVE].map(|device| suite.earned(device));
    assert!(
        has.iter().zip(due).all(|(has, due)| has.abs_diff(due) <= 1),
        "{has:?}, {due:?} are due"
    );
}

#[test]
fn a_manager_never_touches_money() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5)]);
    let lease = suite.sell(5);
    suite.assign(lease).unwrap();
    suite.pay(lease, 400);
    suite.count(lease).unwrap();
    suite.send("manager", &ExecuteMsg::Claim { device: BOB }).unwrap();
    assert_eq!(suite.wallet("manager"), 0);
    suite.join(CAROL, 1, 1).unwrap();
    refused(suite.send("manager", &ExecuteMsg::Leave { device: CAROL }), &["does not own"]);
    assert_eq!(suite.balance(&"manager".into_addr()).free.u128(), 0);
}
