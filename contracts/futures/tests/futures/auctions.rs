//! The primary sale by auction: one price for all.

use crate::suite::{ALICE, BOB, DAVE, ERIN, FRANK, Outcome, RICHES, Suite, owner, refused};
use caplet_api::futures::{BidsResponse, ExecuteMsg, MAX_BIDS, QueryMsg, Sale};
use caplet_protocol::{DeviceId, Lots};

fn ready() -> (Suite, u32) {
    let mut suite = Suite::new();
    let mut input = suite.input();
    let until = suite.now() + 600;
    input.sale = Sale::Auction { reserve: 80u64.into(), until: until.into() };
    input.collateral = 4_000u64.into();
    let series = suite.issue(input);
    (suite, series)
}

fn bid(suite: &mut Suite, series: u32, device: DeviceId, lots: u16, limit: u64) -> Outcome {
    let (lots, limit) = (Lots(lots), limit.into());
    suite.send(owner(device), &ExecuteMsg::Bid { series, device, lots, limit })
}

fn close(suite: &mut Suite, series: u32) -> Outcome {
    suite.send("stranger", &ExecuteMsg::CloseAuction { series })
}

#[test]
fn everybody_pays_the_highest_limit_that_was_not_served_in_full() {
    let (mut suite, series) = ready();
    bid(&mut suite, series, ALICE, 6, 120).unwrap();
    bid(&mut suite, series, BOB, 3, 110).unwrap();
    bid(&mut suite, series, ERIN, 5, 105).unwrap();
    bid(&mut suite, series, FRANK, 5, 90).unwrap();
    refused(close(&mut suite, series), &["bids on series 1 end at"]);
    suite.wait(600);
    refused(bid(&mut suite, series, DAVE, 1, 200), &["close it"]);
    close(&mut suite, series).unwrap();
    assert_eq!(suite.series(series).strike.unwrap().u64(), 105);
    let lots: Vec<u64> =
        [ALICE, BOB, ERIN, FRANK].map(|device| suite.held_lots(series, device)).to_vec();
    assert_eq!(lots, [24, 12, 4, 0]);
    assert_eq!(suite.free("alice"), RICHES - 24 * 105);
    assert_eq!(suite.free("frank"), RICHES);
    refused(close(&mut suite, series), &["its auction is closed already"]);
    refused(bid(&mut suite, series, DAVE, 1, 200), &["its auction is closed"]);
}

#[test]
fn bids_that_all_fit_pay_the_reserve_and_unsold_lots_return() {
    let (mut suite, series) = ready();
    refused(bid(&mut suite, series, ALICE, 1, 79), &["79 is below 80"]);
    refused(bid(&mut suite, series, ALICE, 11, 90), &["lots is 11"]);
    bid(&mut suite, series, ALICE, 4, 200).unwrap();
    refused(suite.send("carol", &ExecuteMsg::EndSale { series }), &["bids are binding"]);
    refused(suite.buy(series, BOB, 0, 4, 1), &["sold by auction"]);
    suite.wait(600);
    close(&mut suite, series).unwrap();
    let shown = suite.series(series);
    assert_eq!((shown.strike.unwrap().u64(), shown.unsold.len()), (80, 0));
    assert_eq!(suite.free("alice"), RICHES - 16 * 80);
    let mut input = suite.input();
    (input.lots, input.collateral) = (Lots(6), 2_400u64.into());
    input.first_slot = suite.series(series).first_slot;
    suite.issue(input);
}

#[test]
fn an_auction_sells_no_more_than_the_collateral_covers() {
    let (mut suite, series) = ready();
    for device in [ALICE, BOB] {
        bid(&mut suite, series, device, 5, 100).unwrap();
    }
    // the mark doubles: 1.5 x 200 - F + 10 % F a lot
    suite.tell_market(&crate::market::Msg::SetBase { tick: 20 }).unwrap();
    suite.wait(600);
    close(&mut suite, series).unwrap();
    let shown = suite.series(series);
    assert!(shown.required.u128() <= u128::from(shown.collateral.u64()));
    // 4 lots in each slot at 100: 16 x 210 = 3,360
    assert_eq!((suite.held_lots(series, ALICE), suite.held_lots(series, BOB)), (16, 0));
}

#[test]
fn a_full_auction_lets_its_lowest_bid_go_for_a_higher_one() {
    let (mut suite, series) = ready();
    for _ in 0..MAX_BIDS {
        bid(&mut suite, series, ALICE, 1, 80).unwrap();
    }
    refused(bid(&mut suite, series, BOB, 1, 80), &["80 is below 81"]);
    bid(&mut suite, series, BOB, 1, 81).unwrap();
    let bids: BidsResponse = suite.ask(&QueryMsg::Bids { series }).unwrap();
    assert_eq!((bids.bids.len(), bids.bids[0].device), (MAX_BIDS, BOB));
    // 63 of alice's are left, 4 slots each
    assert_eq!(suite.free("alice"), RICHES - 63 * 4 * 80);
}

#[test]
fn an_auction_without_bids_closes_and_all_returns() {
    let (mut suite, series) = ready();
    suite.wait(600);
    refused(suite.send("stranger", &ExecuteMsg::Close { series }), &["its auction is not closed"]);
    close(&mut suite, series).unwrap();
    suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
    assert_eq!(suite.free("carol"), RICHES);
}
