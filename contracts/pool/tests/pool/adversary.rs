//! Those who would earn in a pool what others did.

use crate::suite::{ANSWER, BOB, CAROL, DAVE, EPOCH, FRANK, HOLD, Suite, net, refused};
use caplet_api::pool::ExecuteMsg;
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
