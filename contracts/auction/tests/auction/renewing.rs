//! Standing orders, slot by slot.

use crate::parties::signed_cancel;
use crate::suite::{ALICE, CAROL, EPOCH, MARKET, Outcome, RICHES, SLOT, Suite, refused};
use caplet_api::auction::{CancelInput, ExecuteMsg, QueryMsg, StandingsResponse};
use caplet_protocol::layout::{OrderFlags, Side};

const STANDING: OrderFlags = OrderFlags(OrderFlags::STANDING);

fn renew(suite: &mut Suite, side: Side, order: u64) -> Outcome {
    suite.send("stranger", &ExecuteMsg::Renew { market: MARKET, side, orders: vec![order.into()] })
}

fn waiting(suite: &Suite, side: Side) -> Vec<(u64, u16)> {
    let msg = QueryMsg::Standing { market: MARKET, side, start_after: None, limit: None };
    let found: StandingsResponse = suite.ask(&msg).unwrap();
    found.orders.iter().map(|one| (one.order.u64(), one.lots.0)).collect()
}

/// A standing offer and a standing demand for `lots`, holding for ten slots, cleared.
fn cleared(suite: &mut Suite, offered: u16, lots: u16) -> (u64, u64) {
    let (mut offer, mut demand) = (suite.offer(CAROL, 10, offered), suite.demand(ALICE, 40, lots));
    let ends = suite.now() + 10 * SLOT;
    (offer.flags, demand.flags) = (STANDING, STANDING);
    (offer.not_after, demand.not_after) = (ends.into(), ends.into());
    offer.latency = 1;
    let orders = (suite.place_offer(offer), suite.place_demand(demand));
    suite.next_epoch();
    suite.clear().unwrap();
    orders
}

#[test]
fn a_standing_pair_renews_slot_by_slot_until_it_expires() {
    let mut suite = Suite::new();
    let (mut offer, mut demand) = cleared(&mut suite, 2, 2);
    let mut slots = 1;
    loop {
        let due = (waiting(&suite, Side::Offer), waiting(&suite, Side::Demand));
        assert_eq!(due, (vec![(offer, 2)], vec![(demand, 2)]));
        refused(renew(&mut suite, Side::Offer, offer), &["its slot ends at", "renew it then"]);
        suite.wait(SLOT);
        renew(&mut suite, Side::Offer, offer).unwrap();
        renew(&mut suite, Side::Demand, demand).unwrap();
        if suite.orders(Side::Offer).is_empty() {
            // ten slots were signed for, and the epochs between two of them take one
            assert!((9..=10).contains(&slots), "{slots} slots");
            break;
        }
        offer = suite.orders(Side::Offer)[0].order.u64();
        demand = suite.orders(Side::Demand)[0].order.u64();
        suite.next_epoch();
        suite.clear().unwrap();
        slots += 1;
        assert_eq!(suite.leases().len(), slots);
    }
    assert!(waiting(&suite, Side::Offer).is_empty() && waiting(&suite, Side::Demand).is_empty());
    assert_eq!(suite.balance("alice").ordered.u128(), 0);
}

#[test]
fn promises_are_kept_and_what_the_chain_knows_is_as_of_now() {
    let mut suite = Suite::new();
    let (offer, _) = cleared(&mut suite, 1, 1);
    suite.stand(CAROL, 2, false);
    suite.wait(SLOT);
    renew(&mut suite, Side::Offer, offer).unwrap();
    let msg = QueryMsg::Tables { market: MARKET };
    let tables: caplet_api::auction::TablesResponse = suite.ask(&msg).unwrap();
    let class = tables.classes.iter().find(|class| class.offers == 1).unwrap();
    assert_eq!((class.latency, class.reliability), (1, 2));
}

#[test]
fn what_was_filled_in_parts_renews_together() {
    let mut suite = Suite::new();
    let (offer, _) = cleared(&mut suite, 3, 2);
    assert_eq!(waiting(&suite, Side::Offer), [(offer, 2)]);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    assert_eq!(waiting(&suite, Side::Offer), [(offer, 3)]);
    suite.wait(SLOT - EPOCH);
    refused(renew(&mut suite, Side::Offer, offer), &["its slot ends at"]);
}

#[test]
fn a_standing_order_that_is_taken_back_is_not_renewed() {
    let mut suite = Suite::new();
    let (offer, demand) = cleared(&mut suite, 2, 1);
    // of the offer one lot is open, of the demand nothing
    refused(suite.cancel("alice", Side::Offer, offer), &["does not own device 3"]);
    suite.cancel("carol", Side::Offer, offer).unwrap();
    let signed = signed_cancel(&suite.domain, MARKET, ALICE, Side::Demand, demand);
    let msg = ExecuteMsg::Cancel { market: MARKET, orders: vec![signed] };
    suite.send("keeper", &msg).unwrap();
    assert!(waiting(&suite, Side::Offer).is_empty() && waiting(&suite, Side::Demand).is_empty());
    suite.wait(SLOT);
    refused(renew(&mut suite, Side::Demand, demand), &["does not wait to be renewed"]);
    let again = CancelInput { side: Side::Demand, order: demand.into(), signature: None };
    let msg = ExecuteMsg::Cancel { market: MARKET, orders: vec![again] };
    refused(suite.send("alice", &msg), &["is not open"]);
}

#[test]
fn a_renewal_needs_its_money_its_device_and_room() {
    let mut suite = Suite::new();
    let (offer, demand) = cleared(&mut suite, 1, 1);
    suite.wait(SLOT);
    let all = suite.free("alice");
    let withdraw = |amount: Option<u128>| caplet_api::escrow::ExecuteMsg::Withdraw {
        asset: crate::suite::UCAP,
        amount: amount.map(Into::into),
        to: None,
    };
    suite.tell_escrow("alice", &withdraw(None)).unwrap();
    refused(renew(&mut suite, Side::Demand, demand), &["has 0 free"]);
    assert!(all < RICHES);
    suite.stand(CAROL, 0, true);
    refused(renew(&mut suite, Side::Offer, offer), &["device 3 is suspended"]);
    suite.stand(CAROL, 0, false);
    renew(&mut suite, Side::Offer, offer).unwrap();
    refused(renew(&mut suite, Side::Offer, offer), &["does not wait"]);
}

#[test]
fn a_renewal_waits_for_room_on_the_ledger() {
    let mut suite = Suite::new().with_reserver();
    suite.declare(CAROL, Some(1)).unwrap();
    let (offer, _) = cleared(&mut suite, 1, 1);
    suite.wait(SLOT);
    let current = suite.capacity(CAROL, None).current;
    suite.reserve(CAROL, current + 1, 1, 1).unwrap();
    refused(renew(&mut suite, Side::Offer, offer), &["has 0 free in slot"]);
    suite.release(CAROL, current + 1, 1, 1).unwrap();
    renew(&mut suite, Side::Offer, offer).unwrap();
    assert_eq!(suite.capacity(CAROL, None).open.0, 1);
}
