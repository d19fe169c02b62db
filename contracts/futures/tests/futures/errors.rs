//! The ways the futures contract says no can be told apart.

use caplet_base::admin::AdminError;
use caplet_futures::ContractError as E;
use caplet_mechanism::margin::MarginError;
use caplet_protocol::{Bps, DeviceId, MarketId};
use cosmwasm_std::{Addr, StdError};
use std::collections::BTreeSet;

fn all() -> Vec<E> {
    let (device, sender, one, other) =
        (DeviceId(1), Addr::unchecked("s"), DeviceId(1), DeviceId(1));
    let (series, market, listing, lease) = (1, MarketId(1), 1, 1);
    let (what, why, given, least, most) = ("x", "x", 1, 1, 1);
    vec![
        E::Std(StdError::msg("storage")),
        E::Admin(AdminError::Paused),
        E::Margin(MarginError::Floor { least: Bps(1), penalty: Bps(1) }),
        E::IndexRules { cap: 1, owners: 1 },
        E::UnexpectedCoins { coins: "1x".into() },
        E::UnknownSeries { series },
        E::UnknownListing { listing },
        E::UnknownDelivery { lease },
        E::NoLease { lease },
        E::UnknownDevice { device },
        E::NotOwner { device, sender: sender.clone() },
        E::NoAccount { address: sender },
        E::CannotServe { device },
        E::ForeignDevice { one, other },
        E::LesserClass { device, what, has: 1, wants: 1 },
        E::UnknownPromise { market, what, given: 1, most: 1 },
        E::Range { what, given, least, most },
        E::Slots { from: 1, to: 1, first: 1, end: 1 },
        E::Lots { asked: 1, left: 1, from: 1, to: 1 },
        E::TooMuchMoney { lots: 1, price: 1 },
        E::NotOnSale { series, why },
        E::AuctionTime { series, until: 1, now: 1, remedy: "x" },
        E::LowBid { limit: 1, least: 1 },
        E::Collateral { collateral: 1, required: 1 },
        E::Covered { collateral: 1, required: 1 },
        E::AlreadyCalled { called: 1, until: 1 },
        E::NoDefault { series, why },
        E::NotYet { device, slot: 1, begins: 1 },
        E::AboveLimit { listing, price: 1, limit: 1 },
        E::NotClosed { lease },
        E::Nothing { why },
        E::NotOver { series, why },
        E::NotOffered { series, device },
        E::Exhausted("x"),
        E::Migration { reason: "r".into(), name: "n", version: "v" },
    ]
}

#[test]
fn no_two_refusals_read_alike_and_each_names_a_remedy() {
    let texts: BTreeSet<String> = all().iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), all().len());
    for error in all().iter().filter(|error| !matches!(error, E::Std(_))) {
        assert!(error.to_string().contains(':'), "{error} names no remedy");
    }
}
