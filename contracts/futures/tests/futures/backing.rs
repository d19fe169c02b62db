//! Series with somebody else's collateral behind them.

use crate::suite::{
    ALICE, BOB, CAROL, CAROL_TOO, DAVE, MARKET, RICHES, SUN, Suite, TOKENS, UCAP, refused,
};
use caplet_api::event::SeriesIssued;
use caplet_api::futures::ExecuteMsg;
use caplet_api::registry::DeviceStatus;
use caplet_protocol::MarketId;
use cw_multi_test::IntoAddr;

/// Bob lets Carol act for his devices until a time.
fn approve(suite: &mut Suite, until: u64) {
    let operator = "carol".into_addr().to_string();
    let msg = ExecuteMsg::Approve { operator, until: until.into() };
    suite.send("bob", &msg).unwrap();
}

fn backed(suite: &Suite, market: MarketId) -> ExecuteMsg {
    let mut series = suite.input();
    series.market = market;
    ExecuteMsg::IssueBacked { series, backer: BOB }
}

/// Carol's series with Bob's collateral, 2,400.
fn issue(suite: &mut Suite, market: MarketId) -> u32 {
    approve(suite, u64::MAX);
    let events = suite.send("carol", &backed(suite, market)).unwrap();
    events.iter().find_map(|event| SeriesIssued::try_from(event).ok()).unwrap().series
}

#[test]
fn a_backers_collateral_is_taken_with_its_approval_and_returns_to_it() {
    for (market, asset) in [(MARKET, UCAP), (TOKENS, SUN)] {
        let mut suite = Suite::new();
        let alone = backed(&suite, market);
        refused(suite.send("carol", &alone), &["neither owns device 2"]);
        refused(suite.send("bob", &alone), &["neither owns device 3"]);
        let series = issue(&mut suite, market);
        assert_eq!((suite.series(series).seller, suite.series(series).backer), (CAROL, BOB));
        assert_eq!(suite.balance("bob", asset).ordered.u128(), 2_400);
        assert_eq!(suite.balance("carol", asset).ordered.u128(), 0);
        suite.buy(series, ALICE, 0, 4, 10).unwrap();
        suite.until_slot(series, 4);
        suite.settle(series, &[ALICE]).unwrap();
        suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
        // what lots bring is the seller's
        assert_eq!(suite.balance("carol", asset).free.u128(), RICHES + 4_000);
        assert_eq!(suite.balance("bob", asset).free.u128(), RICHES);
    }
}

#[test]
fn a_backer_keeps_the_margin_and_pays_for_a_default() {
    let mut suite = Suite::new();
    let series = issue(&mut suite, MARKET);
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    approve(&mut suite, 0);
    let amount = 100u64.into();
    for msg in [ExecuteMsg::TopUp { series, amount }, ExecuteMsg::Release { series, amount }] {
        refused(suite.send("carol", &msg), &["neither owns device 2"]);
        suite.send("bob", &msg).unwrap();
    }
    suite.set_status(CAROL, DeviceStatus::Retired);
    suite.send("alice", &ExecuteMsg::Default { series }).unwrap();
    suite.settle(series, &[ALICE]).unwrap();
    suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
    // the penalty of 10 for each of 40 lots
    assert_eq!(suite.free("alice"), RICHES + 400);
    assert_eq!((suite.free("bob"), suite.free("carol")), (RICHES - 400, RICHES));
}

#[test]
fn a_backed_series_changes_its_device_with_its_backer_and_its_owner_without() {
    let mut suite = Suite::new();
    let series = issue(&mut suite, MARKET);
    approve(&mut suite, 0);
    let substitute = ExecuteMsg::Substitute { series, device: CAROL_TOO };
    refused(suite.send("carol", &substitute), &["neither owns device 2"]);
    approve(&mut suite, u64::MAX);
    suite.send("carol", &substitute).unwrap();
    assert_eq!((suite.series(series).seller, suite.series(series).backer), (CAROL_TOO, BOB));
    suite.send("carol", &ExecuteMsg::OfferNovation { series, to: Some(DAVE) }).unwrap();
    let collateral = 2_400u64.into();
    suite.send("dave", &ExecuteMsg::Novate { series, device: DAVE, collateral }).unwrap();
    assert_eq!(suite.series(series).backer, DAVE);
    assert_eq!((suite.free("bob"), suite.free("dave")), (RICHES, RICHES - 2_400));
}

#[test]
fn a_backer_takes_unsold_lots_off_the_market_and_so_does_the_seller() {
    for who in ["bob", "carol"] {
        let mut suite = Suite::new();
        let series = issue(&mut suite, MARKET);
        approve(&mut suite, 0);
        let end = ExecuteMsg::EndSale { series };
        refused(suite.send("dave", &end), &["neither owns"]);
        suite.send(who, &end).unwrap();
        suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
        assert_eq!(suite.free("bob"), RICHES);
    }
}
