//! Clearings that a keeper must not get through. Each is refused for its own reason, changes nothing, and
//! the honest clearing still passes.

use crate::solver::Submission;
use crate::suite::{ALICE, ALICE_SELLS, BOB, CAROL, DAVE, LOT_FEE, MARKET, Suite, TICK, refused};
use caplet_api::auction::{DemandInput, ExecuteMsg, LatencyEntry};
use caplet_clearing::Fill;
use caplet_protocol::layout::{OrderFlags, Side};
use caplet_protocol::{CellId, Lots, OrderId};

fn id(order: u64) -> OrderId {
    OrderId::from_u64(order).unwrap()
}

fn fill(offer: u64, demand: u64, lots: u16) -> Fill {
    Fill { offer: id(offer), demand: id(demand), lots: Lots(lots) }
}

/// Two offers, two demands that take all, and one demand too poor for either; frozen.
fn market() -> (Suite, Submission) {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 2);
    suite.sell(DAVE, 12, 2);
    suite.buy(ALICE, 40, 2);
    suite.buy(BOB, 50, 2);
    suite.buy(ALICE, 5, 1);
    suite.next_epoch();
    let honest = suite.solve();
    assert_eq!(honest.fills.iter().map(|fill| fill.lots.0).sum::<u16>(), 4);
    (suite, honest)
}

/// The mutated clearing is refused, saying all of `parts`; the honest one passes.
fn refuse(change: impl FnOnce(&mut Submission), parts: &[&str]) {
    let (mut suite, honest) = market();
    let mut forged = honest.clone();
    change(&mut forged);
    refused(suite.submit("keeper", &forged), parts);
    suite.submit("keeper", &honest).unwrap();
}

#[test]
fn an_unknown_offer() {
    refuse(
        |c| c.fills.push(fill(256 * 99, 512, 1)),
        &["offer 25344 is not open in the frozen book"],
    );
}

#[test]
fn an_unknown_demand() {
    let unknown = |c: &mut Submission| c.fills[0].demand = id(256 * 99);
    refuse(unknown, &["demand 25344 is not open in the frozen book"]);
}

#[test]
fn a_slot_past_the_end_of_its_page() {
    let past = |c: &mut Submission| c.fills[0].demand.slot = 1;
    refuse(past, &["demand 257 is not open in the frozen book"]);
}

#[test]
fn a_duplicate_fill() {
    let twice = |c: &mut Submission| c.fills.insert(1, c.fills[0]);
    refuse(twice, &["is not after the fill before it", "merge equals"]);
}

#[test]
fn unsorted_fills() {
    refuse(|c| c.fills.reverse(), &["is not after the fill before it"]);
}

#[test]
fn a_fill_of_nothing() {
    refuse(|c| c.fills[0].lots = Lots(0), &["is of 0 lots"]);
}

#[test]
fn more_than_a_demand_wants() {
    refuse(|c| c.fills[0].lots = Lots(3), &["3 lots filled, 2 are wanted"]);
}

#[test]
fn more_than_an_offer_has() {
    let (mut suite, honest) = {
        let mut suite = Suite::new();
        suite.sell(CAROL, 10, 2);
        suite.buy(ALICE, 40, 3);
        suite.next_epoch();
        let honest = suite.solve();
        (suite, honest)
    };
    let forged = Submission { fills: vec![fill(0, 0, 3)], ..honest.clone() };
    refused(suite.submit("keeper", &forged), &["offer 0", "3 lots filled, 2 are left"]);
    suite.submit("keeper", &honest).unwrap();
}

#[test]
fn a_demand_above_its_limit() {
    let poor = |c: &mut Submission| c.fills = vec![fill(0, 512, 1)];
    refuse(poor, &["fill (0, 512)", "above the limit 50"]);
}

#[test]
fn an_offer_below_its_ask() {
    let cheap = |c: &mut Submission| c.prices[0] = Some(99);
    refuse(cheap, &["offer 0 asks 100", "paid 99"]);
}

#[test]
fn a_missing_price() {
    refuse(|c| c.prices[0] = None, &["class 0 has no price, but offer 0 is open in it"]);
}

#[test]
fn an_omitted_profitable_order() {
    let omit = |c: &mut Submission| c.fills.truncate(1);
    refuse(omit, &["welfare is", "the bound at the witness prices is", "solve to the optimum"]);
}

#[test]
fn nothing_at_all() {
    refuse(|c| c.fills.clear(), &["welfare is 0", "solve to the optimum"]);
}

