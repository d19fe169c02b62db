//! Leases: who serves, who takes over, who earns.

use crate::suite::{ANSWER, BOB, DAVE, EPOCH, FRANK, GRACE, HOLD, RICHES, Suite, net, refused};
use caplet_api::pool::{ExecuteMsg, LeasesResponse, NextResponse, QueryMsg, ServedResponse};
use cw_multi_test::IntoAddr;

#[test]
fn the_most_reliable_serves_and_work_pays_who_delivers() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5), (FRANK, 5)]);
    suite.stand(DAVE, 2, false);
    let lease = suite.sell(2);
    assert_eq!(suite.assign(lease), Ok(DAVE));
    assert_eq!(suite.member(DAVE).busy.0, 2);
    suite.pay(lease, 100);
    suite.count(lease).unwrap();
    // 99 after fees: 19 for readiness among 15 shares, 80 for delivery
    assert_eq!(net(100), 99);
    assert_eq!([BOB, DAVE, FRANK].map(|d| suite.earned(d)), [6, 86, 6]);
    suite.pay(lease, 200);
    suite.count(lease).unwrap();
    assert_eq!(suite.member(DAVE).busy.0, 0);
    let before = suite.wallet("dave");
    let earned = suite.earned(DAVE);
    suite.send("stranger", &ExecuteMsg::Claim { device: DAVE }).unwrap();
    assert_eq!(suite.wallet("dave"), before + u128::from(earned));
    refused(suite.send("stranger", &ExecuteMsg::Claim { device: DAVE }), &["has earned nothing"]);
}

#[test]
fn no_lease_is_served_twice_and_nobody_serves_beyond_its_capacity() {
    let mut suite = Suite::with(&[(BOB, 2), (DAVE, 2)]);
    let first = suite.sell(2);
    suite.assign(first).unwrap();
    refused(suite.assign(first).map(|_| vec![]), &["is assigned already"]);
    let second = suite.sell(2);
    suite.assign(second).unwrap();
    let third = suite.sell(1);
    refused(suite.assign(third).map(|_| vec![]), &["no member has room for 1 lots"]);
    suite.pay(first, 200);
    suite.count(first).unwrap();
    refused(suite.assign(first).map(|_| vec![]), &["was accounted to its end"]);
    suite.assign(third).unwrap();
    refused(suite.count(first), &["accounted to its end"]);
    refused(suite.assign(999_999).map(|_| vec![]), &["is not known to escrow"]);
    let foreign = suite.sell_of(GRACE, 1);
    refused(suite.assign(foreign).map(|_| vec![]), &["is another provider's"]);
}

#[test]
fn a_failing_member_is_replaced_at_the_original_price_and_pays_the_substitute() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5), (FRANK, 5)]);
    let lease = suite.sell(4);
    assert_eq!(suite.assign(lease), Ok(BOB));
    suite.pay(lease, 100);
    let take_over = ExecuteMsg::TakeOver { lease: lease.into() };
    refused(suite.send("dave", &take_over), &["nobody challenged"]);
    let challenge = ExecuteMsg::Challenge { lease: lease.into() };
    refused(suite.send("frank", &challenge), &["device 4 would take"]);
    suite.send("dave", &challenge).unwrap();
    refused(suite.send("dave", &challenge), &["it is challenged until"]);
    refused(suite.send("dave", &take_over), &["may answer until"]);
    suite.wait(ANSWER + 1);
    suite.send("stranger", &take_over).unwrap();
    let served: ServedResponse = suite.ask(&QueryMsg::Lease { lease: lease.into() }).unwrap();
    assert_eq!((served.member, suite.lease(lease).price.u64()), (DAVE, 100));
    // 10 % of 400 from stake to substitute; what was redeemed until then is bob's
    assert_eq!(suite.member(BOB).stake.u64(), 460);
    assert_eq!(suite.balance(&"dave".into_addr()).free.u128(), RICHES - 500 + 40);
    suite.pay(lease, 300);
    suite.count(lease).unwrap();
    let (bob, dave) = (suite.earned(BOB), suite.earned(DAVE));
    let ready = net(300) * 2_000 / 10_000 / 3;
    assert!(bob.abs_diff(net(100) * 8 / 10 + ready) <= 2, "{bob}");
    assert!(dave.abs_diff((net(300) - net(100)) * 8 / 10 + ready) <= 2, "{dave}");
    assert_eq!((suite.member(BOB).busy.0, suite.member(DAVE).busy.0), (0, 4));
}

#[test]
fn who_answers_keeps_the_lease_and_who_cried_wolf_pays() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5)]);
    let lease = suite.sell(4);
    suite.assign(lease).unwrap();
    let answer = ExecuteMsg::Answer { lease: lease.into() };
    refused(suite.send("bob", &answer), &["it is not challenged"]);
    suite.send("dave", &ExecuteMsg::Challenge { lease: lease.into() }).unwrap();
    refused(suite.send("dave", &answer), &["does not own device 2"]);
    suite.send("bob", &answer).unwrap();
    assert_eq!((suite.member(DAVE).stake.u64(), suite.member(BOB).stake.u64()), (460, 500));
    suite.wait(ANSWER + 1);
    let take_over = ExecuteMsg::TakeOver { lease: lease.into() };
    refused(suite.send("dave", &take_over), &["nobody challenged"]);
}

