//! Who is in the pool, from when, and what it may promise.

use crate::market::Msg as Market;
use crate::suite::{
    ALICE, BOB, CAROL, DAVE, EPOCH, ERIN, ERIN_TOO, FRANK, POOL, RICHES, Suite, refused,
};
use caplet_api::pool::{ExecuteMsg, MembersResponse, QueryMsg};
use caplet_protocol::DeviceId;
use cw_multi_test::IntoAddr;

fn leave(suite: &mut Suite, device: DeviceId) {
    suite.send(crate::suite::owner(device), &ExecuteMsg::Leave { device }).unwrap();
}

#[test]
fn a_member_stakes_and_counts_from_the_next_epoch() {
    let mut suite = Suite::new();
    suite.join(BOB, 5, 10).unwrap();
    assert_eq!(suite.balance(&"bob".into_addr()).free.u128(), RICHES - 500);
    refused(suite.join(BOB, 5, 10), &["is a member already"]);
    refused(suite.admit(BOB), &["has not come"]);
    assert_eq!(suite.promise().members, 0);
    suite.wait(EPOCH);
    suite.admit(BOB).unwrap();
    refused(suite.admit(BOB), &["counts already"]);
    assert_eq!((suite.promise().members, suite.promise().sellable.0), (1, 0));
}

#[test]
fn only_owners_of_devices_that_serve_join() {
    let mut suite = Suite::new();
    let msg = ExecuteMsg::Join { device: BOB, lots: caplet_protocol::Lots(1), cost: 1u64.into() };
    refused(suite.send("carol", &msg), &["does not own device 2"]);
    suite.stand(BOB, 1, true);
    refused(suite.send("bob", &msg), &["not active or is suspended"]);
    refused(suite.join(CAROL, 0, 1), &["lots is 0"]);
}

#[test]
fn what_is_sold_fits_the_members_without_their_largest_spares() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 3), (ERIN, 4)]);
    // one spare: the largest is held back
    assert_eq!(suite.promise().sellable.0, 7);
    suite.offer(7).unwrap();
    refused(suite.offer(1), &["8 lots promised, it can do 7"]);
}

#[test]
fn nothing_new_is_sold_of_what_members_that_leave_or_cannot_serve_did() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 3), (ERIN, 4)]);
    suite.offer(6).unwrap();
    leave(&mut suite, BOB);
    // three lots may be sold without it; the six that are promised stand
    assert_eq!((suite.promise().members, suite.promise().sellable.0), (2, 3));
    refused(suite.offer(1), &["7 lots promised, it can do 6"]);
    suite.tell_market(&Market::Free { device: POOL.0, lots: 5 }).unwrap();
    refused(suite.offer(3), &["4 lots promised, it can do 3"]);
    // anybody brings the ledger down once promises are over
    suite.admit(DAVE).unwrap();
    refused(suite.admit(DAVE), &["counts already"]);
    suite.offer(2).unwrap();
    suite.stand(ERIN, 0, true);
    assert_eq!((suite.promise().members, suite.promise().sellable.0), (1, 0));
    refused(suite.offer(1), &["4 lots promised, it can do 3"]);
}

#[test]
fn nothing_is_offered_while_nothing_may_be_sold() {
    let mut suite = Suite::with(&[(BOB, 5)]);
    refused(suite.offer(1), &["no lots may be sold", "1 largest members are spares"]);
}

#[test]
fn a_member_leaves_by_epoch_when_no_promise_needs_it() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 3), (ERIN, 4)]);
    let depart = ExecuteMsg::Depart { device: BOB };
    refused(suite.send("keeper", &depart), &["has not announced"]);
    refused(suite.send("dave", &ExecuteMsg::Leave { device: BOB }), &["does not own"]);
    suite.offer(4).unwrap();
    leave(&mut suite, BOB);
    refused(suite.send("bob", &ExecuteMsg::Leave { device: BOB }), &["is leaving already"]);
    refused(suite.send("keeper", &depart), &["has not come"]);
    suite.wait(EPOCH);
    // 3 could be sold without it
    refused(suite.send("keeper", &depart), &["4 lots are promised, 3 declared"]);
    let order = caplet_api::auction::CancelInput {
        side: caplet_protocol::layout::Side::Offer,
        order: 1u64.into(),
        signature: None,
    };
    suite.send("manager", &ExecuteMsg::Cancel { orders: vec![order] }).unwrap();
    suite.send("keeper", &depart).unwrap();
    assert_eq!(suite.balance(&"bob".into_addr()).free.u128(), RICHES);
    refused(suite.send("keeper", &depart), &["is no member"]);
}

#[test]
fn a_member_that_was_never_admitted_gets_its_stake_back() {
    let mut suite = Suite::new();
    suite.join(BOB, 5, 10).unwrap();
    leave(&mut suite, BOB);
    suite.wait(EPOCH);
    refused(suite.admit(BOB), &["is leaving"]);
    suite.send("stranger", &ExecuteMsg::Depart { device: BOB }).unwrap();
    assert_eq!(suite.balance(&"bob".into_addr()).free.u128(), RICHES);
}

#[test]
fn advertised_availability_is_what_the_arithmetic_supports() {
    // three of 90 %, one may fail: 0.9^3 + 3 x 0.9^2 x 0.1 = 97.2 %
    let suite = Suite::with(&[(BOB, 2), (DAVE, 2), (FRANK, 2)]);
    assert_eq!(suite.promise().availability, 971_999);
    // the same behind one gateway are one device
    let suite = Suite::with(&[(BOB, 2), (CAROL, 2), (DAVE, 2)]);
    assert_eq!(suite.promise().availability, 900_000 - 1);
    // and so are those of one owner
    let mut suite = Suite::with(&[(ERIN, 2), (ERIN_TOO, 2), (DAVE, 2)]);
    assert_eq!(suite.promise().availability, 900_000 - 1);
    // a suspended member is not available
    suite.stand(DAVE, 0, true);
    assert_eq!(suite.promise().availability, 899_999);
    suite.stand(ERIN, 0, true);
    assert_eq!(suite.promise().availability, 0);
}

#[test]
fn members_are_listed_with_a_cursor() {
    let suite = Suite::with(&[(BOB, 2), (DAVE, 2), (FRANK, 2)]);
    let list = |start_after, limit| -> Vec<DeviceId> {
        let found: MembersResponse = suite.ask(&QueryMsg::Members { start_after, limit }).unwrap();
        found.members.iter().map(|one| one.device).collect()
    };
    assert_eq!(list(None, None), [BOB, DAVE, FRANK]);
    assert_eq!(list(Some(BOB), Some(1)), [DAVE]);
}

#[test]
fn the_pools_device_is_bound_once_and_its_own() {
    let mut suite = Suite::new();
    refused(
        suite.send("manager", &ExecuteMsg::Bind { device: ALICE }),
        &["device 9", "another pool"],
    );
    refused(suite.send("alice", &ExecuteMsg::Bind { device: POOL }), &["is not the manager"]);
}