#[test]
fn a_class_that_does_not_serve_the_demand() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let mut night = suite.offer(DAVE, 20, 1);
    night.tags = 2;
    suite.place_offer(night);
    let mut picky = suite.demand(ALICE, 90, 1);
    picky.tags = 2;
    suite.place_demand(picky);
    suite.next_epoch();
    let honest = suite.solve();
    assert_eq!(honest.fills, [fill(256, 0, 1)]);
    let forged = Submission { fills: vec![fill(0, 0, 1)], ..honest.clone() };
    refused(suite.submit("keeper", &forged), &["class 0 does not meet requirement vector 0"]);
    suite.submit("keeper", &honest).unwrap();
}

#[test]
fn an_offer_before_an_older_one_at_its_ask() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 2);
    suite.sell(CAROL, 10, 2);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    let honest = suite.solve();
    assert_eq!(honest.fills, [fill(0, 0, 1)]);
    let forged = Submission { fills: vec![fill(256, 0, 1)], ..honest.clone() };
    refused(
        suite.submit("keeper", &forged),
        &["offer 256 is filled before the rest of the older 0"],
    );
    suite.submit("keeper", &honest).unwrap();
}

#[test]
fn a_demand_before_an_older_one_at_its_limit() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    suite.buy(ALICE, 40, 1);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    let honest = suite.solve();
    assert_eq!(honest.fills, [fill(0, 0, 1)]);
    // alice is in the offer's cell: a lot costs her the fee beside the price
    let prices = vec![Some(40 * TICK - LOT_FEE)];
    let forged = Submission { fills: vec![fill(0, 256, 1)], prices, ..honest.clone() };
    refused(
        suite.submit("keeper", &forged),
        &["demand 256 is filled before the rest of the older 0"],
    );
    suite.submit("keeper", &honest).unwrap();
}

#[test]
fn a_part_of_an_all_or_nothing_demand() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 3);
    let mut whole = suite.demand(ALICE, 40, 3);
    whole.flags = OrderFlags(OrderFlags::ALL_OR_NOTHING);
    suite.place_demand(whole);
    suite.next_epoch();
    let honest = suite.solve();
    assert_eq!(honest.fills, [fill(0, 0, 3)]);
    let forged = Submission { fills: vec![fill(0, 0, 2)], ..honest.clone() };
    refused(suite.submit("keeper", &forged), &["takes all 3 lots or none, 2 are filled"]);
    suite.submit("keeper", &honest).unwrap();
}

#[test]
fn an_order_cancelled_before_the_freeze() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let cancelled = suite.sell(DAVE, 10, 1);
    suite.buy(ALICE, 40, 1);
    suite.buy(BOB, 40, 1);
    suite.cancel("dave", Side::Offer, cancelled).unwrap();
    suite.next_epoch();
    let mut forged = suite.solve();
    forged.fills.push(fill(cancelled, 256, 1));
    refused(suite.submit("keeper", &forged), &["offer 256 is not open in the frozen book"]);
}

#[test]
fn an_order_that_ended_before_the_freeze() {
    let mut suite = Suite::new();
    let mut brief = suite.offer(CAROL, 10, 1);
    brief.not_after = (suite.now() + 30).into();
    let brief = suite.place_offer(brief);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    let forged = Submission { epoch: 0, fills: vec![fill(brief, 0, 1)], prices: vec![Some(100)] };
    refused(suite.submit("keeper", &forged), &["offer 0 is not open in the frozen book"]);
}

#[test]
fn an_order_placed_after_the_freeze() {
    let mut suite = Suite::new();
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    let late = suite.sell(CAROL, 10, 1);
    let forged = Submission { epoch: 0, fills: vec![fill(late, 0, 1)], prices: vec![Some(100)] };
    refused(suite.submit("keeper", &forged), &["offer 0 is not open in the frozen book"]);
}

#[test]
fn an_epoch_that_is_not_over() {
    refuse(|c| c.epoch = 1, &["epoch 1 cannot be cleared: epoch 0 can"]);
}

#[test]
fn an_epoch_that_lapsed() {
    let (mut suite, honest) = market();
    suite.next_epoch();
    refused(suite.submit("keeper", &honest), &["epoch 0 cannot be cleared: epoch 1 can"]);
    suite.clear().unwrap();
}

#[test]
fn an_epoch_twice() {
    let (mut suite, honest) = market();
    suite.submit("keeper", &honest).unwrap();
    refused(
        suite.submit("keeper", &honest),
        &["epoch 0 cannot be cleared: none is waiting (epoch 0 was cleared last)"],
    );
}

#[test]
fn an_epoch_before_any_was_over() {
    let mut suite = Suite::new();
    let forged = Submission { epoch: 0, fills: vec![], prices: vec![] };
    refused(suite.submit("keeper", &forged), &["none is waiting (none was cleared yet)"]);
}