#[test]
fn a_member_hands_a_lease_on_without_a_penalty() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5)]);
    let lease = suite.sell(4);
    suite.assign(lease).unwrap();
    let hand_over = ExecuteMsg::HandOver { lease: lease.into() };
    refused(suite.send("dave", &hand_over), &["does not own"]);
    suite.send("bob", &hand_over).unwrap();
    assert_eq!((suite.member(BOB).stake.u64(), suite.member(DAVE).busy.0), (500, 4));
}

#[test]
fn single_lots_always_find_a_spare_and_large_leases_may_not() {
    // ten of fifteen lots are sold, one member is spare
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5), (FRANK, 5)]);
    let leases = [4, 4, 2].map(|lots| suite.sell(lots));
    assert_eq!(leases.map(|lease| suite.assign(lease).unwrap()), [BOB, DAVE, FRANK]);
    let hand_over = ExecuteMsg::HandOver { lease: leases[0].into() };
    refused(suite.send("bob", &hand_over), &["no member has room for 4 lots"]);
    // the same lots in leases of one
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5), (FRANK, 5)]);
    let leases: Vec<u64> = (0..10).map(|_| suite.sell(1)).collect();
    leases.iter().for_each(|lease| assert!(suite.assign(*lease).is_ok()));
    assert_eq!([BOB, DAVE, FRANK].map(|device| suite.member(device).busy.0), [5, 5, 0]);
    for lease in &leases[..5] {
        suite.send("bob", &ExecuteMsg::HandOver { lease: (*lease).into() }).unwrap();
    }
    assert_eq!([BOB, DAVE, FRANK].map(|device| suite.member(device).busy.0), [0, 5, 5]);
}

#[test]
fn a_member_that_serves_cannot_depart_and_is_assigned_nothing_more() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5), (FRANK, 5)]);
    let lease = suite.sell(2);
    assert_eq!(suite.assign(lease), Ok(BOB));
    suite.send("bob", &ExecuteMsg::Leave { device: BOB }).unwrap();
    let other = suite.sell(2);
    assert_eq!(suite.assign(other), Ok(DAVE));
    suite.wait(EPOCH);
    let depart = ExecuteMsg::Depart { device: BOB };
    refused(suite.send("keeper", &depart), &["serves 2 lots"]);
    suite.pay(lease, 200);
    suite.count(lease).unwrap();
    let (before, earned) = (suite.wallet("bob"), suite.earned(BOB));
    suite.send("keeper", &depart).unwrap();
    assert_eq!(suite.wallet("bob"), before + u128::from(earned));
    assert_eq!(suite.balance(&"bob".into_addr()).free.u128(), RICHES);
}

#[test]
fn income_that_no_lease_brought_is_shared_when_it_has_lain_long_enough() {
    let mut suite = Suite::with(&[(BOB, 1), (DAVE, 3)]);
    let collect = ExecuteMsg::Collect {};
    refused(suite.send("keeper", &collect), &["all income was brought by leases"]);
    suite.donate(400);
    suite.send("keeper", &collect).unwrap();
    assert_eq!((suite.money().waiting.u64(), suite.earned(DAVE)), (400, 0));
    refused(suite.send("keeper", &collect), &["has not lain long enough"]);
    suite.wait(HOLD);
    suite.send("keeper", &collect).unwrap();
    assert_eq!((suite.earned(BOB), suite.earned(DAVE)), (100, 300));
}

#[test]
fn leases_are_listed_with_a_cursor_and_with_who_would_take_over() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 2), (FRANK, 5)]);
    let leases: Vec<u64> = (0..3).map(|_| suite.sell(1)).collect();
    leases.iter().for_each(|lease| assert_eq!(suite.assign(*lease), Ok(BOB)));
    let list = |start_after: Option<u64>, limit| -> Vec<u64> {
        let start_after = start_after.map(Into::into);
        let found: LeasesResponse = suite.ask(&QueryMsg::Leases { start_after, limit }).unwrap();
        found.leases.iter().map(|served| served.lease.u64()).collect()
    };
    assert_eq!(list(None, None), leases);
    assert_eq!(list(Some(leases[0]), Some(1)), leases[1..2]);
    let next = |lease: u64| -> NextResponse {
        suite.ask(&QueryMsg::Next { lease: lease.into() }).unwrap()
    };
    assert_eq!(next(leases[0]).member, Some(DAVE));
    suite.stand(DAVE, 0, true);
    let found: NextResponse = suite.ask(&QueryMsg::Next { lease: leases[0].into() }).unwrap();
    assert_eq!(found.member, Some(FRANK), "who is suspended takes nothing over");
    assert!(suite.ask::<NextResponse>(&QueryMsg::Next { lease: 999u64.into() }).is_err());
}
