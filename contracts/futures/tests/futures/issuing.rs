//! Series: what is reserved and locked at the issue, and who may issue what.

use crate::market::Msg as Market;
use crate::suite::{
    ALICE, CAPACITY, CAROL, CAROL_TOO, DAVE, MARKET, RICHES, SUN, Suite, TOKENS, refused,
};
use caplet_api::futures::{ExecuteMsg, QueryMsg, Sale, SeriesListResponse};
use caplet_api::registry::DeviceStatus;
use caplet_protocol::{Bps, Lots};

#[test]
fn an_issue_locks_the_collateral_and_reserves_the_capacity() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    assert_eq!(suite.free("carol"), RICHES - 2_400);
    let shown = suite.series(series);
    // 1.5 x 100 - 100 + 10 a lot, 40 lots
    assert_eq!((shown.required.u128(), shown.collateral.u64()), (2_400, 2_400));
    assert_eq!((shown.quality.cell.0, shown.current), (1, 0));
    // nothing is left for another series, or for spot in these slots
    let again = suite.input();
    refused(suite.send("carol", &ExecuteMsg::Issue(again)), &["it can do 10"]);
}

#[test]
fn capacity_promised_in_futures_cannot_be_sold_on_spot() {
    let mut suite = Suite::new();
    let mut input = suite.input();
    input.lots = Lots(8);
    let series = suite.issue(input);
    suite.until_slot(series, 0);
    let (consumer, provider) = (ALICE.0, CAROL.0);
    let spot = |lots| Market::Spot { market: MARKET, consumer, provider, price: 100, lots };
    refused(suite.tell_market(&spot(3)), &["11 lots", "it can do 10"]);
    suite.tell_market(&spot(2)).unwrap();
}

#[test]
fn too_little_collateral_issues_nothing() {
    let mut suite = Suite::new();
    let mut input = suite.input();
    input.collateral = 2_399u64.into();
    refused(suite.send("carol", &ExecuteMsg::Issue(input)), &["2399 is below 2400"]);
}

#[test]
fn only_the_owner_of_a_device_that_serves_issues() {
    let mut suite = Suite::new();
    let input = suite.input();
    refused(suite.send("dave", &ExecuteMsg::Issue(input.clone())), &["neither owns device 3"]);
    suite.stand(CAROL, 1, true);
    refused(
        suite.send("carol", &ExecuteMsg::Issue(input.clone())),
        &["not active or is suspended"],
    );
    suite.stand(CAROL, 1, false);
    suite.set_status(CAROL, DeviceStatus::Frozen);
    refused(suite.send("carol", &ExecuteMsg::Issue(input)), &["not active or is suspended"]);
}

#[test]
fn a_series_promises_what_the_market_knows_in_slots_to_come() {
    let mut suite = Suite::new();
    let input = || suite.input();
    let cases = [
        (caplet_api::futures::IssueInput { latency: 3, ..input() }, "latency tiers up to 2"),
        (caplet_api::futures::IssueInput { tags: 4, ..input() }, "tag bits up to 3"),
        (caplet_api::futures::IssueInput { slots: 0, ..input() }, "slots is 0"),
        (caplet_api::futures::IssueInput { slots: 169, ..input() }, "slots is 169"),
        (caplet_api::futures::IssueInput { lots: Lots(0), ..input() }, "lots is 0"),
        (
            caplet_api::futures::IssueInput { reservation: Bps(10_001), ..input() },
            "reservation bps is 10001",
        ),
        (caplet_api::futures::IssueInput { first_slot: suite.slot(), ..input() }, "first slot is"),
        (
            caplet_api::futures::IssueInput { sale: Sale::Fixed { price: 0u64.into() }, ..input() },
            "price is 0",
        ),
    ];
    for (input, says) in cases {
        refused(suite.send("carol", &ExecuteMsg::Issue(input)), &[says]);
    }
}

#[test]
fn unsold_lots_give_their_capacity_and_collateral_back() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 1, 3, 4).unwrap();
    refused(suite.send("dave", &ExecuteMsg::EndSale { series }), &["neither owns"]);
    suite.send("carol", &ExecuteMsg::EndSale { series }).unwrap();
    refused(
        suite.send("carol", &ExecuteMsg::EndSale { series }),
        &["nothing of the series is unsold"],
    );
    // 8 lots stay, 480 are needed
    refused(
        suite.send("carol", &ExecuteMsg::Release { series, amount: 1_921u64.into() }),
        &["479 is below 480"],
    );
    suite.send("carol", &ExecuteMsg::Release { series, amount: 1_920u64.into() }).unwrap();
    assert_eq!(suite.free("carol"), RICHES - 480);
    let mut input = suite.input();
    (input.lots, input.collateral) = (Lots(CAPACITY - 4), 1_440u64.into());
    suite.issue(input);
}

#[test]
fn a_series_is_paid_in_a_cw20_token_as_in_coins() {
    let mut suite = Suite::new();
    let mut input = suite.input();
    input.market = TOKENS;
    let series = suite.issue(input);
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    assert_eq!(suite.balance("alice", SUN).ordered.u128(), 4_000);
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 10).unwrap().lease;
    suite.pay(lease, 1_000);
    suite.reckon(lease).unwrap();
    assert_eq!(suite.balance("carol", SUN).free.u128(), RICHES - 2_400 + 1_000);
    suite.until_slot(series, 4);
    suite.settle(series, &[ALICE]).unwrap();
    suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
    assert_eq!(suite.balance("carol", SUN).free.u128(), RICHES + 4_000);
    assert_eq!(suite.balance("alice", SUN).free.u128(), RICHES - 4_000);
}

#[test]
fn lists_are_bounded_and_go_on_after_their_cursor() {
    let mut suite = Suite::new();
    for device in [CAROL, DAVE, CAROL_TOO] {
        let mut input = suite.input();
        input.device = device;
        suite.issue(input);
    }
    let list = |start_after, limit| -> Vec<u32> {
        let msg = QueryMsg::AllSeries { start_after, limit };
        let found: SeriesListResponse = suite.ask(&msg).unwrap();
        found.series.iter().map(|one| one.series).collect()
    };
    assert_eq!(list(None, None), [1, 2, 3]);
    assert_eq!(list(Some(1), Some(1)), [2]);
}
