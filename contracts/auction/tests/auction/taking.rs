//! The instant lane.

use crate::suite::{ALICE, CAROL, MARKET, Suite, find};
use caplet_api::auction::ExecuteMsg;
use caplet_api::event::OfferTaken;
use caplet_protocol::{Lots, layout::Side};

#[test]
fn an_offers_posted_price_is_taken_at_once() {
    let mut suite = Suite::new();
    let mut offer = suite.offer(CAROL, 12, 1);
    offer.instant = Lots(2);
    let offer = suite.place_offer(offer);
    let demand = suite.demand(ALICE, 20, 2);
    let msg = ExecuteMsg::Take { offer: offer.into(), demand, market: MARKET };
    let events = suite.send("alice", &msg).unwrap();
    let taken: OfferTaken = find(&events).unwrap();
    assert_eq!((taken.price, taken.lots, taken.offer), (120, 2, offer));
    assert_eq!(suite.leases().len(), 1);
    let left = suite.order(Side::Offer, offer).unwrap();
    assert_eq!((left.lots.0, left.instant.0), (1, 0));
}
