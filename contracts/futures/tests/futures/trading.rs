//! Positions: bought, transferred, listed, taken.

use crate::suite::{ALICE, BOB, Outcome, RICHES, Suite, refused};
use caplet_api::futures::{ExecuteMsg, ListingsResponse, OperatorResponse, QueryMsg};
use caplet_protocol::{DeviceId, Lots};
use cw_multi_test::IntoAddr;

fn ready() -> (Suite, u32) {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    (suite, series)
}

fn transfer(suite: &mut Suite, sender: &str, series: u32, slots: (u16, u16), lots: u16) -> Outcome {
    let (from, to, (first, end), lots) = (ALICE, BOB, slots, Lots(lots));
    suite.send(sender, &ExecuteMsg::Transfer { series, from, to, first, end, lots })
}

fn list(suite: &mut Suite, series: u32, device: DeviceId, lots: u16, price: u64) -> Outcome {
    let (lots, price) = (Lots(lots), price.into());
    let sender = crate::suite::owner(device);
    suite.send(sender, &ExecuteMsg::List { series, device, from: 0, to: 4, lots, price })
}

fn take(suite: &mut Suite, listing: u64, device: DeviceId, lots: u16, limit: u64) -> Outcome {
    let (listing, lots, limit) = (listing.into(), Lots(lots), limit.into());
    let sender = crate::suite::owner(device);
    suite.send(sender, &ExecuteMsg::Take { listing, device, lots, limit })
}

#[test]
fn a_buyer_prepays_and_holds_lots_by_slot() {
    let (mut suite, series) = ready();
    suite.buy(series, ALICE, 1, 3, 4).unwrap();
    assert_eq!(suite.free("alice"), RICHES - 800);
    assert_eq!(suite.held_lots(series, ALICE), 8);
    refused(suite.buy(series, BOB, 0, 4, 7), &["7 lots in slots 0 to before 4", "6 are there"]);
    suite.buy(series, BOB, 0, 4, 6).unwrap();
    refused(suite.buy(series, BOB, 3, 5, 1), &["slots 3 to before 5", "0 to before 4"]);
    refused(suite.buy(9, BOB, 0, 1, 1), &["there is no series 9"]);
}

#[test]
fn slots_that_are_over_are_not_sold() {
    let (mut suite, series) = ready();
    suite.until_slot(series, 2);
    refused(suite.buy(series, ALICE, 1, 3, 1), &["2 to before 4"]);
    suite.buy(series, ALICE, 2, 4, 1).unwrap();
}

#[test]
fn positions_divide_and_move_with_their_prepaid_money() {
    let (mut suite, series) = ready();
    suite.buy(series, ALICE, 0, 4, 6).unwrap();
    refused(transfer(&mut suite, "bob", series, (0, 2), 1), &["neither owns device 1"]);
    refused(transfer(&mut suite, "alice", series, (0, 2), 7), &["6 are there"]);
    transfer(&mut suite, "alice", series, (1, 3), 2).unwrap();
    assert_eq!((suite.held_lots(series, ALICE), suite.held_lots(series, BOB)), (20, 4));
    assert_eq!((suite.free("alice"), suite.free("bob")), (RICHES - 2_400, RICHES));
    suite.until_slot(series, 1);
    suite.exercise(series, BOB, 1, 2).unwrap();
    refused(transfer(&mut suite, "alice", series, (0, 1), 1), &["1 to before 4"]);
}

#[test]
fn a_listing_sells_in_parts_above_the_strike() {
    let (mut suite, series) = ready();
    suite.buy(series, ALICE, 0, 4, 6).unwrap();
    list(&mut suite, series, ALICE, 5, 130).unwrap();
    refused(take(&mut suite, 1, BOB, 2, 129), &["asks 130", "limit is 129"]);
    take(&mut suite, 1, BOB, 2, 130).unwrap();
    // alice: 2,400 prepaid, 8 lots sold at 130; bob holds 8 lots prepaid at 100 and paid 30 more each
    assert_eq!(suite.free("alice"), RICHES - 2_400 + 8 * 130);
    assert_eq!(suite.free("bob"), RICHES - 8 * 130);
    refused(take(&mut suite, 1, BOB, 4, 130), &["4 lots", "3 are there"]);
    take(&mut suite, 1, BOB, 3, 130).unwrap();
    refused(take(&mut suite, 1, BOB, 1, 130), &["there is no listing 1"]);
}

#[test]
fn a_listing_below_the_strike_leaves_the_difference_to_the_buyer() {
    let (mut suite, series) = ready();
    suite.buy(series, ALICE, 0, 4, 6).unwrap();
    list(&mut suite, series, ALICE, 6, 70).unwrap();
    take(&mut suite, 1, BOB, 6, 70).unwrap();
    assert_eq!(suite.free("alice"), RICHES - 24 * 30);
    assert_eq!(suite.free("bob"), RICHES - 24 * 70);
    assert_eq!(suite.held_lots(series, BOB), 24);
}

#[test]
fn a_listing_is_good_as_long_as_the_position_has_the_lots() {
    let (mut suite, series) = ready();
    suite.buy(series, ALICE, 0, 4, 6).unwrap();
    refused(list(&mut suite, series, ALICE, 7, 130), &["6 are there"]);
    list(&mut suite, series, ALICE, 6, 130).unwrap();
    transfer(&mut suite, "alice", series, (0, 4), 4).unwrap();
    refused(take(&mut suite, 1, BOB, 3, 130), &["3 lots", "2 are there"]);
    take(&mut suite, 1, BOB, 2, 130).unwrap();
    let unlist = ExecuteMsg::Unlist { listing: 1u64.into() };
    refused(suite.send("bob", &unlist), &["neither owns device 1"]);
    suite.until_slot(series, 1);
    suite.send("stranger", &unlist).unwrap();
    let left: ListingsResponse =
        suite.ask(&QueryMsg::Listings { start_after: None, limit: None }).unwrap();
    assert!(left.listings.is_empty());
}

#[test]
fn an_approved_operator_acts_until_its_time_is_over() {
    let (mut suite, series) = ready();
    let operator = "keeper".into_addr().to_string();
    let until = suite.now() + 100;
    let approve = ExecuteMsg::Approve { operator: operator.clone(), until: until.into() };
    suite.send("alice", &approve).unwrap();
    let buy = ExecuteMsg::Buy { series, device: ALICE, from: 0, to: 4, lots: Lots(1) };
    suite.send("keeper", &buy).unwrap();
    let owner = "alice".into_addr().to_string();
    let shown: OperatorResponse = suite.ask(&QueryMsg::Operator { owner, operator }).unwrap();
    assert_eq!(shown.until.u64(), until);
    suite.wait(101);
    refused(suite.send("keeper", &buy), &["nor was approved"]);
    refused(suite.send("governance", &approve), &["has no account"]);
}

#[test]
fn a_seller_that_is_called_sells_no_more() {
    let (mut suite, series) = ready();
    suite.buy(series, ALICE, 0, 4, 1).unwrap();
    suite.tell_market(&crate::market::Msg::SetBase { tick: 12 }).unwrap();
    suite.send("bob", &ExecuteMsg::Call { series }).unwrap();
    refused(suite.buy(series, BOB, 0, 4, 1), &["its margin is called"]);
}
