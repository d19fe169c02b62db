//! The ways the auction says no can be told apart.

use caplet_api::packed::PackedError;
use caplet_auction::{ConfigError, ContractError as E, OrderError as O, TakeError as T};
use caplet_base::admin::AdminError;
use caplet_clearing::Reject;
use caplet_protocol::layout::Side;
use caplet_protocol::{AssetId, CellId, DeviceId, MarketId, OrderId};
use cosmwasm_std::{Addr, StdError};
use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};

fn orders() -> Vec<O> {
    let (device, market) = (DeviceId(1), MarketId(1));
    vec![
        O::Std(StdError::msg("storage")),
        O::UnknownDevice { device },
        O::Inactive { device, status: None },
        O::Suspended { device },
        O::NotOwner { device, sender: Addr::unchecked("s") },
        O::Sequence { device, sequence: 1, last: 1 },
        O::OtherMarket { signed: market, market },
        O::Price { price: 1, tick_size: 1, most: 1 },
        O::NoLots,
        O::Over { not_after: 1, now: 1 },
        O::TooLate { not_after: 1 },
        O::Tier { what: "x", tier: 1, most: 1 },
        O::Tags { tags: 1, known: 1 },
        O::Flags { flags: 1, allowed: 1 },
        O::NoClass,
        O::NoVector { most: 1 },
        O::OneClass,
        O::Capacity { device, lots: 1, free: 1, slot: 1 },
        O::Undeclared { device },
        O::Allowance { device, lots: 1, held: 1, allowed: 1 },
        O::TooFarAhead { slots: 1, most: 1 },
        O::NotDue { due: 1, now: 1 },
        O::TooMuchMoney { price: 1, lots: 1 },
    ]
}

fn takes() -> Vec<T> {
    let (provider, consumer) = (DeviceId(1), DeviceId(1));
    vec![
        T::Lots { asked: 1, left: 1 },
        T::Over { not_after: 1, now: 1 },
        T::Incompatible,
        T::AboveLimit { price: 1, cost: 1, limit: 1 },
        T::SelfTrade { provider, consumer },
        T::ProviderInactive { provider },
        T::Failed { provider, consumer, until: 2, now: 1 },
        T::RelayFee { fee: 1 },
        T::TooMuchMoney { limit: 1, lots: 1 },
    ]
}

fn all() -> Vec<E> {
    let (side, order, market, index) = (Side::Offer, OrderId::default(), MarketId(1), 1);
    let (epoch, asked, until, now, not_after) = (1, 1, 1, 1, 1);
    let device = DeviceId(1);
    let mut all = vec![
        E::Std(StdError::msg("storage")),
        E::Admin(AdminError::Paused),
        E::Packed { what: "fills", source: PackedError::Ragged { len: 1, item: 2 } },
        E::Config(ConfigError::Zero("x")),
        E::UnknownAsset { asset: AssetId(1), accepted: 1 },
        E::UnknownMarket { market },
        E::UnknownOrder { side, order, market },
        E::NotAnOrder(1),
        E::Count { what: "orders", count: 1, most: 1 },
        E::Signature { side, index, device },
        E::Full { market, open: 1, placing: 1, most: 1 },
        E::NotExpired { side, order, not_after, now },
        E::InClearing { side, order, epoch, until },
        E::WrongEpoch { asked, clearable: 1, until },
        E::NothingToClear { asked, last: "x".into(), next: 1 },
        E::Prices { given: 1, most: 1 },
        E::Reject(Reject::TooMany(1)),
        E::TooManyCells { cells: 1, most: 1 },
        E::NoCapacity { device },
        E::Promised { device, lots: 1, promised: 1 },
        E::OffLedger { device, market },
        E::PastSlot { slot: 1, current: 1 },
        E::NoRoom { device, slot: 1, lots: 1, free: 1 },
        E::NotReserved { device, slot: 1, lots: 1, reserved: 1 },
        E::NotReserver { sender: Addr::unchecked("s") },
        E::NotDeviceOwner { device, sender: Addr::unchecked("s") },
        E::Device(O::NoLots),
        E::NothingToReturn { lease: 1, why: "x" },
        E::NotStanding { side, order, market },
        E::NothingToReclass { market, side },
        E::NoScan { epoch, sender: Addr::unchecked("s") },
        E::Unmeasured { a: CellId(1), b: CellId(1), measured: 1, least: 1 },
        E::Exhausted("x"),
        E::Migration { reason: "r".into(), name: "n", version: "v" },
    ];
    all.extend(orders().into_iter().map(|source| E::Order { side, index, source }));
    all.extend(takes().into_iter().map(|source| E::Take { offer: order, source }));
    all
}

fn kinds<T>(of: &[T]) -> usize {
    let mut kinds: Vec<Discriminant<T>> = Vec::new();
    for one in of.iter().map(discriminant) {
        if !kinds.contains(&one) {
            kinds.push(one);
        }
    }
    kinds.len()
}

#[test]
fn no_two_refusals_read_alike() {
    let texts: BTreeSet<String> = all().iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), all().len());
    assert_eq!((kinds(&all()), kinds(&orders()), kinds(&takes())), (36, 23, 9));
}

#[test]
fn what_the_user_can_mend_says_how() {
    // after a colon or a semicolon comes what to do; storage trouble and other crates' errors are passed on
    let passed_on =
        |error: &E| matches!(error, E::Std(_) | E::Config(_) | E::Reject(_) | E::Admin(_));
    for error in all().iter().filter(|error| !passed_on(error)) {
        let text = error.to_string();
        assert!(text.contains([':', ';']), "{text:?} names no remedy");
    }
}