#[test]
fn a_market_that_is_not_there() {
    let (mut suite, _) = market();
    let msg = |market, fills: &[u8], prices| ExecuteMsg::Clear {
        market,
        epoch: 0,
        fills: fills.into(),
        prices,
    };
    refused(suite.send("keeper", &msg(9.into(), &[], vec![])), &["there is no market 9"]);
    refused(
        suite.send("keeper", &msg(MARKET, &[0; 13], vec![])),
        &["fills", "13 bytes", "12-byte"],
    );
    let many = vec![None; 65];
    refused(suite.send("keeper", &msg(MARKET, &[], many)), &["65 prices", "64 class slots"]);
}

#[test]
fn a_keeper_cannot_choose_prices_within_the_spread() {
    // one lot at 100, one bid of 400: anything between supports the trade, the contract takes the middle
    let mut charged = Vec::new();
    for witness in [100, 250, 400 - LOT_FEE] {
        let mut suite = Suite::new();
        suite.sell(CAROL, 10, 1);
        suite.buy(ALICE, 40, 1);
        suite.next_epoch();
        let honest = suite.solve();
        suite.submit("keeper", &Submission { prices: vec![Some(witness)], ..honest }).unwrap();
        charged.push(suite.leases()[0].price.u64());
    }
    assert_eq!(charged, [(100 + 400 - LOT_FEE) / 2; 3]);
}

#[test]
fn a_keeper_without_an_account_is_told_so_and_loses_nothing() {
    let (mut suite, honest) = market();
    let outcome = suite.submit("stranger", &honest);
    refused(outcome, &["account"]);
    suite.submit("keeper", &honest).unwrap();
}

#[test]
fn a_self_trade_cannot_hide_an_honest_order() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    suite.sell(ALICE_SELLS, 10, 1);
    suite.buy(ALICE, 60_000, 1); // alice with herself: welfare like a mountain
    suite.buy(BOB, 11, 1); // an honest order with a surplus of next to nothing
    suite.next_epoch();
    let honest = suite.solve();
    assert_eq!(honest.fills.len(), 2);
    // at a price that supports the optimum: 600,000 - 102 beside the 8 that bob has from a lot at 100
    let mut forged = Submission { prices: vec![Some(104)], ..honest.clone() };
    forged.fills.retain(|fill| fill.demand != id(256));
    assert_eq!(forged.fills.len(), 1);
    let parts = [
        "welfare is 599898, the bound at the witness prices is 599906: solve to the optimum",
        "demand 256 bears 110, is served at 106, and 1 lots are unfilled",
    ];
    refused(suite.submit("keeper", &forged), &parts);
    suite.submit("keeper", &honest).unwrap();
}

#[test]
fn a_price_that_does_not_support_the_fills() {
    let dear = |c: &mut Submission| c.prices[0] = c.prices[0].map(|price| price + 500);
    let above = ["fill (0, ", &format!("and cost {LOT_FEE} are above the limit")];
    refuse(dear, &above);
    // within the limits of all, and not where the other class is cheaper
    let apart = |c: &mut Submission| c.prices = vec![Some(300), Some(120)];
    let gap = [
        "welfare is 1352, the bound at the witness prices is 1712: solve to the optimum",
        "bears 302 at offer 0, the cheapest class is at 122",
    ];
    refuse(apart, &gap);
}

/// A demand of bob with `ask` beside carol's offer, which does not meet it: no keeper gets it through.
fn excluded(ask: impl FnOnce(&mut Suite, &mut DemandInput)) {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 1);
    let mut demand = suite.demand(BOB, 40, 1);
    ask(&mut suite, &mut demand);
    let demand = suite.place_demand(demand);
    suite.next_epoch();
    let honest = suite.solve();
    assert_eq!(honest.fills, []);
    let forged = Submission { fills: vec![fill(offer, demand, 1)], ..honest.clone() };
    refused(suite.submit("keeper", &forged), &["does not meet requirement vector"]);
    suite.submit("keeper", &honest).unwrap();
}

#[test]
fn an_offer_without_a_required_tag() {
    excluded(|_, demand| demand.tags = 2);
}

#[test]
fn an_offer_without_a_required_attestation() {
    excluded(|_, demand| demand.flags = OrderFlags(OrderFlags::ATTESTED));
}

#[test]
fn an_offer_out_of_reach() {
    excluded(|suite, _| {
        let entry = LatencyEntry { a: CellId(1), b: CellId(2), ms: u16::MAX };
        let msg = ExecuteMsg::SetLatency { entries: vec![entry] };
        suite.send("governance", &msg).unwrap();
    });
}
